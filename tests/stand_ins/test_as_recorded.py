"""Where a recording of Azure exists, the local one answers as recorded."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import jwt
import pytest

from tests.images import pushed
from tests.local_azure.client import arm, call, host_status, point_at
from tests.local_azure.refusals import BUSY, LOCKED
from tests.local_azure.weather import AS_RECORDED

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.state.state import Principal, RegistryState

RAW = "/hostruntime/admin/host/status"
TYPED = "/host/default/properties/status"


def test_the_typed_status_has_no_uptime_and_no_instance(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop", image=pushed(azure, deployer, "one"))
    raw = host_status(azure, deployer, site)
    typed = arm(azure, deployer, "GET", f"{site.id}{TYPED}").json()
    assert set(typed["properties"]) == {"id", "state", "version", "versionDetails"}
    assert "properties" not in raw
    assert (raw["computerName"], raw["platformVersion"]) == ("", "")
    assert raw["processUptime"] > 0
    assert [raw["instanceId"]] == [
        one["name"] for one in arm(azure, deployer, "GET", f"{site.id}/instances").json()["value"]
    ]


@pytest.mark.parametrize("path", [RAW, TYPED])
def test_a_host_that_wakes_is_answered_for_by_others(azure: LocalAzure, deployer: Principal, path: str) -> None:
    azure.use_weather(replace(AS_RECORDED, host_wakes=1000.0))
    site = azure.add_app("shop", image=pushed(azure, deployer, "one"))
    answers = [arm(azure, deployer, "GET", f"{site.id}{path}") for _ in range(5)]
    assert {one.status_code for one in answers} == {400, 408, 502, 503, 504}
    assert any(one.text.startswith("<!DOCTYPE HTML") for one in answers)


def test_the_list_of_functions_is_the_old_images_until_the_triggers_are_synced(
    azure: LocalAzure, deployer: Principal
) -> None:
    azure.use_weather(replace(AS_RECORDED, functions_cached=2.0))
    site = azure.add_app("shop", image=pushed(azure, deployer, "one"))
    wait_until(lambda: site.listed is not None)
    azure.use_weather(replace(AS_RECORDED, functions_cached=1000.0))
    second = pushed(azure, deployer, "two", "RUN mv /home/site/wwwroot/Hello /home/site/wwwroot/Goodbye")
    point_at(azure, deployer, site, second)
    azure.settle(site)
    assert functions(azure, deployer, site.id) == ["Hello"]
    assert arm(azure, deployer, "POST", f"{site.id}/syncfunctiontriggers").status_code == 204
    assert functions(azure, deployer, site.id) == ["Goodbye"]


def functions(azure: LocalAzure, deployer: Principal, site: str) -> list[str]:
    listed = arm(azure, deployer, "GET", f"{site}/functions").json()["value"]
    return [one["properties"]["name"] for one in listed]


def test_a_change_is_under_way_before_it_is_answered(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop", image=pushed(azure, deployer, "one"))
    azure.use_weather(replace(AS_RECORDED, slow_write=40.0))
    began = time.monotonic()
    point_at(azure, deployer, site, two := pushed(azure, deployer, "two"))
    assert time.monotonic() - began > 2
    assert two in azure.log(site)
    wait_until(lambda: azure.get(f"{site.url}/api/Hello") == (200, "two"))


def test_the_old_container_is_kept_for_a_while_and_its_stop_is_in_the_log_then(
    azure: LocalAzure, deployer: Principal
) -> None:
    site = azure.add_app("shop", image=pushed(azure, deployer, "one"), log="2025")
    point_at(azure, deployer, site, pushed(azure, deployer, "two"))
    azure.settle(site)
    assert "Action: StoppingSite," not in azure.log(site)
    wait_until(lambda: "Action: StoppingSite," in azure.log(site))
    log = azure.log(site)
    assert log.rindex("Site started.") < log.index("Action: StoppingSite,")


def test_the_kind_follows_what_is_configured(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop")

    def kind() -> str:
        told: str = arm(azure, deployer, "GET", site.id).json()["kind"]
        return told

    assert kind() == "functionapp,linux"
    point_at(azure, deployer, site, "contoso.azurecr.io/shop:7")
    assert kind() == "functionapp,linux,container"
    site.config["linuxFxVersion"] = " "
    assert kind() == "functionapp,linux"


def test_ids_are_written_in_any_case_and_taken_so(azure: LocalAzure, deployer: Principal) -> None:
    sites = [azure.add_app(f"shop-{number}") for number in range(8)]
    ids = [arm(azure, deployer, "GET", site.id).json()["id"] for site in sites]
    assert {"/resourcegroups/" in one for one in ids} == {True, False}
    assert all(arm(azure, deployer, "GET", one).status_code == 200 for one in ids)


def test_a_patch_of_a_site_is_accepted_first(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop", pull=None)
    accepted = arm(azure, deployer, "PATCH", site.id, json={"identity": {"type": "SystemAssigned"}})
    assert (accepted.status_code, accepted.text) == (202, "")
    where = accepted.headers["Location"].removeprefix("https://management.azure.com").partition("?")[0]
    assert arm(azure, deployer, "GET", where).status_code == 202
    assert arm(azure, deployer, "GET", where).json()["identity"]["type"] == "SystemAssigned"


def test_refusals_are_of_several_shapes(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop")
    azure.faults.script("GET .*/config/web", status=503)
    page = arm(azure, deployer, "GET", f"{site.id}/config/web")
    assert (page.status_code, page.headers["Content-Type"].partition(";")[0]) == (503, "text/html")
    for refusal, code in ((LOCKED, "59207"), (BUSY, "59203")):
        azure.faults.script("PATCH", **refusal)
        answer = point_at(azure, deployer, site, "contoso.azurecr.io/shop:7")
        assert answer.status_code == refusal["status"]
        assert answer.json()["Details"][-1]["ErrorEntity"]["ExtendedCode"] == code
        assert "error" not in answer.json()


def test_the_next_page_is_addressed_with_an_escaped_dollar(azure: LocalAzure, deployer: Principal) -> None:
    for number in range(6):
        azure.add_app(f"shop-{number}")
    wanted = "/resources?$filter=resourceType eq 'Microsoft.Web/sites'"
    first = arm(azure, deployer, "GET", f"/subscriptions/{azure.subscription_id}{wanted}", version="2021-04-01").json()
    assert "%24filter=resourceType+eq+" in first["nextLink"]
    headers = {"Authorization": f"Bearer {azure.token(deployer)}"}
    assert len(call(azure, "GET", first["nextLink"], headers=headers).json()["value"]) == 1


def token(azure: LocalAzure, principal: Principal, registry: RegistryState) -> list[dict[str, object]]:
    host = registry.login_server
    query = {"service": host, "scope": "repository:shop:pull,push"}
    auth = (principal.client_id, principal.secret or "")
    answer = call(azure, "GET", f"https://{host}/oauth2/token", params=query, auth=auth).json()["access_token"]
    access: list[dict[str, object]] = jwt.decode(answer, options={"verify_signature": False})["access"]
    return access


def test_rights_in_a_token_are_in_pascal_case_and_may_be_for_everything(
    azure: LocalAzure, deployer: Principal, registry: RegistryState
) -> None:
    claim = {"Type": "repository", "Name": "shop", "Actions": ["pull", "push"]}
    assert token(azure, deployer, registry) == [claim]
    registry.claims_everything = True
    assert token(azure, deployer, registry)[0] == {"Type": "repository", "Name": "*", "Actions": ["*"]}


def test_a_login_server_may_have_a_hash_behind_the_name(azure: LocalAzure, deployer: Principal) -> None:
    registry = azure.add_registry("fabrikam", dnl_hash="h4sh")
    azure.grant(deployer, "AcrPush", registry.id)
    shown = arm(azure, deployer, "GET", registry.id, version="2025-11-01").json()
    assert (shown["name"], shown["properties"]["loginServer"]) == ("fabrikam", "fabrikam-h4sh.azurecr.io")
    assert token(azure, deployer, registry)[0]["Actions"] == ["pull", "push"]


def test_a_custom_role_cannot_name_the_host_of_a_slot_but_open_it(azure: LocalAzure) -> None:
    site = azure.add_app("shop")
    slot = azure.add_slot(site)
    with pytest.raises(ValueError, match="does not match any of the actions supported"):
        azure.add_role("refused", actions=["Microsoft.Web/sites/slots/hostruntime/host/read"])
    role = azure.add_role("reader of slots", actions=["Microsoft.Web/sites/slots/*/read"])
    principal = azure.add_principal("narrow", roles={slot.id: role})
    assert arm(azure, principal, "GET", f"{slot.id}{RAW}").status_code != 403
    assert arm(azure, principal, "GET", f"{site.id}{RAW}").status_code == 403


def wait_until(seen: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not seen():
        assert time.monotonic() < deadline
        time.sleep(0.02)
