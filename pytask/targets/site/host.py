"""The Functions host inside the app, called through ARM, which needs no key and no network access to the app.

The answer comes from the host in the user's image, which can say anything, so it counts only together with the
platform's log. There are two routes: `hostruntime` passes the host's own answer through;
`host/default/properties/status` returns a typed copy, which may lack the process's start and the instance.
Sources: https://github.com/Azure/azure-functions-host/wiki/Admin-API,
https://github.com/Azure/azure-functions-host/issues/4741 (processUptime),
https://github.com/Azure/azure-functions-ux/blob/dev/client-react/src/models/functions/host-status.ts (the typed copy)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytask.cloud.arm import ArmCall
from pytask.cloud.poll import NotAllowed, Seen, poll, read_object
from pytask.decode import number_at, object_at, text_at, texts_at
from pytask.errors.foreign import beginning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.core.rest import HttpResponse

    from pytask.cloud.arm import Arm
    from pytask.cloud.poll import Reading

_DOING = "read the state of the Functions host"
_RUNTIME_VERSION = "2022-03-01"
_STATES = frozenset({"default", "initialized", "running", "error", "offline"})
"""https://github.com/Azure/azure-functions-host/blob/dev/src/WebJobs.Script/ScriptHostState.cs"""
_LONGEST_UPTIME = 10 * 365 * 86400.0
_LONGEST_TEXT = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class HostStatus:
    """The status of one process of the Functions host."""

    state: str
    """Default, Initialized, Running, Error, or Offline."""
    version: str
    instance: str
    """The instance that answered; empty when the answer does not say."""
    uptime: float | None
    """Seconds since the process started; None when the answer does not say."""
    errors: tuple[str, ...]
    asked_at: float = 0.0
    """Monotonic clock just before the call."""

    @property
    def running(self) -> bool:
        """Whether the host is running."""
        return self.state.lower() == "running"

    def is_newer_than(self, moment: float) -> bool | None:
        """Tell whether the process started after a moment of the monotonic clock; None when that is unknown."""
        return None if self.uptime is None else self.asked_at - self.uptime >= moment


def host_status(arm: Arm, path: str) -> Reading[HostStatus]:
    """Return the host's status; the typed copy when its own answer may not be requested."""
    asked_at = arm.http.clock.monotonic()
    way = f"{path}/hostruntime/admin/host/status"
    found = poll(arm, ArmCall("GET", way, doing=_DOING, api_version=_RUNTIME_VERSION), _own_answer)
    if isinstance(found, NotAllowed):
        asked_at = arm.http.clock.monotonic()
        copy = f"{path}/host/default/properties/status"
        found = poll(arm, ArmCall("GET", copy, doing=_DOING), _typed_copy)
    return Seen(replace(found.value, asked_at=asked_at)) if isinstance(found, Seen) else found


def _own_answer(answer: HttpResponse) -> HostStatus | None:
    return read_status(read_object(answer) or {})


def _typed_copy(answer: HttpResponse) -> HostStatus | None:
    return read_status(object_at(read_object(answer), "properties"))


def read_status(fields: Mapping[str, object]) -> HostStatus | None:
    """Return the status in an answer's fields; None when they are not a status."""
    state = text_at(fields, "state")
    if state.lower() not in _STATES:
        return None
    return HostStatus(
        state=state,
        version=beginning(text_at(fields, "version"), _LONGEST_TEXT),
        instance=text_at(fields, "instanceId")[:_LONGEST_TEXT],
        uptime=_seconds(number_at(fields, "processUptime")),
        errors=tuple(beginning(error, _LONGEST_TEXT) for error in texts_at(fields, "errors")),
    )


def _seconds(milliseconds: float | None) -> float | None:
    """Return an uptime in seconds; None for an impossible value."""
    possible = milliseconds is not None and 0 <= milliseconds <= _LONGEST_UPTIME * 1000
    return milliseconds / 1000 if milliseconds is not None and possible else None
