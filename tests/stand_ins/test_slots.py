"""A slot is a site of its own beside production."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.images import pushed
from tests.local_azure.client import arm, host_status, point_at

if TYPE_CHECKING:
    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.state.state import Principal


def test_a_slot_runs_its_own_image_and_production_does_not_notice(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop", image=pushed(azure, deployer, "production"))
    before = azure.containers(site)
    slot = azure.add_slot(site, "staging", image=pushed(azure, deployer, "one"))
    assert slot.host == "shop-staging.azurewebsites.net"
    assert point_at(azure, deployer, slot, pushed(azure, deployer, "two")).status_code == 200
    azure.settle(slot)
    assert azure.get(f"{slot.url}/api/Hello") == (200, "two")
    assert azure.get(f"{site.url}/api/Hello") == (200, "production")
    assert azure.containers(site) == before
    assert host_status(azure, deployer, slot)["state"] == "Running"
    assert [one["name"] for one in arm(azure, deployer, "GET", f"{slot.id}/functions").json()["value"]] == [
        "shop/staging/Hello"
    ]
    assert f"for site {slot.runtime_name} " in arm(azure, deployer, "POST", f"{slot.id}/containerlogs").text


def test_slots_are_listed_with_their_app_and_one_that_is_not_there_is_not_found(
    azure: LocalAzure, deployer: Principal
) -> None:
    site = azure.add_app("shop")
    azure.add_slot(site, "staging")
    azure.add_slot(site, "blue")
    listed = arm(azure, deployer, "GET", f"{site.id}/slots").json()["value"]
    assert [(one["name"], one["type"]) for one in listed] == [
        ("shop/staging", "Microsoft.Web/sites/slots"),
        ("shop/blue", "Microsoft.Web/sites/slots"),
    ]
    missing = arm(azure, deployer, "GET", f"{site.id}/slots/green")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "ResourceNotFound")
    assert "shop/slots/green" in missing.text


def test_the_settings_of_a_slot_are_its_own(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop", settings={"PLACE": "production"})
    slot = azure.add_slot(site, settings={"PLACE": "staging"})
    body = {"properties": {"PLACE": "elsewhere"}}
    assert arm(azure, deployer, "PUT", f"{slot.id}/config/appsettings", json=body).status_code == 200
    assert (site.settings["PLACE"], slot.settings["PLACE"]) == ("production", "elsewhere")


def test_a_slot_takes_permissions_of_its_own(azure: LocalAzure) -> None:
    site = azure.add_app("shop")
    slot = azure.add_slot(site)
    role = azure.add_role("only the app", actions=["Microsoft.Web/sites/read"])
    principal = azure.add_principal("narrow", roles={site.id: role})
    assert arm(azure, principal, "GET", site.id).status_code == 200
    refused = arm(azure, principal, "GET", slot.id)
    assert refused.status_code == 403
    assert "'Microsoft.Web/sites/slots/read' over scope '" + slot.id in refused.text
