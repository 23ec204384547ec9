"""Asking ARM for the login server of a registry that was named otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.cloud.arm import REGISTRY_VERSION
from pytask.errors.registry import RegistryNotFound

if TYPE_CHECKING:
    from pytask.cloud.arm import Arm
    from pytask.model import RegistryAddress

_DOING = "look up the registry"
_FOUND_OR_NOT = frozenset({200, 403, 404})


def login_server(arm: Arm, address: RegistryAddress) -> str:
    """Give the host name to push to; nothing is asked when the user gave it.

    Source: https://learn.microsoft.com/rest/api/containerregistry/registries

    Raises:
        RegistryNotFound: when the connection sees no such registry.
    """
    if address.login_server:
        return address.login_server
    found = _by_id(arm, address) if address.resource_id else _by_name(arm, address)
    if not found:
        raise RegistryNotFound(registry=address.name, subscription=arm.subscription)
    return found


def _by_id(arm: Arm, address: RegistryAddress) -> str:
    answer = arm.send("GET", address.resource_id, doing=_DOING, api_version=REGISTRY_VERSION, accept=_FOUND_OR_NOT)
    return str(answer.json()["properties"]["loginServer"]).lower() if answer.status_code == 200 else ""  # noqa: PLR2004 - HTTP


def _by_name(arm: Arm, address: RegistryAddress) -> str:
    path = f"/subscriptions/{arm.subscription}/providers/Microsoft.ContainerRegistry/registries"
    registries = arm.pages(path, doing=_DOING, api_version=REGISTRY_VERSION)
    named = (item for item in registries if item["name"].lower() == address.name)
    return next((str(item["properties"]["loginServer"]).lower() for item in named), "")
