"""An app on several instances: each has a process of its own, and changes each for itself."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from tests.images import pushed
from tests.local_azure.client import arm, host_status, point_at

if TYPE_CHECKING:
    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.state.state import Principal, Site


def machines(azure: LocalAzure, deployer: Principal, site: Site, asked: int = 6) -> set[str]:
    return {host_status(azure, deployer, site)["instanceId"] for _ in range(asked)}


def started(azure: LocalAzure, deployer: Principal, site: Site) -> list[float]:
    """Return when the processes that answer were started, by this machine's clock, at the latest."""
    return [time.monotonic() - host_status(azure, deployer, site)["processUptime"] / 1000 for _ in range(6)]


def test_instances_answer_in_turn_and_each_is_a_process(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop", image=pushed(azure, deployer, "one"), instances=3)
    assert len(azure.containers(site)) == 3
    listed = arm(azure, deployer, "GET", f"{site.id}/instances").json()["value"]
    assert [one["properties"]["state"] for one in listed] == ["READY"] * 3
    assert {one["name"] for one in listed} == machines(azure, deployer, site)
    assert len(machines(azure, deployer, site)) == 3


def test_a_change_reaches_every_instance(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop", image=pushed(azure, deployer, "one"), instances=2)
    before, at = machines(azure, deployer, site), time.monotonic()
    point_at(azure, deployer, site, pushed(azure, deployer, "two"))
    azure.settle(site)
    assert {azure.get(f"{site.url}/api/Hello")[1] for _ in range(4)} == {"two"}
    assert machines(azure, deployer, site) == before, "the machines stay, whatever runs on them"
    assert all(moment > at for moment in started(azure, deployer, site))


def test_scale_out_starts_a_new_process_of_the_old_image(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop", image=pushed(azure, deployer, "old"))
    before = machines(azure, deployer, site)
    lines = azure.log(site).count("Pulling image")
    point_at(azure, deployer, site, "contoso.azurecr.io/shop:nowhere")
    azure.scale_out(site)
    deadline = time.monotonic() + 20
    while len(azure.containers(site)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert len(machines(azure, deployer, site) - before) == 1
    assert {azure.get(f"{site.url}/api/Hello")[1] for _ in range(4)} == {"old"}
    runs = [line for line in azure.log(site).splitlines() if "docker run" in line and "_msiProxy" not in line]
    assert (len(runs), lines) == (1, 1), "the starts of a scale-out are not in the log"


def test_the_newer_image_follows_on_an_instance_that_scale_out_brought(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop", image=pushed(azure, deployer, "old"))
    new = pushed(azure, deployer, "new")
    azure.faults.script("manifests", status=None, delay=1.0, times=1)
    point_at(azure, deployer, site, new)
    azure.scale_out(site)
    azure.settle(site)
    assert len(azure.containers(site)) == 2
    assert {azure.get(f"{site.url}/api/Hello")[1] for _ in range(4)} == {"new"}


def test_nothing_can_be_scaled_out_that_does_not_serve(azure: LocalAzure) -> None:
    site = azure.add_app("shop", image="contoso.azurecr.io/shop:nowhere")
    with pytest.raises(LookupError):
        azure.scale_out(site)


def test_a_container_that_ends_after_it_served_is_started_again(azure: LocalAzure, deployer: Principal) -> None:
    program = 'CMD ["sh", "-c", "python3 -m functions_host & sleep 1.5; exit 7"]'
    site = azure.add_app("shop", image=pushed(azure, deployer, "one", program))
    first = azure.serving(site)
    deadline = time.monotonic() + 20
    while azure.serving(site) in {first, None}:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "has exited with code 7" in azure.log(site)
    assert len(re.findall(r"docker run .* --name shop_1_[0-9a-f]{8} ", azure.log(site))) == 2
