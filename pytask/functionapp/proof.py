"""Proving that the app runs the image that was pushed.

HTTP 200 or `state=Running` alone is no proof: App Service goes on serving the old container until the new one is ready,
and when a pull fails it may start an old image again.
Source: https://learn.microsoft.com/azure/app-service/configure-custom-container#i-dont-see-the-updated-container
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.clock import Deadline
from pytask.errors.start import ImageNotSet, NoFunctions, NotUpInTime, PropertyNotSet, SmokeTestFailed
from pytask.functionapp.configuration import not_kept
from pytask.functionapp.find import read_configuration
from pytask.functionapp.watch import Watch
from pytask.model import Proof, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.cloud.arm import Arm, Azure
    from pytask.errors import TaskFailure
    from pytask.model import Deployment, SmokeTest

_GROWTH = 1.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is to be proved, and how long it may take."""

    deployment: Deployment
    smoke_test: SmokeTest | None
    seconds: float
    settings: Mapping[str, str] | None
    """The app's settings, to keep their values out of what is shown; None when they may not be read."""


def confirm_configuration(arm: Arm, deployment: Deployment) -> None:
    """Read the configuration back.

    Raises:
        ImageNotSet: when it names another image.
        PropertyNotSet: when something else that was written does not read so.
    """
    properties = read_configuration(arm, deployment.target.resource_id).properties
    configuration = properties.as_dict() if properties else {}
    app, found = deployment.target.title, str(configuration.get("linuxFxVersion") or "nothing")
    if found != deployment.fx_version:
        raise ImageNotSet(app=app, reference=deployment.reference, wanted=deployment.fx_version, found=found)
    if names := not_kept(configuration, deployment.beside):
        raise PropertyNotSet(app=app, reference=deployment.reference, names=", ".join(names))


def prove(azure: Azure, question: Question, say: Callable[[str], None]) -> Proof:
    """Watch the app until it runs the new image, for the time that the question allows.

    Raises:
        StartFailure: when it certainly does not.
    """
    confirm_configuration(azure.arm, question.deployment)
    if question.deployment.target.stopped:
        steps = [step for step in Step if step not in {Step.CONFIGURATION, *_not_asked(question)}]
        return Proof(taken=(Step.CONFIGURATION,), missing=tuple((step, "the app is stopped") for step in steps))
    watch = Watch.begin(azure, question.deployment, question.smoke_test, question.settings, say)
    return _watched(watch, question)


def _watched(watch: Watch, question: Question) -> Proof:
    clock, patience = watch.clock, watch.patience
    deadline, wait = Deadline.after(clock, question.seconds), patience.first_poll
    while True:
        watch.look()
        watch.tell()
        if failure := watch.settled_failure():
            raise failure
        if watch.enough():
            return watch.proof()
        if deadline.passed():
            return _at_the_deadline(watch, question)
        clock.sleep(min(wait, deadline.left()))
        wait = min(patience.longest_poll, wait * _GROWTH)


def _at_the_deadline(watch: Watch, question: Question) -> Proof:
    """Give the proof with its gaps, when what is missing can only be missing, else the failure."""
    if failure := watch.failure() or _missing(watch, question):
        raise failure
    return watch.proof()


def _missing(watch: Watch, question: Question) -> TaskFailure | None:
    app, reference = question.deployment.target.title, question.deployment.reference
    open_steps = watch.open_steps()
    if Step.HOST in open_steps or watch.only_begun():
        missing = ", ".join(step.value for step in open_steps)
        minutes = f"{question.seconds / 60:g}"
        return NotUpInTime(app=app, reference=reference, minutes=minutes, missing=missing, seen=watch.seen())
    if Step.FUNCTIONS in open_steps and watch.host_is_up():
        return NoFunctions(app=app, reference=reference)
    if Step.SMOKE_TEST in open_steps and question.smoke_test and watch.answer:
        test = question.smoke_test
        return SmokeTestFailed(
            app=app, reference=reference, path=test.path, wanted=", ".join(test.statuses), answer=watch.answer.text
        )
    return None


def _not_asked(question: Question) -> set[Step]:
    return set() if question.smoke_test else {Step.SMOKE_TEST}
