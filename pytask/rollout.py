"""Rolling one image out to one target: pull access, update, verification, rollback. Independent of the platform."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytask.access.grant import grant, granted_at, wait_for_role_propagation
from pytask.agent.environment import variable
from pytask.background import Background
from pytask.clock import Deadline
from pytask.errors import TaskFailure, render
from pytask.errors.app import SettingsOverwritten
from pytask.errors.foreign import listed
from pytask.errors.registry import DigestUnknown
from pytask.errors.start import ImageNotSet, PullFailed, PullNotFound, PullUnauthorized, StartFailure, Unverified
from pytask.journal import (
    AccessGiven,
    Action,
    ChangedBySomeoneElse,
    ImageGone,
    LeftAsItIs,
    NotRolledBack,
    PullsAgain,
    VerificationFailed,
)
from pytask.model import DeployBy, ImageReference, WhenUnchanged, WhenUnverified
from pytask.registry.images import Gone
from pytask.release import release
from pytask.rollback import roll_back
from pytask.targets.target import CannotRollBack, UseImage
from pytask.verification import verify_watch

if TYPE_CHECKING:
    from pytask.inspection.image import InspectionOnce
    from pytask.job import Job
    from pytask.journal import Journal
    from pytask.model import AppPlan, PushedImage, Update, Verification, VerifyPlan
    from pytask.registry.images import ImageSource
    from pytask.targets.target import Snapshot, Target


@dataclass(frozen=True, kw_only=True, slots=True)
class Rollout:
    """One target, and what is needed to roll an image out to it."""

    job: Job
    target: Target[Any]
    plan: AppPlan
    source: ImageSource
    snapshot: Snapshot
    inspection: InspectionOnce
    """Shared by all targets of the run."""

    @property
    def journal(self) -> Journal:
        """The target's part of the journal."""
        return self.job.journal.of(self.target.app)

    def set_up_pull_access(self) -> None:
        """Assign the app its identity and grant the identity its role, if they are missing.

        Raises:
            TaskFailure: why that is not possible.
        """
        app, setup, identity = self.target.app, self.snapshot.pull, self.snapshot.pull.identity
        if setup.warning:
            self.job.console.warning(setup.warning)
        if identity is None or not setup.is_lacking:
            return
        with self.job.stage(f"Set up pull access for {app.title}"):
            if not identity.assigned:
                done = f"{identity.title} was {identity.assignment}"
                with self.job.clock.until_answered():
                    with self.journal.attempt(Action.PULL_ACCESS, done):
                        identity = self.target.assign_identity(identity)
                    self.journal.add(AccessGiven(done=done))
            if setup.grant:
                grant(setup.grant, identity, app, self.journal)

    def roll_out(self, image: PushedImage) -> None:
        """Have the target run the image and verify it; when the image does not start, roll back.

        Raises:
            TaskFailure: why the target does not run the image.
        """
        if self._is_unchanged(image):
            return
        known, limits = self.snapshot.known_layers, self.snapshot.limits_ids
        if told := self.inspection.inspect(self.source, image, known, self.job.clock, limits_ids=limits):
            self.job.console.line(told)
        with self.job.stage(f"Update {self.target.app.title}"):
            update = self._update(image)
        if self.plan.verify is None:
            self._confirm(update)
            return
        try:
            verification = self._verify(update, self.plan.verify)
        except StartFailure as failure:
            changed = ChangedBySomeoneElse(failure.found) if isinstance(failure, ImageNotSet) else None
            self.journal.add(changed or VerificationFailed())
            with self.job.stage("Roll back"):
                self._roll_back(self.journal.update() or update, self.plan.verify, failure)
            raise
        self._judge(update, self.plan.verify, verification)
        if update.held_back:
            with self.job.stage(f"Release {self.target.app.title}"):
                release(self.job, self.target, self.journal.update() or update, self.plan.verify, verification)

    def check(self) -> None:
        """Report the target's health, and what a deployment would change besides the image.

        A problem with it is only a warning, because a deployment may fix it.
        """
        title, console = self.target.app.title, self.job.console
        with self.job.stage(f"Check {title}"):
            health = self.target.health()
            for line in health.lines:
                console.line(f"  {line}")
            if changes := self.target.pending(self.plan, self.snapshot):
                console.line(f"  a deployment would change: {listed(changes)}")
            if health.failure:
                console.warning(f"{title} is not healthy\n{render(health.failure)}")

    def _is_unchanged(self, image: PushedImage) -> bool:
        """Tell whether to skip the update: the plan allows it, and the app runs this very image and is healthy."""
        if self.plan.when_unchanged is not WhenUnchanged.SKIP:
            return False
        app, health = self.snapshot.app, self.target.health()
        pinned = app.reference.digest if app.reference else None
        same = image.digest is not None and str(image.digest) in {str(health.digest or ""), str(pinned or "")}
        if not same or not health.healthy:
            return False
        if changes := self.target.pending(self.plan, self.snapshot):
            self.job.console.line(f"{app.title} already runs {image.digest}; to be changed: {listed(changes)}")
            return False
        nothing = "nothing else" if self.journal.last(AccessGiven) else "nothing"
        self.journal.add(LeftAsItIs(f"{app.title} already runs {image.digest} and is healthy: {nothing} is written"))
        return True

    def _update(self, image: PushedImage) -> Update:
        by_digest = self.plan.deploy_by is DeployBy.DIGEST
        if by_digest and not image.digest:
            raise DigestUnknown(reference=str(image.reference))
        change = UseImage(
            reference=str(image.pinned if by_digest else image.reference),
            digest=image.digest,
            fresh_tag=image.fresh_tag and not by_digest,
            plan=self.plan,
        )
        if not self.target.app.stopped:
            wait_for_role_propagation(self.journal, self.job.clock, self.job.timeouts, self.job.console.line)
        with self.job.clock.until_answered():
            with self.journal.attempt(Action.UPDATE):
                update: Update = self.target.update(change, self.snapshot, self.journal)
            self._notice(update)
            self.journal.add(update)
        return update

    def _notice(self, update: Update) -> None:
        """Say so when someone else has changed the image since the preflight, and record it as the previous one."""
        found, before = self.snapshot.app.image or "none", update.app.image or "none"
        if found != before:
            self.journal.add(update.app)
            told = f"someone else changed the image of {update.app.title} during this run, from {found} to {before}"
            self.job.console.warning(f"{told}; this run deployed over it: let only one pipeline deploy to the app")

    def _confirm(self, update: Update) -> None:
        """Confirm what was written, even when `verify` is false."""
        try:
            self.target.confirm(update)
        except ImageNotSet as failure:
            self.journal.add(ChangedBySomeoneElse(failure.found))
            raise
        if granted_at(self.journal) is not None:
            minutes = f"{self.job.timeouts.role_propagation_limit / 60:g}"
            message = f"the new role may take up to {minutes} minutes to propagate; until then the app cannot pull"
            self.job.console.line(message)

    def _verify(self, update: Update, plan: VerifyPlan) -> Verification:
        """Verify that the target runs the image, and meanwhile mark the deployment.

        Raises:
            StartFailure: why the target does not run it.
        """
        with self.job.stage("Verify"):
            marking = Background(lambda: self.annotate(update)) if plan.annotate and self.snapshot.settings else None
            verification = self._verify_during_propagation(update, plan)
            if marking:
                self.job.console.line(f"  release annotation: {marking.result()}")
        self._confirm_settings(self.journal.update() or update, verification)
        return verification

    def _confirm_settings(self, update: Update, verification: Verification) -> None:
        """Record the verification, unless someone else has overwritten the settings and replaced the image with them.

        Raises:
            ImageNotSet, SettingsOverwritten: what someone else has changed.
        """
        try:
            self.target.confirm_settings(update, self.journal)
        except SettingsOverwritten as overwritten:
            try:
                self.target.confirm(update, again=True)
            except StartFailure:
                raise
            except TaskFailure:
                raise overwritten from None
            self.journal.add(verification)
            raise
        self.journal.add(verification)

    def _judge(self, update: Update, plan: VerifyPlan, verification: Verification) -> None:
        """Turn unmade checks into a failure if `whenUnverified` is `fail`; that is never a reason to roll back.

        Raises:
            Unverified: in that case.
        """
        if verification.unavailable and plan.when_unverified is WhenUnverified.FAIL:
            gaps = "; ".join(f"{check} ({reason})" for check, reason in verification.unavailable)
            raise Unverified(app=update.app.title, reference=update.reference, gaps=gaps)

    def _verify_during_propagation(self, update: Update, plan: VerifyPlan) -> Verification:
        """Verify the target, and retry a refused pull while a newly granted role propagates.

        The verification may take as long as the propagation, even when the plan allows less.
        Source: https://learn.microsoft.com/azure/role-based-access-control/troubleshooting
        """
        granted = granted_at(self.journal)
        if granted is None:
            return self._verify_once(update, plan)
        window = Deadline(self.job.clock, granted + self.job.timeouts.role_propagation_limit)
        while True:
            try:
                return self._verify_once(update, replace(plan, seconds=max(plan.seconds, window.left())))
            except StartFailure as failure:
                if window.passed() or not isinstance(failure, PullUnauthorized):
                    raise
            left = f"{int(window.left()) // 60}:{int(window.left()) % 60:02d} left"
            self.job.console.line(
                f"  the new role has not propagated to the registry yet; restarting the app to pull again ({left})"
            )
            update = self.target.update_again(update)
            self.journal.add(PullsAgain(update))

    def _verify_once(self, update: Update, plan: VerifyPlan) -> Verification:
        watch = self.target.watch(update, plan, digest_now=self.source.digest_reading)
        if watch.seconds > plan.seconds:
            message = f"  the app's start limit is longer: verifying for up to {watch.seconds / 60:g} minutes"
            self.job.console.line(message)
        try:
            return verify_watch(watch, clock=self.job.clock, timeouts=self.job.timeouts, say=self.job.console.line)
        except PullFailed as failure:
            raise self._refine_pull_failure(update, failure) from None

    def _refine_pull_failure(self, update: Update, failure: PullFailed) -> StartFailure:
        """Return PullNotFound when the registry says that the image is gone: the platform does not always say why."""
        if not isinstance(self.source.digest_now(ImageReference.parse(update.reference)), Gone):
            return failure
        return PullNotFound(app=update.app.title, reference=update.reference, line=failure.line, tail=failure.tail)

    def _roll_back(self, update: Update, plan: VerifyPlan, failure: StartFailure) -> None:
        """Roll the target back, or record in the journal why not."""
        try:
            self.journal.add(
                roll_back(
                    self.job,
                    self.target,
                    plan,
                    snapshot=self.snapshot,
                    source=self.source,
                    update=update,
                    failure=failure,
                )
            )
        except CannotRollBack as reason:
            if reason.found:
                self.journal.add(ChangedBySomeoneElse(reason.found))
            self.journal.add(NotRolledBack(str(reason)))
        except TaskFailure as another:
            self.journal.add(NotRolledBack(f"the rollback failed: {another}"))
        if isinstance(failure, PullNotFound):
            self.journal.add(ImageGone())

    def annotate(self, update: Update) -> str:
        """Mark the deployment in the target's monitoring, best effort, and return the result in a few words."""
        environment = self.job.environment
        properties = {
            "Image": update.reference,
            "Digest": str(update.digest or ""),
            "Build": variable(environment, "Build.BuildNumber"),
            "Release": variable(environment, "Release.ReleaseName"),
            "Commit": variable(environment, "Build.SourceVersion"),
        }
        try:
            return self.target.annotate(update, self.snapshot, properties)
        except TaskFailure as failure:
            return str(failure)
