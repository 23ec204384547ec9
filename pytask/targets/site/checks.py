"""The checks of a site's verification, in order.

HTTP 200 or `state=Running` alone is not evidence: App Service keeps serving the old container until the new one is
ready, and when a pull fails it may start an old image again. Evidence from the platform, which no container can forge,
is the configuration and the image that this start pulled and started. Evidence from the container counts only together
with that: its host is a new process on every instance, lists functions, and answers the smoke test.
Source: https://learn.microsoft.com/azure/app-service/configure-custom-container#i-dont-see-the-updated-container
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.cloud.poll import NotAllowed, NotYet
from pytask.errors.foreign import listed
from pytask.errors.start import NoFunctions
from pytask.model.evidence import Failed, Passed, Pending, Unavailable
from pytask.targets.site.confirm import difference
from pytask.targets.site.host_check import judge_host
from pytask.targets.site.image_check import judge_image
from pytask.targets.site.site import IMAGE_PROPERTY
from pytask.targets.watch import judge_answer
from pytask.verification import Check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.clock import Timeouts
    from pytask.cloud.poll import Reading
    from pytask.model import Function, Update
    from pytask.model.evidence import Evidence
    from pytask.targets.site.observed import Observation, Question
    from pytask.targets.site.site import SiteUpdate

CONFIGURATION, IMAGE, HOST = "configuration", "image digest", "restarted host"
FUNCTIONS, SMOKE_TEST = "functions", "smoke test"
_STOPPED = Unavailable("the app is stopped")
_NOTHING_TELLS = Unavailable("this connection cannot see which image responds")


def checks(question: Question, timeouts: Timeouts) -> tuple[Check[Observation], ...]:
    """Return the checks of a verification, in order."""

    def configuration(seen: Observation, _earlier: Mapping[str, Evidence]) -> Evidence:
        return _judge_configuration(question.update, seen)

    def image(seen: Observation, _earlier: Mapping[str, Evidence]) -> Evidence:
        return judge_image(question, timeouts, seen)

    def host(seen: Observation, earlier: Mapping[str, Evidence]) -> Evidence:
        return judge_host(question, timeouts, seen, image_runs=isinstance(earlier[IMAGE], Passed))

    def functions(seen: Observation, earlier: Mapping[str, Evidence]) -> Evidence:
        return _judge_functions(question, seen, earlier)

    def smoke_test(seen: Observation, earlier: Mapping[str, Evidence]) -> Evidence:
        return _judge_smoke_test(question, timeouts, seen, earlier)

    made = [(CONFIGURATION, configuration), (IMAGE, image), (HOST, host), (FUNCTIONS, functions)]
    made += [(SMOKE_TEST, smoke_test)] if question.smoke_test else []
    if question.update.app.stopped:
        made = [made[0], *((name, lambda *_: _STOPPED) for name, _ in made[1:])]
    return tuple(Check(name=name, judge=judged) for name, judged in made)


def new_image_runs(earlier: Mapping[str, Evidence]) -> bool:
    """Tell whether the new image is running, by its host's process or else only by the platform's log."""
    if isinstance(earlier[HOST], Passed):
        return True
    return isinstance(earlier[HOST], Unavailable) and isinstance(earlier[IMAGE], Passed)


def _judge_configuration(update: SiteUpdate, seen: Observation) -> Evidence:
    found = seen.configuration
    if isinstance(found, NotYet):
        return Pending(reason=found.reason)
    if isinstance(found, NotAllowed):
        return Unavailable(found.reason)
    failure = difference(update, found.value)
    return Failed(failure=failure) if failure else Passed(f"{IMAGE_PROPERTY} reads {update.fx_version}")


def _judge_functions(question: Question, seen: Observation, earlier: Mapping[str, Evidence]) -> Evidence:
    if _nobody_tells(earlier):
        return _NOTHING_TELLS
    if not new_image_runs(earlier):
        return Pending(reason="")
    return judge_functions(question.update, seen.functions, seen.listed)


def judge_functions(update: Update, functions: Reading[tuple[Function, ...]], seen: tuple[Function, ...]) -> Evidence:
    """Return the evidence of a list of functions that can only be the image's; `seen` are those listed so far."""
    if isinstance(functions, NotAllowed):
        return Unavailable(functions.reason)
    if isinstance(functions, NotYet):
        return Pending(reason=functions.reason)
    if not seen:
        failure = NoFunctions(app=update.app.title, reference=update.reference)
        return Pending(reason="no functions are listed yet", at_deadline=failure)
    return Passed(listed(f"{one.name} ({one.trigger or 'no trigger'})" for one in seen))


def _judge_smoke_test(
    question: Question, timeouts: Timeouts, seen: Observation, earlier: Mapping[str, Evidence]
) -> Evidence:
    test = question.smoke_test
    if _nobody_tells(earlier):
        return _NOTHING_TELLS
    if test is None or not (new_image_runs(earlier) and seen.functions_settled):
        return Pending(reason="")
    if isinstance(seen.answer, NotAllowed):
        return Unavailable(seen.answer.reason)
    if isinstance(seen.answer, NotYet):
        return Pending(reason=seen.answer.reason, alone_for=timeouts.settled_failure)
    return judge_answer(question.update, test, seen.answer.value)


def _nobody_tells(earlier: Mapping[str, Evidence]) -> bool:
    return isinstance(earlier[HOST], Unavailable) and isinstance(earlier[IMAGE], Unavailable)
