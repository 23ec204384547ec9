"""What a registry's redirects may lead to, for its own calls and for layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytask.errors import TaskFailure
from pytask.model import RegistryHost
from pytask.registry.contents import Repository
from tests.contract.foreign import REGISTRY, World, registry
from tests.contract.foreign_hosts.hosts import REDIRECTS, registries

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.cloud.arm import Azure
    from tests.contract.foreign import Answer, Asked


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("at", ["/v2/", "/oauth2/exchange", "/oauth2/token", "/v2/app/manifests/1"])
def test_no_redirect_of_a_registry_is_followed_with_a_credential(
    world: World, azure: Azure, at: str, status: int
) -> None:
    usual = registry()

    def answer(asked: Asked) -> Answer:
        moved = asked.line.split()[1].partition("?")[0] == at
        return (status, {"Location": "https://evil.com/taken"}, {}) if moved else usual(asked)

    world.answers[REGISTRY] = answer
    with pytest.raises(TaskFailure):
        Repository(session=registries(azure).open(RegistryHost(REGISTRY)), name="app").manifest("1")
    assert (world.strange, world.foreign_places()) == ([], set())


@pytest.mark.parametrize("status", REDIRECTS)
def test_a_layer_elsewhere_is_fetched_without_the_registrys_token(world: World, azure: Azure, status: int) -> None:
    usual = registry()
    lies_at = "https://store.blob.core.windows.net/data?sig=x"

    def answer(asked: Asked) -> Answer:
        return (status, {"Location": lies_at}, {}) if "/blobs/" in asked.line else usual(asked)

    world.answers[REGISTRY] = answer
    repository = Repository(session=registries(azure).open(RegistryHost(REGISTRY)), name="app")
    with pytest.raises(TaskFailure), repository.blob(f"sha256:{'b' * 64}", 100) as pieces:
        list(pieces)  # what the foreign server gives has another digest
    assert [asked.has_credentials() for asked in world.strange] == [False]


@pytest.mark.parametrize("location", ["http://store.blob.core.windows.net/data", "ftp://evil.com/x", "", "//"])
def test_a_layer_is_not_fetched_without_tls(world: World, azure: Azure, location: str) -> None:
    usual = registry()
    world.answers[REGISTRY] = lambda asked: (
        (307, {"Location": location}, {}) if "/blobs/" in asked.line else usual(asked)
    )
    repository = Repository(session=registries(azure).open(RegistryHost(REGISTRY)), name="app")
    with pytest.raises(TaskFailure), repository.blob(f"sha256:{'b' * 64}", 100) as pieces:
        list(pieces)
    assert (world.strange, world.foreign_places()) == ([], set())


INNER = [
    *("127.0.0.1", "127.1", "0x7f.1", "0177.0.0.1", "2130706433", "0x7f000001", "017700000001", "127.0.0.1.", "0"),
    *(
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "168.63.129.16",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
    ),
    *("255.255.255.255", "198.18.0.1", "2852039166", "0xa9fea9fe", "[::1]", "[::]", "[fe80::1]", "[fe80::1%25eth0]"),
    *("[fd00::1]", "[fc00::1]", "[ff02::1]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[::127.0.0.1]"),
    *("[64:ff9b::7f00:1]", "[64:ff9b::169.254.169.254]", "[2002:7f00:1::]", "[2001:db8::1]", "[fec0::1]"),
    *("\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021", "127.0.0.1:443", "127.0.0.1:8443", "user@127.0.0.1"),
]
"""This machine and what is around it, in every notation that some client reads."""


@pytest.mark.parametrize("status", [302, 307])
def test_no_redirect_of_a_layer_makes_the_agent_call_its_own_network(world: World, azure: Azure, status: int) -> None:
    usual, hops = registry(), ["https://store.contoso.test/1"]
    told = [""]

    def moved(asked: Asked) -> Answer:
        return (status, {"Location": told[0]}, {}) if "/blobs/" in asked.line else usual(asked)

    world.answers[REGISTRY] = moved
    world.answers["store.contoso.test"] = lambda _asked: (status, {"Location": inner}, {})
    repository = Repository(session=registries(azure).open(RegistryHost(REGISTRY)), name="app")
    for host in INNER:
        inner = f"https://{host}/latest/meta-data"
        for told[0] in (inner, *hops):
            with pytest.raises(TaskFailure), repository.blob(f"sha256:{'b' * 64}", 100) as pieces:
                list(pieces)
            assert (world.strange, world.foreign_places()) == ([], set()), told[0]


def test_a_name_of_a_private_endpoint_is_no_address(world: World, azure: Azure) -> None:
    for host in ("contoso.privatelink.azurecr.io", "10.contoso.test", "127.0.0.1.contoso.test", "dead.beef"):
        world.answers[REGISTRY] = _moved_to(f"https://{host}/data")
        repository = Repository(session=registries(azure).open(RegistryHost(REGISTRY)), name="app")
        with pytest.raises(TaskFailure), repository.blob(f"sha256:{'b' * 64}", 100) as pieces:
            list(pieces)  # what the foreign server gives has another digest
        assert [(asked.host, asked.has_credentials()) for asked in world.strange] == [(host, False)]
        world.strange.clear()


def test_a_layer_that_is_always_somewhere_else_is_given_up(world: World, azure: Azure) -> None:
    world.answers[REGISTRY] = _moved_to("https://store.contoso.test/data")
    world.answers["store.contoso.test"] = lambda _asked: (307, {"Location": "/data"}, {})
    repository = Repository(session=registries(azure).open(RegistryHost(REGISTRY)), name="app")
    with pytest.raises(TaskFailure, match="image-unreadable"), repository.blob(f"sha256:{'b' * 64}", 100) as pieces:
        list(pieces)
    asked = [asked for asked in world.asked if asked.host == "store.contoso.test"]
    assert [one.has_credentials() for one in asked] == [False] * 3


def _moved_to(address: str) -> Callable[[Asked], Answer]:
    usual = registry()
    return lambda asked: (307, {"Location": address}, {}) if "/blobs/" in asked.line else usual(asked)
