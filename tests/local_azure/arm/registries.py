"""Microsoft.ContainerRegistry. Routes over `Cloud`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from tests.local_azure.arm.front import ArmCall, ArmError, Operation, group_not_found, resource_not_found
from tests.local_azure.arm.lists import page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.local_azure.front.routes import JSON
    from tests.local_azure.state.registry_state import RegistryState
    from tests.local_azure.state.state import Cloud

REGISTRY_VERSIONS = frozenset({"2023-07-01", "2025-04-01", "2025-11-01"})
_REGISTRIES = "Microsoft.ContainerRegistry/registries"
_REGISTRY = f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{_REGISTRIES}/{{name}}"


class Registries:
    """The registries of the subscription."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def operations(self) -> Sequence[Operation]:
        """Return what this room answers."""
        return (
            Operation(
                method="GET",
                template=f"/subscriptions/{{subscription}}/providers/{_REGISTRIES}",
                action=f"{_REGISTRIES}/read",
                versions=REGISTRY_VERSIONS,
                parameters=frozenset({"$skiptoken"}),
                answer=self._list,
                lists=True,
            ),
            Operation(
                method="GET",
                template=_REGISTRY,
                action=f"{_REGISTRIES}/read",
                versions=REGISTRY_VERSIONS,
                answer=self._get,
            ),
            Operation(
                method="POST",
                template=f"{_REGISTRY}/listCredentials",
                action=f"{_REGISTRIES}/listCredentials/action",
                versions=REGISTRY_VERSIONS,
                answer=self._list_credentials,
            ),
        )

    async def _list(self, call: ArmCall) -> web.Response:
        """Return a page of the registries the caller may see.

        Source: https://learn.microsoft.com/rest/api/containerregistry/registries/list
        """
        visible = [
            registry
            for registry in self._cloud.registries.values()
            if registry.subscription.id == call.values["subscription"].lower()
            if self._cloud.may(call.principal, f"{_REGISTRIES}/read", registry.id)
        ]
        return page(call, [_registry(registry) for registry in visible])

    async def _get(self, call: ArmCall) -> web.Response:
        """Return one registry.

        Source: https://learn.microsoft.com/rest/api/containerregistry/registries/get
        """
        return web.json_response(_registry(self._found(call)))

    async def _list_credentials(self, call: ArmCall) -> web.Response:
        """Return the admin user's name and both passwords.

        Source: https://learn.microsoft.com/rest/api/containerregistry/registries/list-credentials and
        https://learn.microsoft.com/azure/container-registry/container-registry-authentication#admin-account
        """
        registry = self._found(call)
        if not registry.admin_user_enabled:
            text = (
                f"Cannot perform credential operations for {registry.id} as admin user is disabled. Kindly enable "
                "admin user as per docs: https://docs.microsoft.com/en-us/azure/container-registry/"
                "container-registry-authentication#admin-account"
            )
            raise ArmError(400, "UnAuthorizedForCredentialOperations", text)
        passwords = {"password": registry.admin_password, "password2": registry.second_admin_password}
        listed = [{"name": name, "value": value} for name, value in passwords.items()]
        return web.json_response({"username": registry.name, "passwords": listed})

    def _found(self, call: ArmCall) -> RegistryState:
        group, name = call.values["group"], call.values["name"]
        if group.lower() not in self._cloud.resource_groups():
            raise group_not_found(group)
        registry = self._cloud.registries.get(name.lower())
        if registry is None or registry.id.lower().split("/")[2:5] != call.request.path.lower().split("/")[2:5]:
            raise resource_not_found(_REGISTRIES, name, group)
        return registry


def _registry(registry: RegistryState) -> JSON:
    return {
        "id": registry.id,
        "name": registry.name,
        "type": _REGISTRIES,
        "location": "westeurope",
        "sku": {"name": "Premium", "tier": "Premium"},
        "tags": {},
        "properties": {
            "loginServer": registry.login_server,
            "creationDate": "2026-01-12T09:00:00.0000000Z",
            "provisioningState": "Succeeded",
            "adminUserEnabled": registry.admin_user_enabled,
            "anonymousPullEnabled": registry.anonymous_pull,
            "networkRuleSet": {"defaultAction": "Deny" if registry.firewalled else "Allow", "ipRules": []},
            "policies": {
                "azureADAuthenticationAsArmPolicy": {"status": "enabled" if registry.arm_tokens else "disabled"},
            },
            "dataEndpointEnabled": False,
            "publicNetworkAccess": "Enabled" if registry.public_network_access else "Disabled",
            "networkRuleBypassOptions": "AzureServices",
            "zoneRedundancy": "Disabled",
            "roleAssignmentMode": registry.role_assignment_mode,
        },
    }
