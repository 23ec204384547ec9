"""The Functions host inside the app, asked through ARM: no key is needed, and no way in from the agent's network.

Source: https://learn.microsoft.com/azure/azure-functions/functions-how-to-use-azure-function-app-settings and
https://github.com/Azure/azure-functions-host/wiki/Admin-API
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pytask.cloud.http import server_time
from pytask.model import Function, HostProcess

if TYPE_CHECKING:
    from pytask.cloud.arm import Arm

_NOT_UP = 400
_MAY_NOT = 403
_FORBIDDEN = frozenset({401, _MAY_NOT, 404})
_ANSWERS = frozenset({200, 204, _NOT_UP, *_FORBIDDEN, 500, 502, 503, 504})
_FINE = frozenset({200, 204})


class NotAllowed(Exception):  # noqa: N818 - not an error of the run: a step that cannot be taken
    """The connection may not see this; the step of the proof cannot be taken."""


def host_process(arm: Arm, path: str) -> HostProcess | None:
    """Give the process of the Functions host that answers; None while none does.

    Raises:
        NotAllowed: when the connection may not ask.
    """
    clock = arm.door.clock
    asked_at = clock.monotonic()
    answer = arm.send("GET", f"{path}/host/default/properties/status", doing="ask the Functions host", accept=_ANSWERS)
    if answer.status_code in _FORBIDDEN:
        raise NotAllowed(f"the host's status answered {answer.status_code}")
    if answer.status_code not in _FINE:
        return None
    status: dict[str, Any] = answer.json().get("properties", {})
    uptime = float(status.get("processUptime") or 0) / 1000
    return HostProcess(
        instance=str(status.get("instanceId") or status.get("computerName") or ""),
        started=server_time(answer, clock.now()) - timedelta(seconds=uptime),
        started_after=asked_at - uptime,
        state=str(status.get("state") or ""),
        version=str(status.get("version") or ""),
        errors=tuple(str(error) for error in status.get("errors") or ()),
    )


def count_instances(arm: Arm, path: str) -> int | None:
    """Give how many instances the app runs on; None while Azure does not say.

    Source: https://learn.microsoft.com/rest/api/appservice/web-apps/list-instance-identifiers

    Raises:
        NotAllowed: when the connection may not ask.
    """
    answer = arm.send("GET", f"{path}/instances", doing="count the instances", accept=_ANSWERS)
    if answer.status_code in _FORBIDDEN:
        raise NotAllowed(f"a new process answers; how many instances there are answered {answer.status_code}")
    return len(answer.json().get("value", [])) if answer.status_code in _FINE else None


def function_key(arm: Arm, path: str, function: str) -> str:
    """Give the function's own key; empty when it has none. The host's master key is never asked for.

    Source: https://learn.microsoft.com/rest/api/appservice/web-apps/list-function-keys

    Raises:
        NotAllowed: when the connection may not ask.
    """
    answer = arm.send("POST", f"{path}/functions/{function}/listkeys", doing="read the function's key", accept=_ANSWERS)
    if answer.status_code in _FORBIDDEN:
        raise NotAllowed(f"the function's key answered {answer.status_code}")
    keys = answer.json() if answer.status_code in _FINE else {}
    return str(keys.get("default") or next(iter(keys.values()), ""))


def sync_triggers(arm: Arm, path: str) -> bool:
    """Make the platform read the app's triggers anew, as it must before it can scale by them; tell whether we may.

    Source: https://learn.microsoft.com/rest/api/appservice/web-apps/sync-function-triggers
    """
    answer = arm.send("POST", f"{path}/syncfunctiontriggers", doing="sync the triggers", accept=_ANSWERS)
    return answer.status_code not in _FORBIDDEN


def list_functions(arm: Arm, path: str) -> tuple[Function, ...]:
    """Give the functions that the host lists.

    Source: https://learn.microsoft.com/rest/api/appservice/web-apps/list-functions

    Raises:
        NotAllowed: when the connection may not ask.
    """
    answer = arm.send("GET", f"{path}/functions", doing="list the functions", accept=_ANSWERS)
    if answer.status_code in _FORBIDDEN:
        raise NotAllowed(f"the list of functions answered {answer.status_code}")
    return tuple(_function(item) for item in answer.json().get("value", [])) if answer.status_code in _FINE else ()


def durable_notes(arm: Arm, path: str) -> tuple[str, ...]:
    """Give what should be known of an app that runs Durable Functions at present.

    Source: https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-versioning
    """
    try:
        functions = list_functions(arm, path)
    except NotAllowed:
        return ()
    durable = [one.name for one in functions if one.trigger.lower() in {"orchestrationtrigger", "entitytrigger"}]
    told = f"{', '.join(durable)}: orchestrations that are under way go on with the code of the new image"
    return (told,) if durable else ()


def container_log(arm: Arm, path: str) -> str:
    """Give the app's log with the platform's own lines; empty while there is none.

    Source: https://learn.microsoft.com/rest/api/appservice/web-apps/get-web-site-container-logs

    Raises:
        NotAllowed: when the connection may not ask.
    """
    answer = arm.send("POST", f"{path}/containerlogs", doing="read the platform's log", accept=_ANSWERS)
    if answer.status_code in _FORBIDDEN:
        raise NotAllowed(f"the platform's log answered {answer.status_code}")
    return answer.text() if answer.status_code in _FINE else ""


def _function(item: dict[str, Any]) -> Function:
    properties = item.get("properties", {})
    bindings = (properties.get("config") or {}).get("bindings") or []
    triggers = (binding for binding in bindings if str(binding.get("type", "")).lower().endswith("trigger"))
    trigger: dict[str, Any] = next(triggers, {})
    return Function(
        name=str(properties.get("name") or str(item.get("name", "")).rpartition("/")[2]),
        trigger=str(trigger.get("type", "")),
        url=str(properties.get("invoke_url_template") or ""),
        needs_key=str(trigger.get("authLevel", "function")).lower() != "anonymous",
        disabled=bool(properties.get("isDisabled")),
    )
