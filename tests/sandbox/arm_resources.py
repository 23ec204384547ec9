"""What ARM lists across resource types, and Microsoft.ContainerRegistry. Routes over `Cloud`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiohttp import web
from yarl import URL

from .arm import ArmCall, ArmError, Operation, group_not_found, resource_not_found
from .state import LOCATION, Cloud, RegistryState, Site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .routes import JSON

PAGE = 5
"""Resources on one page of a list; small, so that a client meets a second page soon."""
RESOURCE_VERSIONS = frozenset({"2021-04-01"})
REGISTRY_VERSIONS = frozenset({"2023-07-01", "2025-04-01", "2025-11-01"})

_SUBSCRIPTION = "/subscriptions/{subscription}"
_REGISTRIES = "Microsoft.ContainerRegistry/registries"
_CLAUSE = re.compile(r"(resourceType|name|resourceGroup)\s+eq\s+'([^']*)'", re.IGNORECASE)


class Resources:
    """The lists of a subscription, and its registries."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def operations(self) -> Sequence[Operation]:
        """Give what this room answers."""
        return (
            Operation(
                method="GET",
                template=f"{_SUBSCRIPTION}/resources",
                action="Microsoft.Resources/subscriptions/resources/read",
                versions=RESOURCE_VERSIONS,
                parameters=frozenset({"$filter", "$skiptoken"}),
                answer=self._resources,
                lists=True,
            ),
            Operation(
                method="GET",
                template=f"{_SUBSCRIPTION}/providers/{_REGISTRIES}",
                action=f"{_REGISTRIES}/read",
                versions=REGISTRY_VERSIONS,
                parameters=frozenset({"$skiptoken"}),
                answer=self._registries,
                lists=True,
            ),
            Operation(
                method="GET",
                template=f"{_SUBSCRIPTION}/resourceGroups/{{group}}/providers/{_REGISTRIES}/{{name}}",
                action=f"{_REGISTRIES}/read",
                versions=REGISTRY_VERSIONS,
                answer=self._registry,
            ),
        )

    async def _resources(self, call: ArmCall) -> web.Response:
        """Give a page of the resources that match the filter and that the caller may see.

        Source: https://learn.microsoft.com/rest/api/resources/resources/list
        """
        wanted = _clauses(call.request.query.get("$filter", ""))
        cloud = self._cloud
        resources: list[Site | RegistryState] = [*cloud.sites.values(), *cloud.registries.values()]
        found = [_generic(one) for one in resources]
        matching = [one for one in found if all(str(one[field]).lower() == value for field, value in wanted.items())]
        shown = [
            {name: value for name, value in one.items() if name not in {"resourceType", "resourceGroup"}}
            for one in matching
            if self._cloud.allowed(call.principal, f"{one['type']}/read", one["id"])
        ]
        return page(call, shown)

    async def _registries(self, call: ArmCall) -> web.Response:
        """Give a page of the registries the caller may see.

        Source: https://learn.microsoft.com/rest/api/containerregistry/registries/list
        """
        visible = [
            registry
            for registry in self._cloud.registries.values()
            if self._cloud.allowed(call.principal, f"{_REGISTRIES}/read", registry.id)
        ]
        return page(call, [_registry(registry) for registry in visible])

    async def _registry(self, call: ArmCall) -> web.Response:
        """Give one registry.

        Source: https://learn.microsoft.com/rest/api/containerregistry/registries/get
        """
        group, name = call.values["group"], call.values["name"]
        if group.lower() not in self._cloud.resource_groups():
            raise group_not_found(group)
        registry = self._cloud.registries.get(name.lower())
        if registry is None or registry.resource_group.lower() != group.lower():
            raise resource_not_found(_REGISTRIES, name, group)
        return web.json_response(_registry(registry))


def page(call: ArmCall, items: Sequence[JSON]) -> web.Response:
    """Give one page of a list, with the address of the next.

    Source: https://github.com/Azure/azure-resource-manager-rpc/blob/master/v1.0/common-api-details.md
    """
    begin = int(call.request.query.get("$skiptoken", "0"))
    body: JSON = {"value": list(items[begin : begin + PAGE])}
    if len(items) > begin + PAGE:
        address = URL("https://management.azure.com").join(call.request.rel_url)
        body["nextLink"] = str(address.update_query({"$skiptoken": str(begin + PAGE)}))
    return web.json_response(body)


def _clauses(text: str) -> dict[str, str]:
    """Give the wanted value by field of a filter `a eq 'x' and b eq 'y'`; raises ArmError for any other."""
    wanted = {}
    for clause in re.split(r"\s+and\s+", text, flags=re.IGNORECASE) if text else ():
        match = _CLAUSE.fullmatch(clause.strip())
        if match is None:
            message = f"Invalid $filter '{text}' specified in the query string."
            raise ArmError(400, "InvalidFilterInQueryString", message)
        field = {"resourcetype": "resourceType", "resourcegroup": "resourceGroup"}.get(match[1].lower(), "name")
        wanted[field] = match[2].lower()
    return wanted


def _generic(resource: Site | RegistryState) -> JSON:
    kind = "Microsoft.Web/sites" if isinstance(resource, Site) else _REGISTRIES
    body: JSON = {
        "id": resource.id,
        "name": resource.name,
        "type": kind,
        "location": "westeurope",
        "tags": {},
    }
    if isinstance(resource, Site):
        body["kind"] = "functionapp,linux,container"
    return body | {"resourceType": kind, "resourceGroup": resource.resource_group}


def _registry(registry: RegistryState) -> JSON:
    return {
        "id": registry.id,
        "name": registry.name,
        "type": _REGISTRIES,
        "location": LOCATION.replace(" ", "").lower(),
        "sku": {"name": "Premium", "tier": "Premium"},
        "tags": {},
        "properties": {
            "loginServer": registry.login_server,
            "creationDate": "2026-01-12T09:00:00.0000000Z",
            "provisioningState": "Succeeded",
            "adminUserEnabled": registry.admin_user_enabled,
            "anonymousPullEnabled": False,
            "networkRuleSet": {"defaultAction": "Allow", "ipRules": []},
            "dataEndpointEnabled": False,
            "publicNetworkAccess": "Enabled",
            "networkRuleBypassOptions": "AzureServices",
            "zoneRedundancy": "Disabled",
            "roleAssignmentMode": "LegacyRegistryPermissions",
        },
    }
