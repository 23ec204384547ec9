"""The checks of a container app's verification, in order.

The end of the update is no evidence: Azure reports success while the new revision is still starting, or never starts.
Evidence from the platform is that the revision that this run named has exactly this image, that it became the latest
ready one, and that it has ready replicas. Evidence from the container (functions, smoke test) counts only together with
that.
Source: https://learn.microsoft.com/azure/container-apps/revisions
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.cloud.poll import NotAllowed, NotYet, Seen
from pytask.errors.container_app import ContainerImageNotSet, RevisionNotReady, RevisionWithoutFunctions
from pytask.errors.foreign import listed
from pytask.model.evidence import Failed, Passed, Pending, Unavailable
from pytask.model.reference import ImageReference
from pytask.targets.container_app.explain import explain
from pytask.targets.watch import judge_answer
from pytask.verification import Check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.clock import Timeouts
    from pytask.errors.start import StartFailure
    from pytask.model.evidence import Evidence
    from pytask.targets.container_app.observed import Observation, Question

CONFIGURATION, IMAGE, REPLICAS = "configuration", "image of the revision", "ready replicas"
FUNCTIONS, SMOKE_TEST = "functions", "smoke test"
_STOPPED = Unavailable("the app is stopped")
_LOOPS = 2
"""This many restarts are a crash loop; a single one may have happened before a dependency was ready."""


def checks(question: Question, timeouts: Timeouts) -> tuple[Check[Observation], ...]:
    """Return the checks of a verification, in order."""

    def configuration(seen: Observation, _earlier: Mapping[str, Evidence]) -> Evidence:
        return _judge_configuration(question, seen)

    def image(seen: Observation, _earlier: Mapping[str, Evidence]) -> Evidence:
        return _judge_image(question, seen)

    def replicas(seen: Observation, _earlier: Mapping[str, Evidence]) -> Evidence:
        return _judge_replicas(question, timeouts, seen)

    def functions(seen: Observation, earlier: Mapping[str, Evidence]) -> Evidence:
        return _judge_functions(question, timeouts, seen, earlier)

    def smoke_test(seen: Observation, earlier: Mapping[str, Evidence]) -> Evidence:
        return _judge_smoke_test(question, timeouts, seen, earlier)

    made = [(CONFIGURATION, configuration), (IMAGE, image), (REPLICAS, replicas), (FUNCTIONS, functions)]
    made += [(SMOKE_TEST, smoke_test)] if question.smoke_test else []
    if question.update.app.stopped:
        made = [made[0], *((name, lambda *_: _STOPPED) for name, _ in made[1:])]
    return tuple(Check(name=name, judge=judged) for name, judged in made)


def difference(question_app: str, reference: str, found: str) -> StartFailure | None:
    """Return the failure when a template has another image than the one that was written; None when it does not."""
    if found == reference:
        return None
    return ContainerImageNotSet(app=question_app, reference=reference, wanted=reference, found=found or "nothing")


def _judge_configuration(question: Question, seen: Observation) -> Evidence:
    update = question.update
    if seen.operation_failed:
        return Failed(failure=explain(update, seen))
    if isinstance(seen.app, NotYet):
        return Pending(reason=seen.app.reason)
    if isinstance(seen.app, NotAllowed):
        return Unavailable(seen.app.reason)
    failure = difference(update.app.title, update.reference, seen.app.value.image)
    return Failed(failure=failure) if failure else Passed(f"the app's template has {update.reference}")


def _judge_image(question: Question, seen: Observation) -> Evidence:
    update, revision = question.update, seen.revision
    if isinstance(revision, NotAllowed):
        return Unavailable(revision.reason)
    if isinstance(revision, NotYet):
        return Pending(reason=revision.reason)
    found = revision.value.image(update.app.container)
    if failure := difference(update.app.title, update.reference, found):
        return Failed(failure=failure)
    told = f"revision {update.revision} has {update.reference}"
    pinned = ImageReference.parse(update.reference).digest is not None
    if pinned or update.fresh_tag or question.rolls_back:
        return Passed(told)
    return Unavailable(
        f"{told}, but the tag existed before this run; use deployBy: digest to be sure which image it is"
    )


def _judge_replicas(question: Question, timeouts: Timeouts, seen: Observation) -> Evidence:
    if isinstance(seen.revision, NotAllowed):
        return Unavailable(seen.revision.reason)
    if isinstance(seen.revision, NotYet):
        return Pending(reason="")
    if seen.revision.value.is_bad or _crashes(seen):
        return Failed(failure=explain(question.update, seen), stands_for=timeouts.settled_failure)
    if seen.latest_ready() != question.update.revision:
        return _not_ready(question, seen, seen.revision.value.phase)
    return _judge_ready_revision(question, seen, seen.revision.value.phase)


def _crashes(seen: Observation) -> bool:
    """Tell whether the revision's containers restart over and over, while none of its replicas is ready."""
    return not any(one.is_ready for one in seen.running) and any(one.restarts >= _LOOPS for one in seen.running)


def _judge_ready_revision(question: Question, seen: Observation, phase: str) -> Evidence:
    """Judge the replicas of a revision that became ready; without traffic, the app may have scaled to zero again."""
    if isinstance(seen.replicas, NotAllowed):
        return Unavailable(seen.replicas.reason)
    if isinstance(seen.replicas, NotYet):
        return Pending(reason=seen.replicas.reason)
    if not seen.running:
        return Passed("the revision became ready, and has scaled to zero since")
    ready = sum(one.is_ready for one in seen.running)
    if not ready:
        return _not_ready(question, seen, phase)
    return Passed(f"the revision is ready, with {ready} of {len(seen.running)} replicas")


def _not_ready(question: Question, seen: Observation, phase: str) -> Evidence:
    """Return that the revision is not ready yet, which fails at the deadline, because the platform itself says so."""
    update = question.update
    details = next((one.details for one in seen.running if one.details), "")
    told = "; ".join(one for one in (phase, details) if one) or "the revision is not ready"
    if not isinstance(seen.app, Seen):
        return Pending(reason=told)
    if seen.events or any(one.restarts for one in seen.running):
        return Pending(reason=told, at_deadline=explain(update, seen))
    minutes = f"{question.seconds / 60:g}"
    failure = RevisionNotReady(app=update.app.title, reference=update.reference, minutes=minutes, seen=told)
    return Pending(reason=told, at_deadline=failure)


def _judge_functions(
    question: Question, timeouts: Timeouts, seen: Observation, earlier: Mapping[str, Evidence]
) -> Evidence:
    if isinstance(earlier[REPLICAS], Unavailable):
        return Unavailable("it is not known whether the new revision runs")
    if not isinstance(earlier[REPLICAS], Passed):
        return Pending(reason="")
    if isinstance(seen.functions, NotAllowed):
        return Unavailable(seen.functions.reason)
    if isinstance(seen.functions, NotYet):
        return Pending(reason=seen.functions.reason, alone_for=timeouts.functions_cache)
    if not seen.listed:
        update = question.update
        failure = RevisionWithoutFunctions(app=update.app.title, reference=update.reference)
        return Pending(reason="no functions are listed yet", at_deadline=failure)
    return Passed(listed(f"{one.name} ({one.trigger or 'no trigger'})" for one in seen.listed))


def _judge_smoke_test(
    question: Question, timeouts: Timeouts, seen: Observation, earlier: Mapping[str, Evidence]
) -> Evidence:
    test = question.smoke_test
    if isinstance(earlier[REPLICAS], Unavailable):
        return Unavailable("it is not known whether the new revision runs")
    if test is None or not isinstance(earlier[REPLICAS], Passed):
        return Pending(reason="")
    if isinstance(seen.answer, NotAllowed):
        return Unavailable(seen.answer.reason)
    if isinstance(seen.answer, NotYet):
        return Pending(reason=seen.answer.reason, alone_for=timeouts.settled_failure)
    return judge_answer(question.update, test, seen.answer.value)
