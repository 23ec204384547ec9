"""Rolling one image out to several targets: the first before all others, and those side by side."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pytask import __version__
from pytask.background import Piece, side_by_side
from pytask.errors import ManyFailures, TaskFailure
from pytask.errors.agent import OurBug
from pytask.errors.many_apps import MoreAppsNotBegun, SomeAppsFailed
from pytask.inspection.image import InspectionOnce
from pytask.journal import RolloutFailed
from pytask.model import Verdict, Verification, WhenUnverified, labels_of
from pytask.rollout import Rollout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytask.job import Job
    from pytask.journal import Journal
    from pytask.model import AppPlan, PushedImage
    from pytask.registry.images import ImageSource
    from pytask.targets.target import Snapshot, Target

_AT_ONCE = 20
"""Apps that are rolled out to at once; `network.pace` keeps their calls within what Resource Manager allows."""
_STALE = 60.0
"""Seconds after which a target is found again before it is changed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A target as it was found before any change, and the plan for it."""

    plan: AppPlan
    target: Target[Any]
    snapshot: Snapshot
    source: ImageSource
    """Where its image is or will be."""
    at: float
    """When it was found, by the monotonic clock."""
    look_again: Callable[[], Seen]
    """Finds it once more."""

    def current(self, now: float) -> Seen:
        """Return the target as it is now, if it was found long ago: somebody may have changed it meanwhile.

        Its previous image stays the one that was read before any tag could move, unless it has another one now.
        """
        if now - self.at < _STALE:
            return self
        seen = self.look_again()
        if seen.snapshot.app.image != self.snapshot.app.image:
            return seen
        before = self.snapshot
        return replace(
            seen, snapshot=replace(seen.snapshot, previous=before.previous, known_layers=before.known_layers)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Rollouts:
    """One image, and all targets that are to run it."""

    job: Job
    seen: tuple[Seen, ...]
    """All targets, `appName` first."""
    inspection: InspectionOnce = field(default_factory=InspectionOnce)

    @property
    def first(self) -> Rollout:
        """The rollout to `appName`."""
        return self._rollout(self.job, self.seen[0])

    def set_up_pull_access(self) -> None:
        """Set up the first target's pull access; that of each other follows once the first runs the image.

        Raises:
            TaskFailure: why that is not possible.
        """
        with self._recorded():
            self.first.set_up_pull_access()

    def roll_out(self, image: PushedImage) -> None:
        """Have the first target run the image and, once it does, all others.

        Raises:
            TaskFailure: why the first one does not run it; then no other was begun.
            ManyFailures: why some of the others do not.
        """
        with self._recorded():
            self.first.roll_out(image)
        if len(self.seen) > 1:
            self._confirm_first()
            self._do_with_others("Deploy to", partial(_deploy, image=image))

    def check(self) -> None:
        """Report the health of every target, and what a deployment would change besides the image."""
        self.first.check()
        if len(self.seen) > 1:
            self._do_with_others("Check", Rollout.check)

    @contextmanager
    def _recorded(self) -> Iterator[None]:
        """Record a failure of the first target as its own where there are others."""
        try:
            yield
        except TaskFailure as failure:
            if len(self.seen) > 1:
                self._journal(self.seen[0]).add(RolloutFailed(failure))
            raise

    def _confirm_first(self) -> None:
        """Raise MoreAppsNotBegun when the first target is unverified, unless that is to count as success."""
        seen = self.seen[0]
        verification = self._journal(seen).last(Verification)
        verify = seen.plan.verify
        if verification is None or verification.verdict is Verdict.VERIFIED or verify is None:
            return
        if verify.when_unverified is not WhenUnverified.SUCCEED:
            gaps = "; ".join(f"{check} ({reason})" for check, reason in verification.unavailable)
            raise MoreAppsNotBegun(app=seen.target.app.title, gaps=gaps, more=str(len(self.seen) - 1))

    def _do_with_others(self, title: str, work: Callable[[Rollout], None]) -> None:
        """Do the work on each target but the first; those that share their workers are not begun all at once.

        Raises:
            ManyFailures: why some of it failed.
        """
        labels = labels_of([one.snapshot.app for one in self.seen])
        width = max(map(len, labels))
        others = tuple(zip(self.seen[1:], labels[1:], strict=True))
        pieces = [
            Piece(
                work=partial(self._do, one, f"{label:<{width}}  ", work),
                shares=one.snapshot.app.workers or "unknown",
                most=one.snapshot.app.at_once,
            )
            for one, label in others
        ]
        with self.job.stage(f"{title} {len(others)} more {'apps' if len(others) > 1 else 'app'}"):
            side_by_side(pieces, most=_AT_ONCE)
        self._raise_failures(labels)

    def _do(self, seen: Seen, prefix: str, work: Callable[[Rollout], None]) -> None:
        """Do one target's work, and record its failure, which stops no other."""
        job = replace(self.job, journal=self._journal(seen))
        with self.job.console.prefixed(prefix):
            try:
                work(self._rollout(job, seen.current(job.clock.monotonic())))
            except TaskFailure as failure:
                job.journal.add(RolloutFailed(failure))
            except Exception as error:  # noqa: BLE001 - a defect must not hide what became of the others
                defect = OurBug(version=__version__, error=f"{type(error).__name__}: {error}")
                job.journal.add(RolloutFailed(defect))

    def _raise_failures(self, labels: tuple[str, ...]) -> None:
        """Raise what was recorded for the others, in their order, and then how many they are."""
        ended = [(label, self._journal(one).last(RolloutFailed)) for one, label in zip(self.seen, labels, strict=True)]
        failed = [(label, end.failure) for label, end in ended if end]
        if failed:
            first = f"{failed[0][1].code} of {failed[0][0]}"
            all_told = SomeAppsFailed(failed=str(len(failed)), apps=str(len(self.seen)), first=first)
            raise ManyFailures((*(failure for _, failure in failed), all_told))

    def _journal(self, seen: Seen) -> Journal:
        return self.job.journal.of(seen.target.app)

    def _rollout(self, job: Job, seen: Seen) -> Rollout:
        return Rollout(
            job=job,
            target=seen.target,
            plan=seen.plan,
            source=seen.source,
            snapshot=seen.snapshot,
            inspection=self.inspection,
        )


def _deploy(rollout: Rollout, image: PushedImage) -> None:
    rollout.set_up_pull_access()
    rollout.roll_out(image)
