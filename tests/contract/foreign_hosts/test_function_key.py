"""A function's key goes to the app and nowhere else."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import pytest

from pytask.cloud.poll import Seen
from pytask.errors import TaskFailure
from pytask.model import AppAddress, Function, SmokeTest
from pytask.targets.site.find import find_app
from pytask.targets.site.smoke import call
from tests.contract.foreign import ARM, World
from tests.contract.foreign_hosts.hosts import answered_with
from tests.scripted import found_site

if TYPE_CHECKING:
    from pytask.cloud.arm import Azure

APP = "shop.azurewebsites.net"


@pytest.mark.parametrize(
    ("host", "sent"),
    [
        (APP, True),
        ("Shop.AzureWebsites.net", True),
        ("evil.com\\.azurewebsites.net", False),
        ("shop.azurewebsites.net@evil.com", False),
        ("shop.azurewebsites.net:8443", False),
        ("shop.azurewebsites.net.", False),
        ("", False),
    ],
)
def test_a_functions_key_goes_to_the_app_and_nowhere_else(world: World, azure: Azure, host: str, *, sent: bool) -> None:
    properties = {"defaultHostName": host, "reserved": True, "sku": "Standard", "linuxFxVersion": "DOCKER|x/y"}
    site = {"name": "shop", "kind": "functionapp,linux,container", "properties": properties}
    listed = {"properties": {}, "default": "the-password"}
    world.answers[ARM] = lambda asked: answered_with(listed if asked.line.startswith("POST") else site, asked)
    world.answers[APP] = partial(answered_with, {})
    found = find_app(azure.arm, AppAddress(name="shop", resource_group="g"))
    function = Function(name="hello", trigger="httpTrigger", url=f"https://{APP}/api/hello", needs_key=True)
    with suppress(TaskFailure):
        call(azure, found.site, SmokeTest(path="/api/hello", statuses=("2xx",)), Seen((function,)))
    assert bool([asked for asked in world.asked if asked.host == APP and "the-password" in str(asked.headers)]) is sent
    assert (world.strange, world.foreign_places()) == ([], set())


def test_a_functions_key_follows_no_redirect_of_the_app(world: World, azure: Azure) -> None:
    world.answers[ARM] = partial(answered_with, {"default": "the-password"})
    world.answers[APP] = lambda _asked: (307, {"Location": "https://evil.com/taken"}, {})
    site = found_site(url=f"https://{APP}")
    function = Function(name="hello", trigger="httpTrigger", url=f"https://{APP}/api/hello", needs_key=True)
    call(azure, site, SmokeTest(path="/api/hello", statuses=("2xx",)), Seen((function,)))
    assert (world.strange, world.foreign_places()) == ([], set())
