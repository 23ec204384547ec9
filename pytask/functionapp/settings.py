"""The app's settings, as far as the connection may read them. Their values are never printed.

Source: https://learn.microsoft.com/rest/api/appservice/web-apps/list-application-settings
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.cloud.arm import Arm

_READ_OR_NOT = frozenset({200, 401, 403})
_READ = 200


def settings_notes(settings: Mapping[str, str] | None) -> tuple[str, ...]:
    """Give what goes undone where the settings may not be read."""
    if settings is not None:
        return ()
    undone = "its own start limit is not heeded, and there is no release annotation"
    return (f"the connection may not read the app's settings: {undone}",)


def read_settings(arm: Arm, path: str) -> Mapping[str, str] | None:
    """Give the app's settings by name; None when the connection may not read them."""
    answer = arm.send("POST", f"{path}/config/appsettings/list", doing="read the app's settings", accept=_READ_OR_NOT)
    if answer.status_code != _READ:
        return None
    return {str(name): str(value) for name, value in (answer.json().get("properties") or {}).items()}
