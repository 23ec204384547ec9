"""Apps that do not answer everybody: stopped, restricted by address, behind a login."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.images import pushed
from tests.local_azure.client import arm, call, host_status, point_at

if TYPE_CHECKING:
    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.state.state import Principal


def test_a_stopped_app_keeps_a_change_and_starts_nothing(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop", image=pushed(azure, deployer, "one"))
    azure.stop_app(site)
    assert arm(azure, deployer, "GET", site.id).json()["properties"]["state"] == "Stopped"
    status, page = azure.get(f"{site.url}/api/Hello")
    assert (status, "This web app is stopped" in page or "this web app is stopped" in page.lower()) == (403, True)
    assert point_at(azure, deployer, site, pushed(azure, deployer, "two")).status_code == 200
    azure.settle(site)
    assert azure.containers(site) == []
    refused = arm(azure, deployer, "GET", f"{site.id}/host/default/properties/status")
    assert refused.status_code == 400
    assert "(Forbidden) from host runtime" in refused.json()["Message"]
    azure.start_app(site)
    assert azure.get(f"{site.url}/api/Hello") == (200, "two")


def test_an_app_restricted_by_address_is_open_to_arm_only(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop", image=pushed(azure, deployer, "one"))
    azure.restrict_access(site)
    answer = call(azure, "GET", f"{site.url}/api/Hello")
    assert (answer.status_code, answer.reason) == (403, "Ip Forbidden")
    assert answer.headers["x-ms-forbidden-ip"]
    assert host_status(azure, deployer, site)["state"] == "Running"


def test_a_login_is_asked_for_by_a_page_or_by_401(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop", image=pushed(azure, deployer, "one"))
    azure.require_login(site)
    page = call(azure, "GET", f"{site.url}/api/Hello", allow_redirects=False)
    assert page.status_code == 302
    assert page.headers["Location"].startswith("https://login.microsoftonline.com/")
    azure.require_login(site, redirect=False)
    assert azure.get(f"{site.url}/api/Hello")[0] == 401


def test_the_warm_up_asks_for_what_the_app_says(azure: LocalAzure, deployer: Principal) -> None:
    image = pushed(azure, deployer, "one")
    warm = {"WEBSITE_WARMUP_PATH": "/api/Hello", "WEBSITE_WARMUP_STATUSES": "200,202"}
    assert azure.serving(azure.add_app("warm", image=image, settings=warm))
    limit = {"WEBSITES_CONTAINER_START_TIME_LIMIT": "8"}
    cold = azure.add_app("cold", image=image, settings={"WEBSITE_WARMUP_STATUSES": "200", **limit})
    assert azure.serving(cold) is None
    assert "didn't respond to HTTP pings on port: 80" in azure.log(cold)


def test_a_port_nobody_listens_on_is_named(azure: LocalAzure, deployer: Principal) -> None:
    settings = {"WEBSITES_PORT": "8080", "WEBSITES_CONTAINER_START_TIME_LIMIT": "8"}
    site = azure.add_app("shop", image=pushed(azure, deployer, "one"), settings=settings)
    assert "didn't respond to HTTP pings on port: 8080" in azure.log(site)
