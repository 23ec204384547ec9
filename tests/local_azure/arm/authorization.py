"""Microsoft.Authorization: who was granted what, and granting. Routes over `Cloud`."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from aiohttp import web

from tests.local_azure.arm.front import ArmCall, ArmError, Operation, scope_of
from tests.local_azure.arm.lists import page
from tests.local_azure.state.roles import RoleAssignment
from tests.local_azure.state.subscription import SUBSCRIPTION_ID, TENANT_ID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.local_azure.front.routes import JSON
    from tests.local_azure.state.roles import Role
    from tests.local_azure.state.state import Cloud

VERSIONS = frozenset({"2022-04-01"})
_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUP = f"{_SUBSCRIPTION}/resourceGroups/{{group}}"
_SCOPES = (_SUBSCRIPTION, _GROUP, f"{_GROUP}/providers/{{provider}}/{{kind}}/{{name}}")
_FILTER = re.compile(r"principalId eq '([^']*)'|assignedTo\('([^']*)'\)", re.IGNORECASE)


class Authorization:
    """The role assignments, and what they come to for the caller."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def operations(self) -> Sequence[Operation]:
        """Return what this room answers."""
        return tuple(operation for scope in _SCOPES for operation in self._operations_at(scope))

    def _operations_at(self, scope: str) -> Sequence[Operation]:
        provider = f"{scope}/providers/Microsoft.Authorization"
        return (
            Operation(
                method="GET",
                template=f"{provider}/roleAssignments",
                action="Microsoft.Authorization/roleAssignments/read",
                versions=VERSIONS,
                parameters=frozenset({"$filter", "$skiptoken"}),
                answer=self._list,
            ),
            Operation(
                method="PUT",
                template=f"{provider}/roleAssignments/{{assignment}}",
                action="Microsoft.Authorization/roleAssignments/write",
                versions=VERSIONS,
                answer=self._put,
            ),
            Operation(
                method="GET",
                template=f"{provider}/roleDefinitions/{{definition}}",
                action="Microsoft.Authorization/roleDefinitions/read",
                versions=VERSIONS,
                answer=self._definition,
            ),
            Operation(
                method="GET",
                template=f"{provider}/permissions",
                action="Microsoft.Authorization/permissions/read",
                versions=VERSIONS,
                answer=self._permissions,
            ),
        )

    async def _list(self, call: ArmCall) -> web.Response:
        """Return the assignments at, above and below a scope; `atScope()` leaves out those below.

        Source: https://learn.microsoft.com/rest/api/authorization/role-assignments/list-for-scope
        """
        scope = scope_of("GET", call.request.path)
        terms = [term.strip() for term in call.request.query.get("$filter", "").split(" and ") if term.strip()]
        only_here = any(term.lower() == "atscope()" for term in terms)
        wanted = [_principal(term) for term in terms if term.lower() != "atscope()"]
        found = [
            self._json(one)
            for one in self._cloud.assignments
            if one.covers(scope) or (not only_here and _lies_below(one.scope, scope))
            if all(one.principal_id.lower() == principal for principal in wanted)
        ]
        return page(call, found)

    async def _put(self, call: ArmCall) -> web.Response:
        """Grant a role; it propagates some time later.

        Source: https://learn.microsoft.com/rest/api/authorization/role-assignments/create, and for the refusals
        https://learn.microsoft.com/azure/role-based-access-control/troubleshooting
        """
        sent = (await call.body())["properties"]
        asked = RoleAssignment(
            principal_id=str(sent["principalId"]),
            role=self._role(str(sent["roleDefinitionId"])),
            scope=call.request.path.rpartition("/providers/Microsoft.Authorization/")[0],
            id=call.values["assignment"],
            counts_from=time.monotonic() + self._cloud.role_delay,
        )
        self._check_principal(asked.principal_id)
        for one in self._cloud.assignments:
            same = _what(one) == _what(asked)
            if one.id == asked.id and same:
                return web.json_response(self._json(one))
            if one.id == asked.id:
                text = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
                raise ArmError(400, "RoleAssignmentUpdateNotPermitted", text)
            if same:
                text = f"The role assignment already exists. The ID of the conflicting role assignment is {one.id}."
                raise ArmError(409, "RoleAssignmentExists", text)
        self._cloud.assignments.append(asked)
        return web.json_response(self._json(asked), status=201)

    def _role(self, definition: str) -> str:
        wanted = definition.rpartition("/")[2].lower()
        found = next((name for name, role in self._cloud.roles.items() if role.id == wanted), None)
        if found is None:
            text = f"The specified role definition with ID '{wanted}' does not exist."
            raise ArmError(400, "RoleDefinitionDoesNotExist", text)
        return found

    def _check_principal(self, object_id: str) -> None:
        if self._cloud.with_object_id(object_id) is None:
            text = (
                f"Principal {object_id} does not exist in the directory {TENANT_ID}. Check that you have the correct "
                "principal ID. If you are creating this principal and then immediately assigning a role, this error "
                "might be related to a replication delay."
            )
            raise ArmError(400, "PrincipalNotFound", text)

    async def _permissions(self, call: ArmCall) -> web.Response:
        """Return what the caller may do at a scope, role by role; conditions are not told.

        Source: https://learn.microsoft.com/rest/api/authorization/permissions/list-for-resource
        """
        scope = scope_of("GET", call.request.path)
        roles = self._cloud.roles_of(call.principal, scope)
        return web.json_response({"value": [_permission(role) for role in roles]})

    async def _definition(self, call: ArmCall) -> web.Response:
        """Return what a role allows.

        Source: https://learn.microsoft.com/rest/api/authorization/role-definitions/get
        """
        name = self._role(call.values["definition"])
        role = self._cloud.roles[name]
        properties = {"roleName": name, "type": "BuiltInRole", "permissions": [_permission(role)]}
        return web.json_response({"name": role.id, "properties": properties})

    def _json(self, assignment: RoleAssignment) -> JSON:
        role = self._cloud.roles[assignment.role]
        definitions = f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleDefinitions"
        return {
            "id": f"{assignment.scope}/providers/Microsoft.Authorization/roleAssignments/{assignment.id}",
            "name": assignment.id,
            "type": "Microsoft.Authorization/roleAssignments",
            "properties": {
                "roleDefinitionId": f"{definitions}/{role.id}",
                "principalId": assignment.principal_id,
                "principalType": "ServicePrincipal",
                "scope": assignment.scope,
                "condition": assignment.condition,
                "conditionVersion": "2.0" if assignment.condition else None,
            },
        }


def _permission(role: Role) -> JSON:
    return {
        "actions": list(role.actions),
        "notActions": list(role.not_actions),
        "dataActions": list(role.data_actions),
        "notDataActions": [],
    }


def _what(assignment: RoleAssignment) -> tuple[str, str, str]:
    return assignment.principal_id.lower(), assignment.role, assignment.scope.lower()


def _lies_below(scope: str, above: str) -> bool:
    return scope.lower().startswith(above.rstrip("/").lower() + "/")


def _principal(term: str) -> str:
    match = _FILTER.fullmatch(term)
    if match is None:
        raise ArmError(400, "UnsupportedQuery", "The filter is not supported.")
    return str(match[1] or match[2]).lower()
