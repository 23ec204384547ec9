"""Polling Azure while something starts. The result is a value, not yet, or not allowed.

Every answer becomes one of the three, and none ends the run. While a Functions host starts, Azure returns 400, 408,
502, 503 or 504, or an HTML page of its front end:
https://github.com/hashicorp/terraform-provider-azurerm/blob/main/internal/services/appservice/helpers/function_app_schema.go
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from azure.core.exceptions import AzureError

from pytask.decode import Unreadable, decode_object, objects_at
from pytask.errors import TaskFailure
from pytask.network.retry import poll_wait

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.core.rest import HttpResponse

    from pytask.cloud.arm import Arm, ArmCall
    from pytask.decode import JSONObject

T = TypeVar("T")

_EVERY_ANSWER = frozenset(range(100, 600))


@dataclass(frozen=True, slots=True)
class Seen(Generic[T]):
    """The value in Azure's answer."""

    value: T


@dataclass(frozen=True, slots=True)
class NotYet:
    """Azure did not return the value; it may do so later."""

    reason: str
    empty: bool = False
    """Whether Azure did return a list, which is empty so far."""


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """The connection may not see this, or it does not exist."""

    reason: str


Reading: TypeAlias = Seen[T] | NotYet | NotAllowed
NOT_ASKED = NotYet("")
"""The result before the first poll."""


def poll(arm: Arm, call: ArmCall, read: Callable[[HttpResponse], T | None]) -> Reading[T]:
    """Ask Azure once; `read` returns the value in an answer, or None when the answer has no such value.

    Neither an answer nor an outage raises anything: the caller polls again until its deadline.
    """
    try:
        answer = arm.send(replace(call, besides=_EVERY_ANSWER, attempts=arm.http.timeouts.poll_attempts))
        _wait_as_asked(arm, answer)
        if answer.status_code in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
            return NotAllowed(f"Azure returned {answer.status_code} for '{call.doing}'")
        if answer.status_code not in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}:
            return NotYet(f"Azure returned {answer.status_code} for '{call.doing}'")
        value = read(answer)
    except TaskFailure as failure:
        return NotYet(str(failure))
    except (AzureError, ValueError) as error:
        return NotYet(f"Azure's response to '{call.doing}' cannot be read ({type(error).__name__})")
    return Seen(value) if value is not None else NotYet(f"Azure's response to '{call.doing}' cannot be read")


def asked_once(arm: Arm) -> Arm:
    """Return Resource Manager for a single poll without repetition, which gets as many attempts as any other call."""
    timeouts = replace(arm.http.timeouts, poll_attempts=arm.http.timeouts.http_attempts)
    return replace(arm, http=replace(arm.http, timeouts=timeouts))


def _wait_as_asked(arm: Arm, answer: HttpResponse) -> None:
    """Wait as a throttled answer asks, up to the longest usual wait, because the caller's deadline is unknown here."""
    http = arm.http
    if seconds := poll_wait(http.timeouts, answer.status_code, answer.headers, http.clock.now()):
        http.clock.sleep(seconds)


def read_object(answer: HttpResponse) -> JSONObject | None:
    """Return the JSON object in an answer; None when it is anything else."""
    value = decode_object(answer.content)
    return None if isinstance(value, Unreadable) else value


def read_items(answer: HttpResponse) -> list[JSONObject] | None:
    """Return the objects of a list from ARM; None when the answer is not a list."""
    body = read_object(answer) or {}
    return objects_at(body, "value") if isinstance(body.get("value"), list) else None
