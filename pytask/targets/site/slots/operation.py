"""Sending a swap, and seeing how it ends.

Azure answers 202 and names an operation. Its end is 200, or the failure's own status: 417 when the slot did not answer
before the swap. A swap must not be sent twice, as the second one undoes the first, so a lost answer is settled by
Azure's record of the last swap.
Sources: https://learn.microsoft.com/rest/api/appservice/web-apps/swap-slot-with-production and
https://github.com/Azure/azure-functions-host/issues/8969
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from pytask.clock import Deadline
from pytask.cloud.answers import correlation_id, error_of, refusal
from pytask.cloud.arm import WEB_VERSION, ArmCall
from pytask.cloud.http import Call, request, server_time
from pytask.decode import Unreadable, decode_object, object_at, text_at
from pytask.errors import TaskFailure
from pytask.errors.azure import AzureRefused, OperationInProgress
from pytask.errors.swap import SwapFailed, SwapUnfinished
from pytask.network.place import is_address
from pytask.network.retry import asked_wait, poll_wait
from pytask.targets.site.slots.state import PRODUCTION, slots_if_seen

if TYPE_CHECKING:
    from datetime import datetime

    from azure.core.rest import HttpResponse

    from pytask.cloud.arm import Arm
    from pytask.targets.site.slots.state import SlotsNow

_EVERY_ANSWER = frozenset(range(100, 600))
_DOING = "swap the slot with production"
_BUSY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS})
_GAVE_UP = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.EXPECTATION_FAILED})
_LOST = "the answer to the swap was lost"
_NOT_SHOWN = "an answer says that the swap was made, but the slots do not show it"
_ENDED = "Azure's operation has ended and both slots are as before; this connection may not read why"
_CANNOT = "cannot swap"
"""https://github.com/microsoft/azure-pipelines-tasks/issues/13003 (400), issues/19273 (417)"""
_NOBODY_TELLS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A swap that was sent."""

    before: SlotsNow
    """Both slots just before."""
    sent_at: float
    """Monotonic clock just before the call."""
    written: datetime
    """When Azure answered, by its own clock."""
    operation: str
    """Where Azure tells how it ends; empty when it does not say."""
    done: bool = False
    """Whether Azure's answer says that it was made at once."""
    doubt: str = ""
    """Why it is not certain that Azure has begun; empty when it is."""


def send(arm: Arm, before: SlotsNow) -> Sent:
    """Send the swap once.

    Raises:
        OperationInProgress: when Azure is busy; then nothing was begun.
        TaskFailure: when Azure refuses.
    """
    clock = arm.http.clock
    call = ArmCall(
        "POST",
        f"{before.slot.resource_id}/slotsswap",
        doing=_DOING,
        body={"targetSlot": PRODUCTION, "preserveVnet": True},
        besides=_BUSY | _GAVE_UP,
        attempts=1,
    )
    sent_at = clock.monotonic()
    try:
        answer = arm.http.send(call.in_version(min(WEB_VERSION, arm.newest.get("microsoft.web", WEB_VERSION))))
    except TaskFailure as failure:
        if not failure.leaves_open:
            raise
        arm.http.say(f"the answer to the swap was lost ({failure}); looking for the swap instead of sending it again")
        return Sent(before=before, sent_at=sent_at, written=clock.now(), operation="", doubt=_LOST)
    _raise_if_refused(arm, before, answer)
    link = answer.headers.get("Location", "")
    return Sent(
        before=before,
        sent_at=sent_at,
        written=server_time(answer, clock.now()),
        operation=link if is_address(link) else "",
        done=answer.status_code != HTTPStatus.ACCEPTED,
    )


def wait(arm: Arm, sent: Sent) -> None:
    """Wait until the swap was made.

    Raises:
        SwapFailed: when Azure gave it up.
        SwapUnfinished: when that is not known.
    """
    clock, timeouts = arm.http.clock, arm.http.timeouts
    deadline, told_at = Deadline(clock, sent.sent_at + timeouts.swap), clock.monotonic()
    link, seen, shown_at = sent.operation, _Seen(link="", seconds=timeouts.first_poll, done=sent.done), None
    while not (seen.done and _is_made(arm, sent)):
        if seen.done:  # or a front end has answered in Azure's place
            sent, link = replace(sent, doubt=_NOT_SHOWN), ""
        if deadline.passed() or seen.nothing_begun:
            raise _unfinished(sent, timeouts.swap if deadline.passed() else timeouts.lost_swap, seen.words)
        clock.sleep(min(deadline.left(), seen.seconds))
        seen = _look(arm, sent, link)
        link, shown_at = seen.link, clock.monotonic() if seen.shown else shown_at
        if seen.idle and not link and shown_at is not None and clock.monotonic() - shown_at >= timeouts.lost_swap:
            raise SwapFailed(app=sent.before.production.name, slot=sent.before.slot.title, detail=_ENDED)
        if clock.monotonic() - told_at >= timeouts.progress:
            told_at = clock.monotonic()
            waited = int(told_at - sent.sent_at)
            arm.http.say(f"  {waited // 60}:{waited % 60:02d}   {seen.words}")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    """What one look shows."""

    link: str
    """Where to look next; empty when the operation cannot be followed any more."""
    seconds: float
    """Until the next look."""
    words: str = "Azure is swapping the slots"
    done: bool = False
    shown: bool = False
    """Whether Azure shows that an operation on production is under way."""
    idle: bool = False
    """Whether Azure shows none, and both slots are as before."""
    nothing_begun: bool = False
    """Whether Azure shows no sign of the swap, long after it was sent."""


def _look(arm: Arm, sent: Sent, link: str) -> _Seen:
    """Look at the operation, or where it does not tell, at the slots themselves."""
    seconds = arm.http.timeouts.swap_poll
    answer = _asked(arm, link) if link else None
    if answer is None or (answer.status_code >= HTTPStatus.BAD_REQUEST and not _is_the_end(answer)):
        kept = "" if answer is not None and answer.status_code in _NOBODY_TELLS else link
        waits = poll_wait(arm.http.timeouts, answer.status_code, answer.headers, arm.http.clock.now()) if answer else 0
        return _look_at_slots(arm, sent, kept, max(seconds, waits))
    if _is_the_end(answer):
        _raise_unless_made(arm, sent, _gave_up(sent.before, answer))
    going = answer.status_code == HTTPStatus.ACCEPTED or _status_in(answer) in {"inprogress", "running", "created"}
    after = answer.headers.get("Location", link)
    asked = asked_wait(answer.headers, arm.http.clock.now())
    return _Seen(link=after if is_address(after) else link, seconds=asked or seconds, done=not going)


def _is_made(arm: Arm, sent: Sent) -> bool:
    """Tell whether the slots show the swap; of two that have the same image, only Azure's record could."""
    before = sent.before
    now = slots_if_seen(arm, before.production, before.slot)
    if now is None:
        return False
    return now.was_swapped_since(before) or now.is_exchange_of(before)


def _asked(arm: Arm, link: str) -> HttpResponse | None:
    """Return the answer about the operation; None when it is lost."""
    call = Call(
        request=request("GET", link),
        doing="follow the swap",
        accept=_EVERY_ANSWER,
        attempts=arm.http.timeouts.poll_attempts,
    )
    try:
        return arm.http.send(call)
    except TaskFailure:
        return None


def _look_at_slots(arm: Arm, sent: Sent, link: str, seconds: float) -> _Seen:
    before = sent.before
    now = slots_if_seen(arm, before.production, before.slot)
    if now and (now.was_swapped_since(before) or (now.is_exchange_of(before) and not now.reads_like(before))):
        return _Seen(link=link, seconds=seconds, done=True)
    waited = arm.http.clock.monotonic() - sent.sent_at
    idle = now is not None and not now.busy and now.reads_like(before)
    words = "Azure does not say how the swap goes, and shows no new swap"
    nothing = idle and sent.doubt != "" and waited >= arm.http.timeouts.lost_swap
    busy = now is not None and now.busy
    return _Seen(link=link, seconds=seconds, words=words, shown=busy, idle=idle, nothing_begun=nothing)


def _raise_if_refused(arm: Arm, before: SlotsNow, answer: HttpResponse) -> None:
    if answer.status_code in _GAVE_UP:
        failure = refusal(_DOING, answer)
        raise _gave_up(before, answer) if isinstance(failure, AzureRefused) else failure
    if answer.status_code not in _BUSY:
        return
    failure = refusal(_DOING, answer)
    arm.http.clock.sleep(poll_wait(arm.http.timeouts, answer.status_code, answer.headers, arm.http.clock.now()))
    if isinstance(failure, AzureRefused | OperationInProgress):
        raise OperationInProgress(doing=_DOING, detail=failure.detail, correlation_id=failure.correlation_id)
    raise failure


def _is_the_end(answer: HttpResponse) -> bool:
    """Tell whether an answer about the operation says that Azure gave the swap up, and not only that it is not told."""
    if answer.status_code < HTTPStatus.BAD_REQUEST:
        return _status_in(answer) in {"failed", "canceled"}
    return answer.status_code == HTTPStatus.EXPECTATION_FAILED or _CANNOT in error_of(answer)[1].lower()


def _gave_up(before: SlotsNow, answer: HttpResponse) -> SwapFailed:
    code, message = error_of(answer)
    detail = f"{code}: {message}" if code else message
    correlation = correlation_id(answer)
    slot, app = before.slot.title, before.production.name
    return SwapFailed(app=app, slot=slot, detail=f"{detail} ({answer.status_code})", correlation_id=correlation)


def _raise_unless_made(arm: Arm, sent: Sent, failure: SwapFailed) -> None:
    """Raise the failure, unless the slots show that the swap was made; say whether they are as before."""
    now = slots_if_seen(arm, sent.before.production, sent.before.slot)
    if now and now.was_swapped_since(sent.before):
        return
    failure.leaves_open = now is None or not now.reads_like(sent.before)
    raise failure


def _status_in(answer: HttpResponse) -> str:
    """Return the status of an operation in the form of Resource Manager; empty for a site."""
    body = decode_object(answer.content)
    if isinstance(body, Unreadable):
        return ""
    return text_at(body, "status").lower() if not object_at(body, "properties") else ""


def _unfinished(sent: Sent, seconds: float, words: str) -> SwapUnfinished:
    app, slot = sent.before.production.name, sent.before.slot.title
    detail = f"{words}; {sent.doubt}" if sent.doubt else words
    return SwapUnfinished(app=app, slot=slot, minutes=f"{seconds / 60:g}", detail=detail)
