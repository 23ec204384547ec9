"""Which token a registry is shown, and when one is renewed."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from pytask.errors import TaskFailure
from pytask.model import RegistryHost
from tests.contract.foreign import ARM, ENTRA, REGISTRY, World, entra, registry
from tests.contract.foreign_hosts.hosts import registries

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.cloud.arm import Azure
    from tests.contract.foreign import Answer, Asked


@pytest.mark.parametrize("code", ["AADSTS500011", "AADSTS50001"])
def test_the_token_for_resource_manager_follows_where_entra_id_knows_none_for_registries(
    world: World, azure: Azure, code: str
) -> None:
    world.answers[ENTRA] = _without_audience(code)
    registries(azure).open(RegistryHost(REGISTRY)).docker_login()
    assert len([asked for asked in world.asked if asked.line.startswith("POST /oauth2/exchange")]) == 1


@pytest.mark.parametrize("code", ["AADSTS500014", "AADSTS650057", "AADSTS7000215"])
def test_the_token_for_resource_manager_is_not_shown_for_any_other_reason(
    world: World, azure: Azure, code: str
) -> None:
    world.answers[ENTRA] = _without_audience(code)
    with pytest.raises(TaskFailure):
        registries(azure).open(RegistryHost(REGISTRY)).docker_login()
    assert not [asked for asked in world.asked if asked.line.startswith("POST /oauth2/exchange")]


def test_a_registry_that_refuses_the_token_for_registries_is_not_shown_the_other(world: World, azure: Azure) -> None:
    usual = registry()
    world.answers[REGISTRY] = lambda asked: (401, {}, {}) if "exchange" in asked.line else usual(asked)
    with pytest.raises(TaskFailure):
        registries(azure).open(RegistryHost(REGISTRY)).docker_login()
    scopes = [asked.body for asked in world.asked if asked.host == ENTRA and asked.line.startswith("POST")]
    assert len(scopes) == 1
    assert "containerregistry.azure.net" in scopes[0]


def _without_audience(code: str) -> Callable[[Asked], Answer]:
    def answer(asked: Asked) -> Answer:
        if "containerregistry.azure.net" not in asked.body:
            return entra(asked)
        told: dict[str, Any] = {"error": "invalid_resource", "error_description": f"{code}: The resource principal …"}
        return 400, {}, told

    return answer


def test_a_token_that_expires_in_mid_run_is_renewed_and_the_call_repeated(world: World, azure: Azure) -> None:
    given = iter(f"entra-token-{number}" for number in range(9))
    told = {"expires_in": 3600, "token_type": "Bearer"}
    world.answers[ENTRA] = lambda asked: (
        (200, {}, {"access_token": next(given), **told}) if asked.line.startswith("POST") else entra(asked)
    )
    expired = {"error": {"code": "ExpiredAuthenticationToken", "message": "it has expired"}}
    world.answers[ARM] = lambda asked: (
        (401, {}, expired) if asked.headers["Authorization"] == "Bearer entra-token-0" else (200, {}, {"id": "x"})
    )
    assert azure.arm.get("/subscriptions/s/x", doing="read") == {"id": "x"}
    assert azure.arm.get("/subscriptions/s/x", doing="read") == {"id": "x"}
    shown = [asked.headers["Authorization"] for asked in world.asked if asked.host == ARM]
    assert shown == ["Bearer entra-token-0", "Bearer entra-token-1", "Bearer entra-token-1"]


@pytest.mark.parametrize(
    ("code", "calls"), [("InvalidAuthenticationToken", 2), ("InvalidAuthenticationTokenTenant", 1)]
)
def test_a_token_that_is_refused_for_good_is_renewed_once_at_most(
    world: World, azure: Azure, code: str, calls: int
) -> None:
    world.answers[ARM] = lambda _asked: (401, {}, {"error": {"code": code, "message": "no"}})
    with pytest.raises(TaskFailure):
        azure.arm.get("/subscriptions/s/x", doing="read")
    assert len([asked for asked in world.asked if asked.host == ARM]) == calls


def test_what_a_registry_gave_is_renewed_when_it_has_expired(world: World, azure: Azure) -> None:
    usual, good = registry(), ["refresh-token"]

    def answer(asked: Asked) -> Answer:
        if asked.line.startswith("POST /oauth2/exchange"):
            return 200, {}, {"refresh_token": good[0]}
        if asked.line.startswith("GET /oauth2/token"):
            shown = base64.b64decode(asked.headers["Authorization"].removeprefix("Basic ")).decode()
            return usual(asked) if shown.endswith(f":{good[0]}") else (401, {}, {"errors": []})
        return usual(asked)

    world.answers[REGISTRY] = answer
    session = registries(azure).open(RegistryHost(REGISTRY))
    assert session.token("app")
    good[0] = "refresh-token-of-later"
    assert session.token("another")
    session.forget()
    good[0] = "refresh-token-of-much-later"
    assert session.token("app")
