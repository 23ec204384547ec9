"""A slot is a site of its own beside production."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.images import pushed
from tests.local_azure.client import arm, host_status, point_at

if TYPE_CHECKING:
    from requests import Response

    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.state.state import Principal, Site


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


def begin_swap(azure: LocalAzure, deployer: Principal, slot: Site) -> str:
    """Begin to swap a slot with production, and return where its end is told."""
    body = {"targetSlot": "production", "preserveVnet": True}
    begun = arm(azure, deployer, "POST", f"{slot.id}/slotsswap", json=body)
    assert (begun.status_code, begun.content) == (202, b"")
    return urlsplit(begun.headers["Location"]).path


def end_of(azure: LocalAzure, deployer: Principal, operation: str) -> Response:
    """Follow a swap to its end."""
    while (answer := arm(azure, deployer, "GET", operation)).status_code == 202:
        time.sleep(0.1)
    return answer


def test_a_swap_exchanges_what_is_not_sticky_and_moves_the_warm_instance(
    azure: LocalAzure, deployer: Principal
) -> None:
    settings = {"PLACE": "production", "COLOR": "blue"}
    site = azure.add_app("shop", image=pushed(azure, deployer, "one"), settings=settings)
    site.slot_names["appSettingNames"] = ["PLACE"]
    slot = azure.add_slot(site, "Staging", image=pushed(azure, deployer, "two"), settings={"PLACE": "staging"})
    operation = begin_swap(azure, deployer, slot)
    busy = arm(azure, deployer, "POST", f"{slot.id}/slotsswap", json={"targetSlot": "production", "preserveVnet": True})
    assert busy.status_code == 409
    assert azure.get(f"{site.url}/api/Hello") == (200, "one")
    ended = end_of(azure, deployer, operation)
    assert (ended.status_code, ended.json()["name"]) == (200, "shop/Staging")
    assert azure.get(f"{site.url}/api/Hello") == (200, "two")
    azure.settle(slot)
    assert azure.get(f"{slot.url}/api/Hello") == (200, "one")
    assert (site.settings["PLACE"], slot.settings["PLACE"]) == ("production", "staging")
    assert ("COLOR" in site.settings, slot.settings["COLOR"]) == (False, "blue")
    status = arm(azure, deployer, "GET", site.id).json()["properties"]["slotSwapStatus"]
    assert (status["sourceSlotName"], status["destinationSlotName"]) == ("Staging", "Production")


def test_a_slot_that_does_not_start_with_productions_settings_is_not_swapped(
    azure: LocalAzure, deployer: Principal
) -> None:
    site = azure.add_app("shop", image=pushed(azure, deployer, "one"), settings={"WEBSITES_PORT": "9"})
    site.slot_names["appSettingNames"] = ["WEBSITES_PORT", "WEBSITES_CONTAINER_START_TIME_LIMIT"]
    site.settings["WEBSITES_CONTAINER_START_TIME_LIMIT"] = "20"
    slot = azure.add_slot(site, image=pushed(azure, deployer, "two"), settings={"WEBSITES_PORT": "80"})
    ended = end_of(azure, deployer, begin_swap(azure, deployer, slot))
    assert (ended.status_code, ended.json()["Code"]) == (417, "ExpectationFailed")
    assert "did not respond to http ping" in ended.json()["Message"]
    azure.settle(slot)
    assert azure.get(f"{slot.url}/api/Hello") == (200, "two")
    assert slot.settings["WEBSITES_PORT"] == "80"
    assert arm(azure, deployer, "GET", site.id).json()["properties"]["slotSwapStatus"] is None
