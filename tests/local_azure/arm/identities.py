"""Microsoft.ManagedIdentity, and the identities of a site. Routes over `Cloud`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from tests.local_azure.arm.container_apps import accepted
from tests.local_azure.arm.front import ArmCall, ArmError, Operation, group_not_found, resource_not_found
from tests.local_azure.arm.site_json import site_resource
from tests.local_azure.arm.site_routes import BadRequestError, SiteRoutes
from tests.local_azure.front.routes import NotServedError
from tests.local_azure.state.subscription import LOCATION, TENANT_ID, group_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.local_azure.front.routes import JSON
    from tests.local_azure.state.principal import Principal
    from tests.local_azure.state.site import Site
    from tests.local_azure.state.state import Cloud

VERSIONS = frozenset({"2023-01-31"})
_IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
_KINDS = frozenset({"systemassigned", "userassigned"})


class ManagedIdentities:
    """User-assigned identities, and which identities a site has."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def operations(self) -> Sequence[Operation]:
        """Return what this room answers."""
        return (
            Operation(
                method="GET",
                template=f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{_IDENTITIES}/{{name}}",
                action=f"{_IDENTITIES}/read",
                versions=VERSIONS,
                answer=self._get,
            ),
            *SiteRoutes(self._cloud).on_site("PATCH", "", "write", self._patch_site),
        )

    async def _get(self, call: ArmCall) -> web.Response:
        """Return one identity.

        Source: https://learn.microsoft.com/rest/api/managedidentity/user-assigned-identities/get
        """
        group, name = call.values["group"], call.values["name"]
        resource_id = f"{group_id(group)}/providers/{_IDENTITIES}/{name}"
        identity = self._cloud.identities.get(resource_id.lower())
        if identity is None and group.lower() not in self._cloud.resource_groups():
            raise group_not_found(group)
        if identity is None:
            raise resource_not_found(_IDENTITIES, name, group)
        properties = {"tenantId": TENANT_ID, "principalId": identity.object_id, "clientId": identity.client_id}
        body = {"id": resource_id, "name": name, "type": _IDENTITIES, "location": LOCATION, "tags": {}}
        return web.json_response(body | {"properties": properties})

    async def _patch_site(self, site: Site, call: ArmCall) -> web.Response:
        """Give a site the identities sent, and take away those that were not; of the rest of a site nothing is served.

        The answer is 202 without a body, as recorded traffic of https://github.com/Azure/azure-cli has it.
        Source: https://learn.microsoft.com/azure/app-service/overview-managed-identity and
        https://learn.microsoft.com/rest/api/appservice/web-apps/update
        """
        body = await call.body()
        if set(body) != {"identity"}:
            raise NotServedError(f"a PATCH of a site's {sorted(body)}")
        sent: JSON = body["identity"]
        kinds = {kind.strip().lower() for kind in str(sent.get("type")).split(",")}
        wanted = sent.get("userAssignedIdentities") or {}
        if not kinds <= _KINDS or ("userassigned" in kinds) is not bool(wanted):
            raise BadRequestError("The identity type and the user assigned identities do not go together.")
        site.user_identities = {one: self._assigned(call, site, one) for one in wanted}
        if "systemassigned" not in kinds:
            self._switch_off(site)
        elif site.identity is None:
            site.identity = self._cloud.add_principal(site.resource_name)
        if site.kind.container_apps:
            return web.json_response(site_resource(site, call.version))
        return accepted(site, polls=1)

    def _assigned(self, call: ArmCall, site: Site, resource_id: str) -> Principal:
        """Return the identity, when there is one and the caller may assign it: ARM asks for each one that is sent.

        Source: https://github.com/Azure/aad-pod-identity/issues/613
        """
        caller, action = call.principal, f"{_IDENTITIES}/assign/action"
        if not self._cloud.may(caller, action, resource_id):
            text = (
                f"The client '{caller.client_id}' with object id '{caller.object_id}' has permission to perform action "
                f"'{site.type}/write' on scope '{site.id}'; however, it does not have permission to perform action(s) "
                f"'{action}' on the linked scope(s) '{resource_id}' (respectively) or the linked scope(s) are invalid."
            )
            raise ArmError(403, "LinkedAuthorizationFailed", text)
        identity = self._cloud.identities.get(resource_id.lower())
        if identity is None:
            text = f"Identity operation for resource '{site.id}' failed: '{resource_id}' was not found."
            raise ArmError(400, "FailedIdentityOperation", text)
        return identity

    def _switch_off(self, site: Site) -> None:
        if site.identity is not None:
            self._cloud.principals.remove(site.identity)
        site.identity = None
