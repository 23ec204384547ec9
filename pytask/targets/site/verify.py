"""Verify that an app runs the image it was pointed at."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytask.cloud.poll import Seen, object_at
from pytask.errors.start import PullUnauthorized, StartFailure
from pytask.targets.site.checks import checks, difference
from pytask.targets.site.observation import Observer
from pytask.verification import verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.clock import Deadline
    from pytask.cloud.arm import Arm, Azure
    from pytask.model import Deployment, Digest, Verification
    from pytask.targets.site.observed import Question


def confirm_configuration(arm: Arm, deployment: Deployment) -> None:
    """Read the configuration back, and confirm that it reads as it was written.

    Raises:
        ImageNotSet: when it names another image.
        PropertyNotSet: when something else that was written does not read so.
        TaskFailure: when it cannot be read.
    """
    path = f"{deployment.target.resource_id}/config/web"
    configuration = arm.get(path, doing="read the app's configuration")
    if failure := difference(deployment, object_at(configuration, "properties")):
        raise failure


def verify_app(
    azure: Azure, question: Question, *, digest_now: Callable[[str], Digest | None], say: Callable[[str], None]
) -> Verification:
    """Watch the app until it runs the new image, for the time that the question allows.

    `digest_now` returns what the registry says a reference stands for, None when it cannot be told.

    Raises:
        StartFailure: when the app does not run the image.
    """
    observer = Observer(azure=azure, question=question, digest_now=digest_now, say=say)
    timeouts, clock = azure.arm.http.timeouts, azure.arm.http.clock
    made = checks(question, timeouts)
    verification = verify(observer.observe, made, clock=clock, timeouts=timeouts, seconds=question.seconds, say=say)
    answer = observer.seen.answer
    return replace(
        verification,
        functions=observer.seen.listed,
        answer=answer.value.text if isinstance(answer, Seen) else "",
    )


def verify_while_role_propagates(
    question: Question,
    window: Deadline,
    *,
    verify_once: Callable[[Question], Verification],
    pull_again: Callable[[Deployment], Deployment],
    say: Callable[[str], None],
) -> Verification:
    """Verify an app whose identity was granted its role a moment ago: Azure needs some minutes to apply it.

    Within `window` a refused pull is tried again, by a restart, and is no failure; `pull_again` restarts the app. The
    verification may take as long as the window lasts, even when the question allows less.
    Source: https://learn.microsoft.com/azure/role-based-access-control/troubleshooting

    Raises:
        StartFailure: when the app does not run the image.
    """
    while True:
        try:
            return verify_once(replace(question, seconds=max(question.seconds, window.left())))
        except StartFailure as failure:
            if window.passed() or not isinstance(failure, PullUnauthorized):
                raise
        say(f"  the new role does not apply at the registry yet; restarting the app to pull again ({_left(window)})")
        question = replace(question, deployment=pull_again(question.deployment))


def _left(window: Deadline) -> str:
    seconds = int(window.left())
    return f"{seconds // 60}:{seconds % 60:02d} left"
