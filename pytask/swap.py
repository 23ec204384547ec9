"""Swapping a verified slot with production, verifying production, and swapping back. Independent of the platform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytask.access.grant import wait_for_role_propagation
from pytask.background import Background
from pytask.clock import Deadline
from pytask.errors import Cancelled, TaskFailure
from pytask.errors.azure import OperationInProgress
from pytask.errors.start import ImageNotSet, StartFailure, Unverified
from pytask.errors.swap import SlotUnverified
from pytask.inspection.image import InspectionOnce
from pytask.journal import (
    AccessGiven,
    Action,
    ChangedBySomeoneElse,
    ImageRestored,
    LeftAsItIs,
    NotRolledBack,
    RollbackFailed,
    VerificationFailed,
)
from pytask.model import RolledBack, Verification, WhenUnverified
from pytask.rollout import Rollout
from pytask.targets.slots import SwapSlots
from pytask.targets.target import CannotRollBack
from pytask.verification import verify_watch

if TYPE_CHECKING:
    from pytask.job import Job
    from pytask.journal import Journal
    from pytask.model import AppPlan, PushedImage, Swapped, VerifyPlan
    from pytask.registry.images import ImageSource
    from pytask.targets.slots import SlotPair
    from pytask.targets.target import Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class Swapping:
    """A slot and production, and what is needed to swap them."""

    job: Job
    pair: SlotPair[Any]
    plan: AppPlan
    source: ImageSource
    production: Snapshot

    @property
    def journal(self) -> Journal:
        """Production's part of the journal."""
        return self.job.journal.of(self.pair.found.production)

    def set_up_pull_access(self) -> None:
        """Give production's identity what it needs to pull the image that it will get; nothing restarts yet.

        Raises:
            TaskFailure: why that is not possible.
        """
        self._rollout().set_up_pull_access()

    def swap_if_verified(self, image: PushedImage) -> None:
        """Swap the slot, to which this run has rolled out the image, unless it could not be verified.

        Raises:
            SlotUnverified: in that case; `whenUnverified: succeed` swaps anyway.
            TaskFailure: why production does not run the image.
        """
        slot = self.job.journal.of(self.pair.found.slot)
        update, verification = slot.update(), slot.last(Verification)
        if not slot.last(LeftAsItIs):
            gaps = verification.unavailable if verification else (("verification", "it is off"),)
            self.refuse_unverified(tuple(f"{check} ({reason})" for check, reason in gaps))
        self.swap(update.reference if update else self.pair.found.slot.image, image)

    def refuse_unverified(self, gaps: tuple[str, ...]) -> None:
        """Raise SlotUnverified when checks of the slot could not be made and the step does not accept that."""
        accepted = self.plan.verify and self.plan.verify.when_unverified is WhenUnverified.SUCCEED
        if gaps and not accepted:
            raise SlotUnverified(app=self.pair.found.slot.title, gaps="; ".join(gaps))

    def swap(self, reference: str, image: PushedImage) -> None:
        """Swap the slot, which is configured with `reference`, and verify production; swap back when that fails.

        Raises:
            TaskFailure: why production does not run the image.
        """
        slot, production = self.pair.found.slot, self.pair.found.production
        self.journal.add(production)
        with self.job.stage(f"Swap {slot.title} with production"):
            self._set_up_pull()
            swapped = self._send(Action.SWAP, SwapSlots(reference=reference, digest=image.digest))
            self._notice(swapped)
            self.journal.add(swapped)
        if self.plan.verify is None:
            self._confirm(swapped)
            return
        try:
            verification = self._verify(swapped, self.plan.verify)
        except StartFailure as failure:
            changed = ChangedBySomeoneElse(failure.found) if isinstance(failure, ImageNotSet) else None
            self.journal.add(changed or VerificationFailed())
            with self.job.stage("Swap back"):
                self._swap_back(swapped, self.plan.verify, failure)
            raise
        self._judge(swapped, self.plan.verify, verification)

    def _notice(self, swapped: Swapped) -> None:
        """Say so when someone else has changed production's image since the preflight; the slot has it now."""
        found, before = self.production.app.image or "none", swapped.app.image or "none"
        if found != before:
            self.journal.add(swapped.app)
            self.job.console.warning(
                f"someone else changed the image of {swapped.app.title} during this run, from {found} to {before}, "
                f"which {swapped.slot.title} has since the swap; let only one pipeline deploy to the app"
            )

    def _rollout(self) -> Rollout:
        """Return production as a target of its own."""
        return Rollout(
            job=self.job,
            target=self.pair.production,
            plan=self.plan,
            source=self.source,
            snapshot=self.production,
            inspection=InspectionOnce(),
        )

    def _set_up_pull(self) -> None:
        """Have production pull as the slot does; its own identity may have got its role a moment ago."""
        if not self.production.pull.properties:
            return
        wait_for_role_propagation(self.journal, self.job.clock, self.job.timeouts, self.job.console.line)
        names = ", ".join(self.production.pull.properties)
        done = f"production's {names} were set, so that it pulls as the slot does"
        with self.job.clock.until_answered():
            with self.journal.attempt(Action.PULL_ACCESS, done):
                changed = self.pair.set_up_pull(self.production)
            if changed:
                self.journal.add(AccessGiven(done=f"{', '.join(changed)} set in production as in the slot"))

    def _send(self, action: Action, change: SwapSlots) -> Swapped:
        """Swap; while Azure is busy with another change of the app, try again."""
        clock, timeouts = self.job.clock, self.job.timeouts
        deadline = Deadline.after(clock, timeouts.swap)
        while True:
            try:
                return self._attempt(action, change)
            except OperationInProgress as busy:
                if deadline.passed():
                    raise
                self.job.console.line(f"  Azure is busy ({busy.detail}); trying again in {timeouts.swap_poll:g} s")
            clock.sleep(min(timeouts.swap_poll, deadline.left()))

    def _attempt(self, action: Action, change: SwapSlots) -> Swapped:
        ready = self.pair.ready(change)
        self.job.clock.confirm_not_cancelled()
        with self.journal.attempt(action, change.reference):
            with self.job.clock.until_answered():
                begun = self.pair.begin(ready)
            return self._finished(begun)

    def _finished(self, begun: object) -> Swapped:
        """Wait for the end of a swap; one that is not waited for any more stays open."""
        try:
            swapped: Swapped = self.pair.finish(begun)
        except Cancelled as cancelled:
            cancelled.leaves_open = True
            raise
        return swapped

    def _confirm(self, swapped: Swapped) -> None:
        try:
            self.pair.confirm(swapped)
        except ImageNotSet as failure:
            self.journal.add(ChangedBySomeoneElse(failure.found))
            raise

    def _verify(self, swapped: Swapped, plan: VerifyPlan) -> Verification:
        with self.job.stage("Verify production"):
            marking = Background(lambda: self._rollout().annotate(swapped)) if plan.annotate else None
            verification = self._verify_once(swapped, plan)
            if marking:
                self.job.console.line(f"  release annotation: {marking.result()}")
        self.journal.add(verification)
        return verification

    def _verify_once(self, swapped: Swapped, plan: VerifyPlan, *, rolls_back: bool = False) -> Verification:
        watch = self.pair.watch(swapped, plan, rolls_back=rolls_back)
        return verify_watch(watch, clock=self.job.clock, timeouts=self.job.timeouts, say=self.job.console.line)

    def _judge(self, swapped: Swapped, plan: VerifyPlan, verification: Verification) -> None:
        """Raise Unverified if `whenUnverified` is `fail`; that is never a reason to swap back."""
        if verification.unavailable and plan.when_unverified is WhenUnverified.FAIL:
            gaps = "; ".join(f"{check} ({reason})" for check, reason in verification.unavailable)
            raise Unverified(app=swapped.app.title, reference=swapped.reference, gaps=gaps)

    def _swap_back(self, swapped: Swapped, plan: VerifyPlan, failure: StartFailure) -> None:
        """Swap back, or record in the journal why not."""
        try:
            self.journal.add(self._swapped_back(swapped, plan, failure))
        except CannotRollBack as reason:
            self.journal.add(NotRolledBack(str(reason)))
        except TaskFailure as another:
            self.journal.add(NotRolledBack(f"the swap back failed: {another}"))

    def _swapped_back(self, swapped: Swapped, plan: VerifyPlan, failure: StartFailure) -> RolledBack | RollbackFailed:
        reference, previous = swapped.app.image, self.production.previous
        if not plan.roll_back:
            raise CannotRollBack("rollbackOnFailure is false")
        if not failure.rolls_back:
            raise CannotRollBack("the image is not the cause")
        if not reference:
            raise CannotRollBack("production had no image before")
        digest = previous.digest if previous and previous.reference == reference else None
        back = self._send(Action.SWAP_BACK, SwapSlots(reference=reference, digest=digest, undoes=swapped))
        self.journal.add(ImageRestored(reference=reference, configuration=()))
        try:
            verification = self._verify_once(back, plan, rolls_back=True)
        except ImageNotSet as another:
            self.journal.add(ChangedBySomeoneElse(another.found))
            raise CannotRollBack(str(another)) from another
        except StartFailure as another:
            return RollbackFailed(reference=reference, reason=str(another))
        except TaskFailure as another:
            verification = Verification(passed=(), unavailable=(("swap back", str(another)),))
        return RolledBack(reference=reference, verification=verification)
