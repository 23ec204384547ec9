"""No link, path or redirect takes Resource Manager's token away from it."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import pytest

from pytask.cloud.arm import ArmCall
from pytask.errors import TaskFailure
from pytask.model import AppAddress
from pytask.targets.site.find import find_app
from tests.contract.foreign import ARM, World
from tests.contract.foreign_hosts.hosts import REDIRECTS, answered_with

if TYPE_CHECKING:
    from pytask.cloud.arm import Azure
    from tests.contract.foreign import Answer, Asked

FOREIGN_LINKS = [
    "https://evil.com/subscriptions",
    "https://evil.com\\.management.azure.com/x",
    "https://evil.com\\@management.azure.com/x",
    "https://management.azure.com@evil.com/x",
    "https://management.azure.com:443@evil.com/x",
    "https://management.azure.com:8443/x",
    "https://management.azure.com./x",
    "https://management.azure.com.evil.com/x",
    "http://management.azure.com/x",
    "//evil.com/x",
]


def test_the_next_page_of_a_list_is_asked_of_resource_manager_only(world: World, azure: Azure) -> None:
    for link in FOREIGN_LINKS:
        world.answers[ARM] = partial(answered_with, {"value": [], "nextLink": link})
        with pytest.raises(TaskFailure):
            list(azure.arm.pages("/subscriptions/s/x", doing="list", api_version="1"))
        assert (world.strange, world.foreign_places()) == ([], set()), link


@pytest.mark.parametrize("header", ["Location", "Azure-AsyncOperation"])
def test_an_operation_is_watched_at_resource_manager_only(world: World, azure: Azure, header: str) -> None:
    for link in FOREIGN_LINKS:
        world.answers[ARM] = partial(_accepted, {header: link, "Retry-After": "0"})
        with suppress(TaskFailure):
            azure.arm.send(ArmCall("PATCH", "/subscriptions/s/x", doing="change", body={}))
        assert (world.strange, world.foreign_places()) == ([], set()), link


def _accepted(headers: dict[str, str], asked: Asked) -> Answer:
    return (202, headers, {}) if asked.line.startswith("PATCH") else (200, {}, {})


@pytest.mark.parametrize("status", REDIRECTS)
def test_no_redirect_of_resource_manager_is_followed(world: World, azure: Azure, status: int) -> None:
    world.answers[ARM] = lambda _asked: (status, {"Location": "https://evil.com/taken"}, {})
    for method in ("GET", "POST", "PATCH"):
        with pytest.raises(TaskFailure):
            azure.arm.send(ArmCall(method, "/subscriptions/s/x", doing="ask", body={} if method != "GET" else None))
        assert (world.strange, world.foreign_places()) == ([], set()), method


@pytest.mark.parametrize("path", ["https://evil.com/x", "//evil.com/x", "\\\\evil.com/x", "@evil.com/x", ".evil.com/x"])
def test_no_path_that_came_from_outside_takes_resource_managers_token_away(
    world: World, azure: Azure, path: str
) -> None:
    with pytest.raises(TaskFailure):
        azure.arm.send(ArmCall("GET", path, doing="ask"))
    assert (world.strange, world.foreign_places()) == ([], set())


def test_an_app_that_resource_manager_finds_elsewhere_is_not_asked_for(world: World, azure: Azure) -> None:
    listed = {"value": [{"id": "https://evil.com/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/app"}]}
    world.answers[ARM] = lambda _asked: (200, {}, listed)
    with pytest.raises(TaskFailure):
        find_app(azure.arm, AppAddress(name="app"))
    assert (world.strange, world.foreign_places()) == ([], set())
