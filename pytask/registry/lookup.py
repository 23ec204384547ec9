"""Looking up the login server of a registry that was given by its name or resource ID."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.cloud.arm import REGISTRY_VERSION
from pytask.decode import text_at
from pytask.errors.registry import LoginServerUnusable, RegistryNotFound
from pytask.model import NotAReference, RegistryHost
from pytask.registry.hosts import may_be_azure_registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytask.cloud.arm import Arm
    from pytask.decode import JSONObject
    from pytask.model import Cloud, RegistryAddress

_DOING = "look up the registry"


def login_server(arm: Arm, address: RegistryAddress, cloud: Cloud) -> RegistryHost:
    """Return the registry's host, as Resource Manager reports it.

    Source: https://learn.microsoft.com/rest/api/containerregistry/registries

    Raises:
        RegistryNotFound: when the connection can see no such registry.
        LoginServerUnusable: when the login server that Azure returns cannot be a registry of this cloud.
    """
    login_server = _by_id(arm, address) if address.resource_id else _by_name(arm, address)
    if not login_server:
        raise RegistryNotFound(registry=address.name, subscription=arm.subscription)
    return _host(login_server, address, cloud)


def _host(login_server: str, address: RegistryAddress, cloud: Cloud) -> RegistryHost:
    try:
        host = RegistryHost.parse(login_server)
    except NotAReference as error:
        raise LoginServerUnusable(registry=address.name, login_server=login_server) from error
    if not may_be_azure_registry(host, cloud):
        raise LoginServerUnusable(registry=address.name, login_server=login_server)
    return host


def _by_id(arm: Arm, address: RegistryAddress) -> str:
    return _login_server(arm.find(address.resource_id, doing=_DOING, api_version=REGISTRY_VERSION))


def _by_name(arm: Arm, address: RegistryAddress) -> str:
    """Return the login server of a registry by its name, or by the login server's first label."""
    path = f"/subscriptions/{arm.subscription}/providers/Microsoft.ContainerRegistry/registries"
    registries = [(text_at(item, "name").lower(), _login_server(item)) for item in _listed(arm, path)]
    by_name = (server for name, server in registries if name == address.name)
    by_server = (server for _, server in registries if server.lower().startswith(f"{address.name}."))
    return next(by_name, "") or next(by_server, "")


def _listed(arm: Arm, path: str) -> Iterator[JSONObject]:
    return arm.pages(path, doing=_DOING, api_version=REGISTRY_VERSION)


def _login_server(item: JSONObject | None) -> str:
    return text_at(item, "properties", "loginServer")
