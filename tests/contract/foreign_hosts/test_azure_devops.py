"""The job's own token stays with Azure DevOps, and whatever that answers is explained."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from pytask.agent.oidc import open_oidc_tokens
from pytask.errors import TaskFailure
from pytask.errors.federation import OidcCause, OidcTokenRefused
from pytask.model import Secret
from tests.contract.foreign_hosts.hosts import REDIRECTS

if TYPE_CHECKING:
    from pathlib import Path

    from pytask.agent.oidc import OidcTokens
    from pytask.cloud.http import HttpClient
    from tests.contract.foreign import Answer, World


@pytest.mark.parametrize("status", REDIRECTS)
def test_the_jobs_own_token_follows_no_redirect_of_azure_devops(world: World, http: HttpClient, status: int) -> None:
    world.answers["dev.azure.com"] = lambda _asked: (status, {"Location": "https://evil.com/taken"}, {})
    with pytest.raises(TaskFailure):
        oidc_tokens(http).fresh()
    assert [asked for asked in world.asked if asked.host == "dev.azure.com" and asked.has_credentials()]
    assert not [asked for asked in world.strange if asked.has_credentials()]


def oidc_tokens(http: HttpClient) -> OidcTokens:
    """Return the tokens of an organization of its own: azure-devops remembers the resources of each."""
    variables = ("SYSTEM_TEAMPROJECTID", "SYSTEM_HOSTTYPE", "SYSTEM_PLANID", "SYSTEM_JOBID")
    return open_oidc_tokens(
        {"SYSTEM_COLLECTIONURI": f"https://dev.azure.com/{uuid4()}/", **dict.fromkeys(variables, "x")},
        connection="c",
        access_token=Secret("the-password"),
        route=http.route,
        timeout=(1.0, 1.0),
        mask=Secret,
    )


SIGN_IN_PAGE = b"<html><head><title>Azure DevOps Services | Anmelden</title></head></html>"
OF_AZURE_DEVOPS: list[tuple[Answer, bool]] = [
    ((203, {"Content-Type": "text/html"}, SIGN_IN_PAGE), True),
    ((200, {"Content-Type": "text/html"}, b"<html><title>Out of order</title></html>"), False),
    ((200, {}, {}), False),
    ((200, {}, []), False),
    ((200, {}, None), False),
    ((200, {}, {"count": 1, "value": [None]}), False),
    ((200, {}, {"count": 1, "value": "x"}), False),
    ((200, {}, b'{"oidcToken": '), False),
    ((200, {}, b""), False),
    ((204, {}, b""), False),
    ((200, {}, b"\xff\xfe" + b"x" * 3_000_000), False),
    ((500, {}, b"<html><title>Server error</title></html>"), False),
    ((429, {"Retry-After": "7"}, b""), False),
    ((401, {}, b""), True),
]


@pytest.mark.parametrize(("answer", "final"), OF_AZURE_DEVOPS, ids=lambda one: str(one)[:40])
@pytest.mark.parametrize("path", ["OPTIONS", "POST"])
def test_whatever_azure_devops_answers_is_a_failure_of_the_catalogue(
    world: World,
    http: HttpClient,
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer,
    *,
    final: bool,
    path: str,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("AZURE_DEVOPS_CACHE_DIR", str(tmp_path))
    place = {"id": "69a319f4-28c1-4bfd-93e6-ea0ff5c6f1a2", "area": "distributedtask", "resourceName": "oidctoken"}
    route = "{scopeIdentifier}/_apis/{area}/hubs/{hubName}/plans/{planId}/jobs/{jobId}/{resource}"
    versions = {"routeTemplate": route, "resourceVersion": 1, "minVersion": "1.0", "maxVersion": "9.9"}
    known = {"count": 1, "value": [{**place, **versions, "releasedVersion": "7.1"}]}
    world.answers["dev.azure.com"] = lambda asked: answer if asked.line.startswith(path) else (200, {}, known)
    began = time.thread_time()
    with pytest.raises(OidcTokenRefused) as caught:
        oidc_tokens(http).fresh()
    assert time.thread_time() - began < 5, "nobody guesses at encodings"
    assert [asked for asked in world.asked if asked.line.startswith(path)]
    assert caught.value.final is final
    if answer[0] == 203:
        assert caught.value.known is OidcCause.SIGN_IN
    assert caught.value.wait == (7 if answer[0] == 429 else 0)
