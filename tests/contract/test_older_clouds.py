"""A cloud whose Resource Manager is older than the interfaces that are wanted: it names those that it has."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from pytask.cloud.arm import Arm, ArmCall
from pytask.errors.azure import ApiVersionUnsupported, AzureRefused, TokenRefused
from tests.contract.http_clients import an_http_client
from tests.contract.test_http_client import QUICK, Server

if TYPE_CHECKING:
    from collections.abc import Iterator

WEB = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/a"
REGISTRY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/r"
LISTED = "'2016-08-01, 2018-02-01, 2018-12-01-alpha, 2019-01-01-preview, 2014-04'. The supported locations are 'local'."
OLDER = f"No registered resource provider found for API version '2025-05-01'. The supported api-versions are {LISTED}"


@contextmanager
def an_older_cloud(*texts: tuple[str, str]) -> Iterator[tuple[Server, Arm]]:
    """Return ARM behind a server that refuses once with each of the codes and texts, and then answers."""
    server = Server()
    for code, text in texts:
        server.answers.append((400, {}, json.dumps({"error": {"code": code, "message": text}})))
    http = an_http_client(QUICK)
    try:
        yield server, Arm(http=http, url=server.url, subscription="s")
    finally:
        server.close()


def versions(server: Server) -> list[str]:
    return [found.group(1) for call in server.asked if (found := re.search("api-version=(.*)", call))]


def test_the_newest_that_is_no_preview_is_taken_and_remembered_for_its_provider() -> None:
    with an_older_cloud(("NoRegisteredProviderFound", OLDER)) as (server, arm):
        arm.send(ArmCall("GET", server.url + WEB, doing="try this"))
        arm.send(ArmCall("GET", f"{server.url}{WEB}/config/web", doing="try this"))
        arm.send(ArmCall("GET", server.url + REGISTRY, doing="try this", api_version="2023-07-01"))
        assert versions(server) == ["2025-05-01", "2018-02-01", "2018-02-01", "2023-07-01"]


def test_resource_managers_own_calls_are_refused_in_other_words() -> None:
    text = "The api-version '2021-04-01' is invalid. The supported versions are '2018-09-01,2018-08-01,2014-04'."
    with an_older_cloud(("InvalidApiVersionParameter", text)) as (server, arm):
        arm.send(ArmCall("GET", f"{server.url}/subscriptions/s/resources", doing="try this", api_version="2021-04-01"))
        assert versions(server) == ["2021-04-01", "2018-09-01"]


def test_a_refusal_that_the_caller_would_take_for_not_found_is_understood() -> None:
    with an_older_cloud(("InvalidResourceType", OLDER)) as (server, arm):
        answer = arm.send(ArmCall("GET", server.url + WEB, doing="try this", besides={400, 404}))
        assert (answer.status_code, versions(server)) == (200, ["2025-05-01", "2018-02-01"])


@pytest.mark.parametrize("texts", [[OLDER, OLDER], ["No registered resource provider found."]])
def test_a_cloud_that_has_nothing_to_offer_says_so(texts: list[str]) -> None:
    with an_older_cloud(*(("NoRegisteredProviderFound", text) for text in texts)) as (server, arm):
        with pytest.raises(ApiVersionUnsupported):
            arm.send(ArmCall("GET", server.url + WEB, doing="try this"))
        assert len(server.asked) == len(texts)


def test_a_token_of_another_cloud_is_told_as_such() -> None:
    with (
        an_older_cloud(("InvalidAuthenticationTokenAudience", "wrong audience")) as (server, arm),
        pytest.raises(TokenRefused),
    ):
        arm.send(ArmCall("GET", server.url + WEB, doing="try this"))


def test_other_refusals_stay_what_they_are() -> None:
    with an_older_cloud(("BadRequest", "no")) as (server, arm), pytest.raises(AzureRefused):
        arm.send(ArmCall("GET", server.url + WEB, doing="try this"))
