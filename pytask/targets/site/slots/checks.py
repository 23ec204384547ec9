"""The checks of production after a swap, in order.

From the platform: both configurations are exchanged, and its own record of the swap is newer than our call. From the
container, counting only beside those: its host runs, its functions are listed, the smoke test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.cloud.poll import NotAllowed, NotYet, Seen
from pytask.errors.start import NotUpInTime
from pytask.errors.swap import SlotsNotExchanged
from pytask.model.evidence import Failed, Passed, Pending, Unavailable
from pytask.targets.site.checks import judge_functions
from pytask.targets.site.host_check import explain_host
from pytask.targets.site.slots.state import is_newer
from pytask.targets.site.start_failure import explain
from pytask.targets.watch import judge_answer
from pytask.verification import Check

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.clock import Timeouts
    from pytask.errors.start import StartFailure
    from pytask.model.evidence import Evidence
    from pytask.targets.site.slots.observation import Observation, Question, SiteSwapped
    from pytask.targets.site.slots.state import SlotsNow

CONFIGURATIONS, RECORD, HOST = "both configurations", "swap", "Functions host"
FUNCTIONS, SMOKE_TEST = "functions", "smoke test"
_STOPPED = Unavailable("the app is stopped")


def checks(question: Question, timeouts: Timeouts) -> tuple[Check[Observation], ...]:
    """Return the checks of production after a swap, in order."""
    judges: list[tuple[str, Callable[[Question, Timeouts, Observation], Evidence]]] = [
        (CONFIGURATIONS, _judge_configurations),
        (RECORD, _judge_record),
        (HOST, _judge_host),
        (FUNCTIONS, _judge_functions),
    ]
    judges += [(SMOKE_TEST, _judge_smoke_test)] if question.smoke_test else []

    def check(name: str, judge: Callable[[Question, Timeouts, Observation], Evidence]) -> Check[Observation]:
        def judged(seen: Observation, _earlier: Mapping[str, Evidence]) -> Evidence:
            stopped = question.swapped.app.stopped and name not in {CONFIGURATIONS, RECORD}
            return _STOPPED if stopped else judge(question, timeouts, seen)

        return Check(name=name, judge=judged)

    return tuple(check(name, judge) for name, judge in judges)


def not_exchanged(swapped: SiteSwapped, now: SlotsNow) -> StartFailure | None:
    """Return the failure when the two are not configured with each other's image; None when they are."""
    before = swapped.before
    wanted = (before.slot.fx_version, before.production.fx_version)
    found = (now.production.fx_version, now.slot.fx_version)
    if now.is_exchange_of(before):
        return None
    return SlotsNotExchanged(
        app=swapped.app.title, reference=swapped.reference, wanted=_both(wanted), found=_both(found)
    )


def _both(images: tuple[str, str]) -> str:
    return f"{images[0] or 'nothing'} in production and {images[1] or 'nothing'} in the slot"


def _judge_configurations(question: Question, timeouts: Timeouts, seen: Observation) -> Evidence:
    if seen.slots is None:
        return Pending(reason="the configurations of the slots cannot be read")
    if failure := not_exchanged(question.swapped, seen.slots):
        return Failed(failure=failure, stands_for=timeouts.settled_failure)
    swapped = question.swapped
    return Passed(f"production reads {swapped.before.slot.fx_version}, and the slot what production had")


def _judge_record(question: Question, timeouts: Timeouts, seen: Observation) -> Evidence:
    before = question.swapped.before
    if seen.slots is None:
        return Pending(reason="Azure's record of the swap cannot be read")
    last = seen.slots.last_swap
    if is_newer(last, before) and last:
        return Passed(f"Azure swapped {before.slot.slot} with production at {last.at:%H:%M:%S}Z")
    return Pending(reason="Azure shows no record of the swap yet", alone_for=timeouts.settled_failure)


def _judge_host(question: Question, timeouts: Timeouts, seen: Observation) -> Evidence:
    app, reference = question.swapped.app.title, question.swapped.reference
    if isinstance(seen.host, NotAllowed):
        return Unavailable(f"the host's status cannot be read: {seen.host.reason}")
    if isinstance(seen.host, Seen):
        status = seen.host.value
        if failure := explain_host(status, app=app, reference=reference, settings=question.settings):
            return Failed(failure=failure, stands_for=timeouts.settled_failure)
        if status.running:
            return Passed(f"Functions host {status.version} is running")
    return _judge_start(question, timeouts, seen)


def _judge_start(question: Question, timeouts: Timeouts, seen: Observation) -> Evidence:
    """Judge a host that does not answer by the platform's log, which tells of a start after the swap."""
    app, reference = question.swapped.app.title, question.swapped.reference
    attempt = seen.log.value.latest() if isinstance(seen.log, Seen) else None
    if attempt is None:
        return Pending(reason="the Functions host of production does not respond")
    if attempt.failure:
        failure = explain(attempt, app=app, reference=reference, settings=question.settings)
        return Failed(failure=failure, stands_for=timeouts.settled_failure)
    minutes, since = f"{question.seconds / 60:g}", f"{attempt.phase()}, since {attempt.began:%H:%M:%S}Z"
    late = NotUpInTime(app=app, reference=reference, minutes=minutes, seen=since) if attempt.ready_at is None else None
    return Pending(reason=attempt.phase(), at_deadline=late)


def _judge_functions(question: Question, _timeouts: Timeouts, seen: Observation) -> Evidence:
    if not seen.host_settled:
        return Pending(reason="")
    return judge_functions(question.swapped, seen.functions, seen.listed)


def _judge_smoke_test(question: Question, timeouts: Timeouts, seen: Observation) -> Evidence:
    test = question.smoke_test
    if test is None or not (seen.host_settled and seen.functions_settled):
        return Pending(reason="")
    if isinstance(seen.answer, NotAllowed):
        return Unavailable(seen.answer.reason)
    if isinstance(seen.answer, NotYet):
        return Pending(reason=seen.answer.reason, alone_for=timeouts.settled_failure)
    return judge_answer(question.swapped, test, seen.answer.value)
