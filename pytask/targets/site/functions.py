"""The app's functions and their keys.

Azure returns the list from a cache that the host fills when the triggers are synced; until then it may be the previous
image's. Sources: https://github.com/Azure/azure-functions-host/issues/3994,
https://github.com/projectkudu/kudu/pull/2940, https://github.com/microsoft/azure-tools-for-java/pull/5739
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.cloud.arm import LARGE_ANSWER, ArmCall
from pytask.cloud.poll import Seen, poll, read_object
from pytask.decode import Unreadable, decode_object, flag_at, object_at, objects_at, text_at
from pytask.errors.foreign import listed
from pytask.model import Function

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.core.rest import HttpResponse

    from pytask.cloud.arm import Arm
    from pytask.cloud.poll import Reading


_READ = frozenset(
    ("value", "name", "properties", "config", "bindings", "type", "authLevel", "invoke_url_template", "isDisabled")
)
"""The only fields that are kept: an answer with thousands of functions has many more links and texts."""


def list_functions(arm: Arm, path: str) -> Reading[tuple[Function, ...]]:
    """Return the functions that Azure lists.

    Source: https://learn.microsoft.com/rest/api/appservice/web-apps/list-functions
    """
    call = ArmCall("GET", f"{path}/functions", doing="list the functions", most_bytes=LARGE_ANSWER)
    return poll(arm, call, _functions)


def sync_triggers(arm: Arm, path: str) -> Reading[bool]:
    """Make the platform read the app's triggers from its host, which also renews the list of functions.

    Source: https://learn.microsoft.com/rest/api/appservice/web-apps/sync-function-triggers
    """
    return poll(arm, ArmCall("POST", f"{path}/syncfunctiontriggers", doing="sync the triggers"), lambda _: True)


def function_key(arm: Arm, path: str, function: str) -> Reading[str]:
    """Return the function's own key; empty when it has none. The host's master key is never requested.

    Source: https://learn.microsoft.com/rest/api/appservice/web-apps/list-function-keys
    """
    way = f"{path}/functions/{function}/listkeys"
    return poll(arm, ArmCall("POST", way, doing="read the function's key"), _key)


def durable_notes(arm: Arm, path: str) -> tuple[str, ...]:
    """Return notes about an app that currently runs Durable Functions.

    Source: https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-versioning
    """
    found = list_functions(arm, path)
    functions = found.value if isinstance(found, Seen) else ()
    durable = [one.name for one in functions if one.trigger.lower() in {"orchestrationtrigger", "entitytrigger"}]
    line = f"{listed(durable)}: running orchestrations continue with the code of the new image"
    return (line,) if durable else ()


def _functions(answer: HttpResponse) -> tuple[Function, ...] | None:
    body = decode_object(answer.content, names=_READ)
    if isinstance(body, Unreadable) or not isinstance(body.get("value"), list):
        return None
    return tuple(_function(item) for item in objects_at(body, "value"))


def _function(item: Mapping[str, object]) -> Function:
    properties = object_at(item, "properties")
    bindings = objects_at(properties, "config", "bindings")
    trigger = next((one for one in bindings if text_at(one, "type").lower().endswith("trigger")), {})
    return Function(
        name=text_at(properties, "name") or text_at(item, "name").rpartition("/")[2],
        trigger=text_at(trigger, "type"),
        url=text_at(properties, "invoke_url_template"),
        needs_key=(text_at(trigger, "authLevel") or "function").lower() != "anonymous",
        disabled=flag_at(properties, "isDisabled") is True,
    )


def _key(answer: HttpResponse) -> str | None:
    keys = read_object(answer)
    if keys is None:
        return None
    return text_at(keys, "default") or next((key for key in keys.values() if isinstance(key, str)), "")
