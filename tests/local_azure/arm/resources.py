"""The resources of a subscription, of all types. Routes over `Cloud`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.local_azure.arm.front import ArmCall, Operation
from tests.local_azure.arm.lists import clauses, page
from tests.local_azure.state.site import Site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import web

    from tests.local_azure.front.routes import JSON
    from tests.local_azure.state.container_app import ContainerApp
    from tests.local_azure.state.insights import Component
    from tests.local_azure.state.registry_state import RegistryState
    from tests.local_azure.state.state import Cloud

RESOURCE_VERSIONS = frozenset({"2021-04-01"})

_TYPES = {
    "RegistryState": "Microsoft.ContainerRegistry/registries",
    "Component": "microsoft.insights/components",
    "ContainerApp": "Microsoft.App/containerApps",
}


class Resources:
    """The list of a subscription's resources."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def operations(self) -> Sequence[Operation]:
        """Return what this room answers."""
        return (
            Operation(
                method="GET",
                template="/subscriptions/{subscription}/resources",
                action="Microsoft.Resources/subscriptions/resources/read",
                versions=RESOURCE_VERSIONS,
                parameters=frozenset({"$filter", "$skiptoken"}),
                answer=self._list,
                lists=True,
            ),
        )

    async def _list(self, call: ArmCall) -> web.Response:
        """Return a page of the resources that match the filter and that the caller may see.

        Source: https://learn.microsoft.com/rest/api/resources/resources/list
        """
        wanted = clauses(call.request.query.get("$filter", ""), ("resourceType", "name", "resourceGroup"))
        found = [_generic(one) for one in self._resources()]
        matching = [one for one in found if all(str(one[field]).lower() == value for field, value in wanted.items())]
        shown = [
            {name: value for name, value in one.items() if name not in {"resourceType", "resourceGroup"}}
            for one in matching
            if self._cloud.may(call.principal, f"{one['type']}/read", one["id"])
        ]
        return page(call, shown)

    def _resources(self) -> list[Site | RegistryState | Component | ContainerApp]:
        cloud = self._cloud
        registries, components = cloud.registries.values(), cloud.components.values()
        return [*cloud.apps_and_slots(), *registries, *components, *cloud.container_apps.values()]


def _generic(resource: Site | RegistryState | Component | ContainerApp) -> JSON:
    body: JSON = {
        "id": resource.id,
        "name": resource.name,
        "location": "westeurope",
        "tags": {},
        "resourceGroup": resource.resource_group,
    }
    if isinstance(resource, Site):
        body |= {"name": resource.resource_name, "kind": resource.told_kind}
        kind = resource.type
    else:
        kind = _TYPES[type(resource).__name__]
    return body | {"type": kind, "resourceType": kind}
