"""Giving a verified image the traffic that a target holds back from it; both a rollout and a rollback end with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytask.journal import Action, HeldBack, Released
from pytask.model import WhenUnverified

if TYPE_CHECKING:
    from pytask.job import Job
    from pytask.model import Update, Verification, VerifyPlan
    from pytask.targets.target import Target


def release(job: Job, target: Target[Any], update: Update, plan: VerifyPlan, verification: Verification) -> None:
    """Give the image its traffic if it has been held back; an unverified image gets none unless the plan says so.

    Raises:
        TaskFailure: why it did not get it.
    """
    if not update.held_back:
        return
    journal = job.journal.of(target.app)
    if verification.unavailable and plan.when_unverified is not WhenUnverified.SUCCEED:
        journal.add(HeldBack(update))
        return
    with job.clock.until_answered():
        with journal.attempt(Action.RELEASE):
            told = target.release(update)
        journal.add(Released(update=update, told=told))
