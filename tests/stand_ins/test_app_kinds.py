"""Every kind of Function App is told apart as Azure tells it, and those that can run images do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.images import pushed
from tests.local_azure.client import arm, call, point_at

if TYPE_CHECKING:
    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.state.app_kinds import KindName
    from tests.local_azure.state.state import Principal, RegistryState, Site


def properties(azure: LocalAzure, deployer: Principal, site: Site) -> dict[str, Any]:
    body = arm(azure, deployer, "GET", site.id).json()
    return {"kind": body["kind"], **body["properties"]}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("linux_container", {"kind": "functionapp,linux", "reserved": True, "sku": "ElasticPremium"}),
        ("windows_container", {"kind": "functionapp,container,windows", "reserved": False, "isXenon": True}),
        ("windows_code", {"kind": "functionapp", "reserved": False, "isXenon": False}),
        ("linux_code", {"kind": "functionapp,linux", "reserved": True, "sku": "ElasticPremium"}),
        ("flex_consumption", {"kind": "functionapp,linux", "sku": "FlexConsumption"}),
        ("linux_consumption", {"kind": "functionapp,linux", "sku": "Dynamic"}),
        ("sitecontainers", {"kind": "functionapp,linux,container", "reserved": True}),
        (
            "container_apps",
            {"kind": "functionapp,linux,container,azurecontainerapps", "reserved": None, "serverFarmId": None},
        ),
    ],
)
def test_a_kind_shows_in_the_properties_of_the_site(
    azure: LocalAzure, deployer: Principal, kind: KindName, expected: dict[str, object]
) -> None:
    found = properties(azure, deployer, azure.add_app("shop", kind=kind))
    assert {name: found[name] for name in expected} == expected
    assert (found["functionAppConfig"] is not None) == (kind == "flex_consumption")
    assert (found["managedEnvironmentId"] is not None) == (kind == "container_apps")


@pytest.mark.parametrize(
    ("kind", "linux", "windows"),
    [
        ("windows_container", "", "DOCKER|contoso.azurecr.io/shop:1"),
        ("linux_code", "DOCKER|contoso.azurecr.io/shop:1", None),
        ("sitecontainers", "sitecontainers", None),
    ],
)
def test_where_an_image_is_configured_depends_on_the_kind(
    azure: LocalAzure, deployer: Principal, kind: KindName, linux: str, windows: str | None
) -> None:
    site = azure.add_app("shop", kind=kind, image="contoso.azurecr.io/shop:1")
    found = arm(azure, deployer, "GET", f"{site.id}/config/web").json()["properties"]
    assert (found["linuxFxVersion"], found["windowsFxVersion"]) == (linux, windows)


def test_a_code_app_says_its_language(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop", kind="linux_code")
    found = arm(azure, deployer, "GET", f"{site.id}/config/web").json()["properties"]
    assert found["linuxFxVersion"] == "Python|3.11"


def test_a_second_app_of_a_name_answers_under_a_host_name_of_its_own(azure: LocalAzure, deployer: Principal) -> None:
    first = azure.add_app("shop")
    second = azure.add_app("shop", resource_group="rg-other", image=pushed(azure, deployer, "second"))
    wanted = "resourceType eq 'Microsoft.Web/sites' and name eq 'shop'"
    path = f"/subscriptions/{azure.subscription_id}/resources"
    found = arm(azure, deployer, "GET", path, version="2021-04-01", params={"$filter": wanted}).json()
    assert [one["id"].lower() for one in found["value"]] == [first.id.lower(), second.id.lower()]
    assert second.host.endswith(".westeurope-01.azurewebsites.net")
    assert azure.get(f"{second.url}/api/Hello") == (200, "second")


def test_the_main_container_of_several_is_changed_by_a_put(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop", kind="sitecontainers", image=pushed(azure, deployer, "one"))
    assert azure.get(f"{site.url}/api/Hello") == (200, "one")
    listed = arm(azure, deployer, "GET", f"{site.id}/sitecontainers").json()["value"]
    assert [(one["name"], one["properties"]["isMain"]) for one in listed] == [("main", True)]
    changed = listed[0]["properties"] | {"image": pushed(azure, deployer, "two")}
    put = arm(azure, deployer, "PUT", f"{site.id}/sitecontainers/main", json={"properties": changed})
    assert put.status_code == 200
    azure.settle(site)
    assert azure.get(f"{site.url}/api/Hello") == (200, "two")


def test_on_container_apps_a_change_takes_its_time_and_bears_no_other(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop", kind="container_apps", image=pushed(azure, deployer, "one"))
    assert site.host.endswith(".azurecontainerapps.io")
    accepted = point_at(azure, deployer, site, pushed(azure, deployer, "two"))
    assert accepted.status_code == 202
    conflict = point_at(azure, deployer, site, "contoso.azurecr.io/shop:other")
    assert (conflict.status_code, conflict.json()["ExtendedCode"]) == (409, "59203")
    bearer = {"Authorization": f"Bearer {azure.token(deployer)}"}
    deadline = time.monotonic() + 30
    while call(azure, "GET", accepted.headers["Location"], headers=bearer).status_code == 202:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    azure.settle(site)
    assert azure.get(f"{site.url}/api/Hello") == (200, "two")


def test_on_container_apps_there_are_no_slots_no_log_and_no_status_by_arm(
    azure: LocalAzure, deployer: Principal
) -> None:
    site = azure.add_app("shop", kind="container_apps", image=pushed(azure, deployer, "one"))
    with pytest.raises(ValueError, match="no slots"):
        azure.add_slot(site)
    assert arm(azure, deployer, "POST", f"{site.id}/containerlogs").status_code == 404
    assert arm(azure, deployer, "GET", f"{site.id}/host/default/properties/status").status_code == 404
    keys = arm(azure, deployer, "POST", f"{site.id}/host/default/listkeys").json()
    assert azure.get(f"{site.url}/admin/host/status")[0] == 401
    status, body = azure.get(f"{site.url}/admin/host/status", headers={"x-functions-key": keys["masterKey"]})
    assert (status, '"Running"' in body) == (200, True)


def test_a_pull_through_the_network_is_said_as_the_api_version_says_it(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop")
    site.vnet_image_pull = True
    assert properties(azure, deployer, site)["outboundVnetRouting"]["imagePullTraffic"] is True
    older = arm(azure, deployer, "GET", site.id, version="2024-11-01").json()["properties"]
    assert older["vnetImagePullEnabled"] is True
    assert "outboundVnetRouting" not in older


def test_an_app_pulls_with_an_identity_that_a_user_assigned(
    azure: LocalAzure, deployer: Principal, registry: RegistryState
) -> None:
    site = azure.add_app("shop", image=pushed(azure, deployer, "one"), pull="user_identity", registry=registry)
    assert azure.get(f"{site.url}/api/Hello") == (200, "one")
    identity = arm(azure, deployer, "GET", site.id).json()["identity"]
    assert identity["type"] == "UserAssigned"
    (assigned,) = identity["userAssignedIdentities"].values()
    assert assigned["clientId"] == site.config["acrUserManagedIdentityID"]


def test_a_slow_start_takes_the_seconds_of_the_platform(azure: LocalAzure, deployer: Principal) -> None:
    image = pushed(azure, deployer, "one")
    begun = time.monotonic()
    slow = azure.add_app("slow", image=image, settings={"SANDBOX_START_SECONDS": "30"})
    assert time.monotonic() - begun > 30 * 0.05
    assert azure.serving(slow)
    limit = {"SANDBOX_START_SECONDS": "400", "WEBSITES_CONTAINER_START_TIME_LIMIT": "10"}
    given_up = azure.add_app("late", image=image, settings=limit)
    assert azure.serving(given_up) is None
    assert "didn't respond to HTTP pings" in azure.log(given_up)
