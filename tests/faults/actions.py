"""The permission that a call to Azure Resource Manager takes, by Azure's own rule and not by the local Azure's tables.

A permission's name has the provider, the types of the resource without their names, and the verb.
Source: https://learn.microsoft.com/azure/role-based-access-control/custom-roles#how-to-determine-the-permissions-you-need
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.local_azure.front.front import Call

_VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
_NAMED_OTHERWISE = {
    # A list of one kind of configuration is read as the configuration.
    "microsoft.web/sites/config/appsettings/read": "microsoft.web/sites/config/read",
    "microsoft.web/sites/slots/config/appsettings/read": "microsoft.web/sites/slots/config/read",
}
_ARM = "management.azure.com"


def action_of(method: str, path: str) -> str:
    """Return the permission in lower case, as Azure compares names; empty for a list over all providers.

    Such a list has what the caller may see, and is never refused.
    Source: https://learn.microsoft.com/rest/api/resources/resources/list
    """
    if "/providers/" not in path:
        return ""
    provider, *below = path.strip("/").rpartition("providers/")[2].split("/")
    verb = _VERBS[method] if method != "POST" else f"{below.pop()}/action"
    action = "/".join([provider, *below[::2], verb]).lower()
    return _NAMED_OTHERWISE.get(action, action)


def actions_of(calls: Iterable[Call]) -> set[str]:
    """Return the permissions that the agent's calls to Resource Manager take."""
    asked = {action_of(one.method, one.path) for one in calls if one.origin == "agent" and one.host == _ARM}
    return asked - {""}


def refused(calls: Iterable[Call]) -> set[str]:
    """Return the permissions that were missing where the agent's calls were refused."""
    return actions_of(one for one in calls if one.status == 403)
