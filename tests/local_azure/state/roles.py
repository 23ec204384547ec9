"""Azure's built-in roles, as far as the local Azure grants them, and what they allow."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from fnmatch import translate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_REPOSITORIES = "Microsoft.ContainerRegistry/registries/repositories"


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """What a role allows: action patterns with `*`, less those it takes out again; data actions apart."""

    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    """The last part of its definition's resource id."""

    def allows(self, action: str, *, data: bool = False) -> bool:
        """Say whether this role allows `action`, e.g. `Microsoft.Web/sites/read`."""
        if data:
            return _any_match(self.data_actions, action)
        return _any_match(self.actions, action) and not _any_match(self.not_actions, action)


def _any_match(patterns: tuple[str, ...], action: str) -> bool:
    return any(re.match(translate(pattern), action, re.IGNORECASE) for pattern in patterns)


ROLES = {
    "Owner": Role(id="8e3af657-a8ff-443c-a75c-2fe8c4bcb635", actions=("*",)),
    "Contributor": Role(
        id="b24988ac-6180-42a0-ab88-20f7382dd24c",
        actions=("*",),
        not_actions=("Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"),
    ),
    "Reader": Role(id="acdd72a7-3385-48ef-bd42-f606fba81ae7", actions=("*/read",)),
    "Website Contributor": Role(
        id="de139f84-1756-47ae-9be6-808fbbe84772",
        actions=(
            "Microsoft.Authorization/*/read",
            "Microsoft.Insights/components/*",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Web/certificates/*",
            "Microsoft.Web/serverFarms/join/action",
            "Microsoft.Web/serverFarms/read",
            "Microsoft.Web/sites/*",
        ),
    ),
    "Container Apps Contributor": Role(
        id="358470bc-b998-42bd-ab17-a7e34c199c0f",
        actions=(
            "Microsoft.Authorization/*/read",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.App/containerApps/*",
        ),
    ),
    "User Access Administrator": Role(
        id="18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        actions=("*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"),
    ),
    "Role Based Access Control Administrator": Role(
        id="f58310d9-a9f6-439a-9e8d-f62e7b41a168",
        actions=(
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            "*/read",
            "Microsoft.Support/*",
        ),
    ),
    "Managed Identity Operator": Role(
        id="f1a07417-d97a-45cb-824c-7a7467783830",
        actions=(
            "Microsoft.ManagedIdentity/userAssignedIdentities/read",  # Azure writes /*/read and means both
            "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
            "Microsoft.Authorization/*/read",
        ),
    ),
    "Monitoring Contributor": Role(
        id="749f88d5-cbae-40b8-bcfc-e573ddc772fa",
        actions=("*/read", "Microsoft.Insights/components/*", "Microsoft.Support/*"),
    ),
    "Container Registry Tasks Contributor": Role(
        id="fb382eab-e894-4461-af04-94435c366c3f",
        actions=(
            "Microsoft.Authorization/*/read",
            "Microsoft.ContainerRegistry/registries/read",
            "Microsoft.ContainerRegistry/registries/agentpools/*",
            "Microsoft.ContainerRegistry/registries/listBuildSourceUploadUrl/action",
            "Microsoft.ContainerRegistry/registries/runs/*",
            "Microsoft.ContainerRegistry/registries/scheduleRun/action",
            "Microsoft.ContainerRegistry/registries/taskruns/*",
            "Microsoft.ContainerRegistry/registries/tasks/*",
        ),
    ),
    "AcrPull": Role(
        id="7f951dda-4ed3-4680-a7ca-43fe172d538d",
        actions=("Microsoft.ContainerRegistry/registries/pull/read",),
    ),
    "AcrPush": Role(
        id="8311e382-0749-4cb8-b61a-304f252e45ec",
        actions=(
            "Microsoft.ContainerRegistry/registries/pull/read",
            "Microsoft.ContainerRegistry/registries/push/write",
        ),
    ),
    "Container Registry Repository Reader": Role(
        id="b93aa761-3e63-49ed-ac28-beffa264f7ac",
        data_actions=(f"{_REPOSITORIES}/content/read", f"{_REPOSITORIES}/metadata/read"),
    ),
    "Container Registry Repository Writer": Role(
        id="2a1e307c-b015-4ebd-883e-5b7698a07328",
        data_actions=(
            f"{_REPOSITORIES}/content/read",
            f"{_REPOSITORIES}/content/write",
            f"{_REPOSITORIES}/metadata/read",
            f"{_REPOSITORIES}/metadata/write",
        ),
    ),
}
"""By the name people assign them by.

Source: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
"""


_NOT_LISTED = ("Microsoft.Web/sites/slots/hostruntime/",)
"""Where the public list of operations has nothing: a slot's host is opened by `Microsoft.Web/sites/slots/*/read` only.

Source: https://learn.microsoft.com/azure/role-based-access-control/permissions/web-and-mobile#microsoftweb
"""


def check_listed(actions: Iterable[str]) -> None:
    """Raise ValueError for an action of a custom role that no provider lists."""
    for action in actions:
        if "*" not in action and action.lower().startswith(tuple(begin.lower() for begin in _NOT_LISTED)):
            raise ValueError(f"'{action}' does not match any of the actions supported by the providers.")


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleAssignment:
    """A role granted to a principal at a scope, and thereby at everything below it."""

    principal_id: str
    role: str
    scope: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    """The last part of its resource id."""
    condition: str | None = None
    """Shown, and never judged: the local Azure knows no attributes."""
    counts_from: float = 0.0
    """The monotonic time from which on it counts."""

    def covers(self, scope: str) -> bool:
        """Say whether `scope` is this assignment's own or lies below it."""
        own, asked = self.scope.rstrip("/").lower(), scope.rstrip("/").lower()
        return asked == own or asked.startswith(own + "/")
