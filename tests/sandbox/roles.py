"""Azure's built-in roles, as far as the local Azure grants them, and what they allow."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import translate


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """What a role allows: action patterns with `*`, less those it takes out again."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()

    def allows(self, action: str) -> bool:
        """Say whether this role allows `action`, e.g. `Microsoft.Web/sites/read`."""
        return _any_match(self.actions, action) and not _any_match(self.not_actions, action)


def _any_match(patterns: tuple[str, ...], action: str) -> bool:
    return any(re.match(translate(pattern), action, re.IGNORECASE) for pattern in patterns)


ROLES = {
    "Owner": Role(actions=("*",)),
    "Contributor": Role(
        actions=("*",),
        not_actions=("Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"),
    ),
    "Reader": Role(actions=("*/read",)),
    "Website Contributor": Role(
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
    "AcrPull": Role(actions=("Microsoft.ContainerRegistry/registries/pull/read",)),
    "AcrPush": Role(
        actions=(
            "Microsoft.ContainerRegistry/registries/pull/read",
            "Microsoft.ContainerRegistry/registries/push/write",
        ),
    ),
}
"""By the name people assign them by.

Source: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleAssignment:
    """A role granted to a principal at a scope, and thereby at everything below it."""

    principal_id: str
    role: str
    scope: str

    def covers(self, scope: str) -> bool:
        """Say whether `scope` is this assignment's own or lies below it."""
        own, asked = self.scope.rstrip("/").lower(), scope.rstrip("/").lower()
        return asked == own or asked.startswith(own + "/")
