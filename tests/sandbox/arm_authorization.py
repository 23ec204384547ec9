"""Microsoft.Authorization: who was granted what. Routes over `Cloud`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .arm import ArmCall, ArmError, Operation, scope_of
from .arm_lists import page
from .subscription import SUBSCRIPTION_ID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import web

    from .roles import RoleAssignment
    from .routes import JSON
    from .state import Cloud

VERSIONS = frozenset({"2022-04-01"})
_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUP = f"{_SUBSCRIPTION}/resourceGroups/{{group}}"
_SCOPES = (_SUBSCRIPTION, _GROUP, f"{_GROUP}/providers/{{provider}}/{{kind}}/{{name}}")
_FILTER = re.compile(r"principalId eq '([^']*)'|assignedTo\('([^']*)'\)", re.IGNORECASE)


class Authorization:
    """The role assignments."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def operations(self) -> Sequence[Operation]:
        """Give what this room answers."""
        return tuple(
            Operation(
                method="GET",
                template=f"{scope}/providers/Microsoft.Authorization/roleAssignments",
                action="Microsoft.Authorization/roleAssignments/read",
                versions=VERSIONS,
                parameters=frozenset({"$filter", "$skiptoken"}),
                answer=self._list,
            )
            for scope in _SCOPES
        )

    async def _list(self, call: ArmCall) -> web.Response:
        """Give the assignments at, above and below a scope; `atScope()` leaves out those below.

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
                "condition": None,
                "conditionVersion": None,
            },
        }


def _lies_below(scope: str, above: str) -> bool:
    return scope.lower().startswith(above.rstrip("/").lower() + "/")


def _principal(term: str) -> str:
    match = _FILTER.fullmatch(term)
    if match is None:
        raise ArmError(400, "UnsupportedQuery", "The filter is not supported.")
    return str(match[1] or match[2]).lower()
