"""Secrets of a sign-in go to Entra ID, and a machine's own secret to its endpoint, and nowhere else."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytask.cloud.credentials import open_credentials
from pytask.errors import TaskFailure
from pytask.model import ManagedIdentity, Secret
from tests.contract.foreign import ENTRA, World, entra
from tests.contract.foreign_hosts.hosts import QUICK, REDIRECTS
from tests.measure.connection import azure_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.cloud.arm import Azure
    from pytask.cloud.http import HttpClient
    from tests.contract.foreign import Answer, Asked


@pytest.mark.parametrize("status", [307, 308])
def test_no_redirect_of_entra_id_is_followed_with_the_secret(world: World, azure: Azure, status: int) -> None:
    world.answers[ENTRA] = lambda asked: (
        (status, {"Location": "https://evil.com/token"}, {}) if asked.line.startswith("POST") else entra(asked)
    )
    with pytest.raises(TaskFailure):
        azure.credentials.token("https://management.azure.com/.default")
    assert (world.strange, world.foreign_places()) == ([], set())


def test_no_token_endpoint_of_somebody_else_gets_the_secret(world: World, azure: Azure) -> None:
    def answer(asked: Asked) -> Answer:
        status, headers, found = entra(asked)
        return status, headers, json.loads(json.dumps(found).replace(ENTRA, "evil.com"))

    world.answers[ENTRA] = answer
    with pytest.raises(TaskFailure):
        azure.credentials.token("https://management.azure.com/.default")
    assert (world.strange, world.foreign_places()) == ([], set())


@pytest.mark.parametrize("status", [*REDIRECTS, 200])
def test_a_machines_own_secret_goes_to_its_endpoint_only(
    world: World, http: HttpClient, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://identity.contoso.test/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "the-password")
    identity = ManagedIdentity(client_id="")
    before = azure_for("client", "the-client-secret", timeouts=QUICK).credentials.connection
    connection = replace(before, identity=identity)
    asked_at: set[tuple[str, int]] = set()

    def greedy(asked: Asked) -> Answer:
        asked_at.add((asked.host, asked.port))
        return status, {"Location": "https://evil.com/token"}, {"access_token": "t", "expires_on": "9999999999"}

    def signed_in(environment: Mapping[str, str]) -> None:
        ours = open_credentials(connection, http=http, fresh_assertion=str, mask=Secret, environment=environment)
        with suppress(TaskFailure):
            ours.token("scope/.default")

    monkeypatch.setattr(world, "answer", greedy)
    told = dict(os.environ)
    signed_in(told)
    assert asked_at == {("identity.contoso.test", 80)}
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://evil.com/msi/token")
    signed_in(told)  # as if azure-identity were led elsewhere: the endpoint is what the environment said at first
    assert asked_at == {("identity.contoso.test", 80)}
