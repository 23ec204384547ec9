"""The roles that allow pulling from a registry, who has them, and granting them.

Sources: https://learn.microsoft.com/azure/role-based-access-control/role-assignments-rest and
https://learn.microsoft.com/azure/container-registry/container-registry-rbac-built-in-roles-directory-reference
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from pytask.clock import Deadline
from pytask.cloud.answers import correlation_id, error_of, refusal
from pytask.cloud.arm import ArmCall, needed_part
from pytask.decode import object_at, objects_at, text_at, texts_at
from pytask.errors.azure import Forbidden
from pytask.errors.pull import IdentityNotReplicated, RoleNotGrantable
from pytask.model import Right

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from azure.core.rest import HttpResponse

    from pytask.cloud.arm import Arm
    from pytask.decode import JSONObject
    from pytask.registry.resource import RegistryResource

_VERSION = "2022-04-01"
_GRANTS = "Microsoft.Authorization/roleAssignments/write"
_DOING = "grant the app its role on the registry"
_NOT_REPLICATED = "PrincipalNotFound"
"""https://learn.microsoft.com/azure/role-based-access-control/troubleshooting#symptom---assigning-a-role-to-a-new-principal-sometimes-fails"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """A built-in role."""

    name: str
    id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Mode:
    """The roles that count in one kind of registry."""

    role: Role
    """The least privileged role that allows pulling."""
    also: frozenset[str]
    """Ids of other common built-in roles that allow it; the definition of any other role is looked up."""
    actions: str
    """The part of a role definition that allows it."""
    permission: str


_BY_REGISTRY = _Mode(
    role=Role(name="AcrPull", id="7f951dda-4ed3-4680-a7ca-43fe172d538d"),
    also=frozenset({"8311e382-0749-4cb8-b61a-304f252e45ec"}),  # AcrPush
    actions="actions",
    permission="Microsoft.ContainerRegistry/registries/pull/read",
)
_BY_REPOSITORY = _Mode(
    role=Role(name="Container Registry Repository Reader", id="b93aa761-3e63-49ed-ac28-beffa264f7ac"),
    also=frozenset({"2a1e307c-b015-4ebd-883e-5b7698a07328"}),  # Container Registry Repository Writer
    actions="dataActions",
    permission="Microsoft.ContainerRegistry/registries/repositories/content/read",
)


def pull_role(registry: RegistryResource) -> Role:
    """Return the role that allows pulling from this registry and nothing else."""
    return _mode(registry).role


def right_of(arm: Arm, registry: RegistryResource, principal: str) -> Right:
    """Return an identity's right to pull, by its own and its groups' roles on the registry and at the scopes above.

    Source: https://learn.microsoft.com/azure/role-based-access-control/role-assignments-list-rest
    """
    path = f"{registry.id}/providers/Microsoft.Authorization/roleAssignments"
    wanted = {"$filter": f"atScope() and assignedTo('{principal}')"}
    try:
        assignments = list(arm.pages(path, doing="list the role assignments", params=wanted, api_version=_VERSION))
    except Forbidden:
        return Right.UNKNOWN
    rights = {_right_by(arm, registry, object_at(one, "properties")) for one in assignments}
    order = (Right.HELD, Right.CONDITIONAL, Right.UNKNOWN)
    return next((right for right in order if right in rights), Right.LACKING)


def may_grant(arm: Arm, registry: RegistryResource) -> bool | None:
    """Tell whether the connection may grant roles on the registry; None when that is unknown."""
    return may(arm, registry, _GRANTS)


def may(arm: Arm, registry: RegistryResource, permission: str) -> bool | None:
    """Tell whether the connection has a permission on the registry; None when that is unknown. Conditions do not show.

    Source: https://learn.microsoft.com/rest/api/authorization/permissions/list-for-resource
    """
    path = f"{registry.id}/providers/Microsoft.Authorization/permissions"
    doing = "read the connection's own permissions"
    none_for = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
    told = arm.find(path, doing=doing, api_version=_VERSION, none_for=none_for)
    held = objects_at(told, "value")
    return allows(held, "actions", permission) if held else None


def grant_role(arm: Arm, registry: RegistryResource, principal: str, *, app: str) -> bool:
    """Grant an identity (its object ID) the role to pull, and tell whether the assignment is new.

    The assignment's name is derived from its content, so granting twice makes only one assignment.

    Raises:
        RoleNotGrantable: when the connection may not grant the role.
    """
    http = arm.http
    deadline = Deadline.after(http.clock, http.timeouts.new_identity)
    while True:
        answer = _put(arm, registry, principal)
        if answer.status_code in {HTTPStatus.CREATED, HTTPStatus.OK}:
            needed_part(answer, _DOING, "properties")  # a front end may have answered in Azure's place
            return answer.status_code == HTTPStatus.CREATED
        code, detail = error_of(answer)
        if code == "RoleAssignmentExists":
            return False
        if code != _NOT_REPLICATED or deadline.passed():
            raise _refused(registry, principal, answer, app=app, detail=f"{code}: {detail}")
        wait = http.timeouts.longest_poll
        http.say(f"  the new identity has not replicated throughout Entra ID yet; retrying in {wait:.0f} s")
        http.clock.sleep(wait)


def grant_command(role: str, principal: str, scope: str) -> str:
    """Return the command for an administrator to grant the role; `principal` may be a command substitution.

    Source: https://learn.microsoft.com/cli/azure/role/assignment#az-role-assignment-create
    """
    assignee = f"--assignee-object-id {principal} --assignee-principal-type ServicePrincipal"
    return f'az role assignment create {assignee} --role "{role}" --scope {scope}'


def _put(arm: Arm, registry: RegistryResource, principal: str) -> HttpResponse:
    role = pull_role(registry)
    definitions = f"/subscriptions/{registry.subscription}/providers/Microsoft.Authorization/roleDefinitions"
    properties = {
        "roleDefinitionId": f"{definitions}/{role.id}",
        "principalId": principal,
        "principalType": "ServicePrincipal",  # spares Azure a lookup that fails for a new identity
    }
    name = uuid5(NAMESPACE_URL, f"{registry.id}|{principal}|{role.id}".lower())
    path = f"{registry.id}/providers/Microsoft.Authorization/roleAssignments/{name}"
    body = {"properties": properties}
    refusals = {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.CONFLICT}
    return arm.send(ArmCall("PUT", path, doing=_DOING, body=body, api_version=_VERSION, besides=refusals))


def _refused(registry: RegistryResource, principal: str, answer: HttpResponse, *, app: str, detail: str) -> Exception:
    if error_of(answer)[0] == _NOT_REPLICATED:
        return IdentityNotReplicated(app=app, detail=detail, correlation_id=correlation_id(answer))
    if answer.status_code != HTTPStatus.FORBIDDEN:
        return refusal(_DOING, answer)
    role = pull_role(registry).name
    return RoleNotGrantable(
        app=app,
        role=role,
        registry=registry.name,
        detail=detail,
        command=grant_command(role, principal, registry.id),
        correlation_id=correlation_id(answer),
    )


def _right_by(arm: Arm, registry: RegistryResource, assignment: JSONObject) -> Right:
    role, mode = text_at(assignment, "roleDefinitionId").rpartition("/")[2].lower(), _mode(registry)
    if not role:
        return Right.UNKNOWN
    if role not in {mode.role.id, *mode.also}:
        right = _right_by_definition(arm, registry, role)
        if right is not Right.HELD:
            return right
    return Right.CONDITIONAL if assignment.get("condition") else Right.HELD


def _right_by_definition(arm: Arm, registry: RegistryResource, role: str) -> Right:
    """Return what a custom role allows, read at the registry's scope, where we most likely may read it.

    Source: https://learn.microsoft.com/rest/api/authorization/role-definitions/get
    """
    path = f"{registry.id}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    none_for = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
    definition = arm.find(path, doing="look up a role", api_version=_VERSION, none_for=none_for)
    mode, permissions = _mode(registry), objects_at(definition, "properties", "permissions")
    if not permissions:
        return Right.UNKNOWN
    allowed = allows(permissions, mode.actions, mode.permission)
    return Right.HELD if allowed else Right.LACKING


def allows(permissions: Iterable[Mapping[str, object]], kind: str, permission: str) -> bool:
    """Tell whether one of several permissions allows an action; each one's exclusions apply only to itself.

    Source: https://learn.microsoft.com/azure/role-based-access-control/role-definitions#notactions
    """
    excluded = f"not{kind[0].upper()}{kind[1:]}"
    return any(
        _named(texts_at(one, kind), permission) and not _named(texts_at(one, excluded), permission)
        for one in permissions
    )


def _named(patterns: Iterable[str], permission: str) -> bool:
    return any(_fits(pattern.lower().split("*"), permission.lower()) for pattern in patterns)


def _fits(parts: list[str], permission: str) -> bool:
    """Tell whether the parts of a pattern, between its asterisks, are a permission's in this order.

    Each is looked for once, because a regular expression would try every way to share the text among the asterisks.
    """
    first, *between = parts
    if not between:
        return permission == first
    last = between.pop()
    rest = permission.removeprefix(first)
    if not permission.startswith(first) or not rest.endswith(last):
        return False
    rest = rest.removesuffix(last)
    for part in between:
        _, found, rest = rest.partition(part) if part else ("", "*", rest)
        if not found:
            return False
    return True


def _mode(registry: RegistryResource) -> _Mode:
    return _BY_REPOSITORY if registry.by_repository else _BY_REGISTRY
