"""Verifying that a container app runs the image that it was pointed at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.clock import Deadline
from pytask.targets.container_app.checks import checks, difference
from pytask.targets.container_app.explain import explain
from pytask.targets.container_app.find import read_app
from pytask.targets.container_app.observation import Observer
from pytask.targets.container_app.observed import Observation
from pytask.targets.container_app.operation import failure_of
from pytask.targets.watch import watch

if TYPE_CHECKING:
    from pytask.cloud.arm import Arm, Azure
    from pytask.targets.container_app.app import ContainerAppUpdate
    from pytask.targets.container_app.observed import Question
    from pytask.verification import Watch


def confirm_template(arm: Arm, update: ContainerAppUpdate) -> None:
    """Wait until the update has ended, and confirm that the app's template has the image.

    Raises:
        ContainerImageNotSet: when it names another image.
        StartFailure: when Azure reports that it did not carry out the update.
        TaskFailure: when the app cannot be read.
    """
    timeouts, clock = arm.http.timeouts, arm.http.clock
    deadline = Deadline.after(clock, timeouts.app_operation)
    while (failed := failure_of(arm, update.operation)) is None and not deadline.passed():
        clock.sleep(min(deadline.left(), timeouts.longest_poll))
    if failed:
        raise explain(update, Observation(operation_failed=failed))
    if failure := difference(update.app.title, update.reference, read_app(arm, update.app).image):
        raise failure


def watch_revision(azure: Azure, question: Question) -> Watch[Observation]:
    """Return how to observe whether the new revision runs, within the time limit of the question."""
    observer = Observer(azure=azure, question=question)
    return watch(observer, checks(question, azure.arm.http.timeouts), question.seconds)
