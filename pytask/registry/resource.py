"""The registry as an Azure resource: which roles it accepts, and whether it is public. Nothing here writes.

Source: https://learn.microsoft.com/rest/api/containerregistry/registries
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.decode import flag_at, object_at, text_at
from pytask.errors.azure import Forbidden
from pytask.model import NotAReference, RegistryHost
from pytask.registry.address import is_registry_id
from pytask.registry.hosts import is_same_registry

if TYPE_CHECKING:
    from pytask.cloud.arm import Arm
    from pytask.decode import JSONObject

REGISTRY_VERSION = "2025-11-01"
"""The first stable version that returns `roleAssignmentMode`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistryResource:
    """A registry."""

    id: str
    name: str
    login_server: RegistryHost | None
    """None when Resource Manager returns nothing that could be one."""
    by_repository: bool
    """Whether it accepts only roles for repositories, so that AcrPull and AcrPush have no effect.
    https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions"""
    has_admin_user: bool
    is_public: bool
    """Whether it can be reached other than through its private endpoints.
    https://learn.microsoft.com/azure/container-registry/container-registry-private-endpoints#disable-public-access"""

    @property
    def subscription(self) -> str:
        """The id of its subscription."""
        return self.id.split("/")[2]


def find_resource(arm: Arm, host: RegistryHost, resource_id: str = "") -> RegistryResource | None:
    """Return the registry with this login server; None when the connection cannot see it."""
    if resource_id:
        named = _by_id(arm, resource_id)
        return named if named and named.login_server and is_same_registry(named.login_server, host) else None
    path = f"/subscriptions/{arm.subscription}/providers/Microsoft.ContainerRegistry/registries"
    try:
        items = list(arm.pages(path, doing="look up the registry", api_version=REGISTRY_VERSION))
    except Forbidden:
        return None
    listed = (_resource(item) for item in items if is_registry_id(text_at(item, "id")))
    return next((one for one in listed if one.login_server and is_same_registry(one.login_server, host)), None)


def _by_id(arm: Arm, resource_id: str) -> RegistryResource | None:
    item = arm.find(resource_id, doing="look up the registry", api_version=REGISTRY_VERSION)
    return _resource(item) if item and is_registry_id(text_at(item, "id")) else None


def _resource(item: JSONObject) -> RegistryResource:
    properties = object_at(item, "properties")
    return RegistryResource(
        id=text_at(item, "id"),
        name=text_at(item, "name"),
        login_server=_host(text_at(properties, "loginServer")),
        by_repository=text_at(properties, "roleAssignmentMode") == "AbacRepositoryPermissions",
        has_admin_user=flag_at(properties, "adminUserEnabled") is True,
        is_public=text_at(properties, "publicNetworkAccess") != "Disabled",
    )


def _host(login_server: str) -> RegistryHost | None:
    try:
        return RegistryHost.parse(login_server)
    except NotAReference:
        return None
