"""What a caller may do in a registry. Rules over `Cloud`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tests.local_azure.state.principal import Principal

if TYPE_CHECKING:
    from tests.local_azure.front.routes import JSON
    from tests.local_azure.state.registry_state import RegistryState
    from tests.local_azure.state.state import Cloud

Caller = Principal | Literal["admin user", "anonymous"]
"""Whom a credential stands for; the admin user may do everything."""

_REGISTRY_ACTIONS = {
    "pull": "Microsoft.ContainerRegistry/registries/pull/read",
    "push": "Microsoft.ContainerRegistry/registries/push/write",
}
_REPOSITORY_ACTIONS = {
    "pull": "Microsoft.ContainerRegistry/registries/repositories/content/read",
    "push": "Microsoft.ContainerRegistry/registries/repositories/content/write",
}
"""Data actions, which alone count where the registry says so.

Source: https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions
"""


def caller_name(caller: Caller) -> str:
    """Return what the record of calls says of a caller."""
    return caller.name if isinstance(caller, Principal) else caller


def granted(cloud: Cloud, registry: RegistryState, caller: Caller, scope: str) -> JSON:
    """Return the claim for a scope `repository:NAME:pull,push`, less what the caller may not do.

    Source of its spelling: recorded traffic of https://github.com/Azure/azure-cli (acr tests)
    """
    kind, _, rest = scope.partition(":")
    name, _, actions = rest.rpartition(":")
    allowed = [action for action in actions.split(",") if _may(cloud, registry, caller, action)]
    return {"Type": kind, "Name": name, "Actions": allowed}


def everything(kind: str = "repository") -> JSON:
    """Return the claim that some tokens have for all there is.

    Source: recorded traffic of https://github.com/Azure/azure-cli (acr tests)
    """
    return {"Type": kind, "Name": "*", "Actions": ["*"]}


def _may(cloud: Cloud, registry: RegistryState, caller: Caller, action: str) -> bool:
    by_repository = registry.repository_permissions
    needed = (_REPOSITORY_ACTIONS if by_repository else _REGISTRY_ACTIONS).get(action)
    if needed is None:
        return False
    if isinstance(caller, Principal):
        return cloud.may(caller, needed, registry.id, data=by_repository)
    return caller == "admin user" or (action == "pull" and registry.anonymous_pull)
