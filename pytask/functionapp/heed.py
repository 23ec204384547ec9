"""Proving an app whose identity was granted its role a moment ago: Azure heeds a new role only after some time.

Source: https://learn.microsoft.com/azure/role-based-access-control/troubleshooting (role assignment changes are not
being detected)
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytask.errors.start import OldImageStarted, PullUnauthorized, StartFailure
from pytask.functionapp.explain import refuses_app
from pytask.functionapp.proof import prove
from pytask.functionapp.update import pull_again

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.clock import Deadline
    from pytask.cloud.arm import Azure
    from pytask.functionapp.proof import Question
    from pytask.model import Deployment, Proof


def prove_while_role_is_new(
    azure: Azure,
    question: Question,
    window: Deadline,
    *,
    say: Callable[[str], None],
    restarted: Callable[[Deployment], None],
) -> Proof:
    """Prove the app; within `window` a pull that is refused is tried again, by a restart, and is no failure.

    The proof may take as long as the window lasts, also when the question allows less.

    `restarted` is told of every restart, which the next proof looks at.

    Raises:
        StartFailure: when the app certainly does not run the image.
    """
    while True:
        patient = replace(question, seconds=max(question.seconds, window.left()))
        try:
            return prove(azure, patient, say)
        except StartFailure as failure:
            if window.passed() or not _refused(failure):
                raise
        say(f"  the registry does not heed the new role yet; restarting the app to pull again ({_left(window)})")
        deployment = pull_again(azure.arm, question.deployment)
        restarted(deployment)
        question = replace(question, deployment=deployment)


def _refused(failure: StartFailure) -> bool:
    """Tell whether the app was not let in, also where the platform made do with an image that it had."""
    if isinstance(failure, OldImageStarted):
        return refuses_app(failure.tail)
    return isinstance(failure, PullUnauthorized)


def _left(window: Deadline) -> str:
    seconds = int(window.left())
    return f"{seconds // 60}:{seconds % 60:02d} left"
