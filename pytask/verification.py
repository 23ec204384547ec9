"""Verifying that a target runs the new image: observe, judge and wait until there is a verdict, on any platform.

A target is observed in rounds, and its checks judge each observation. Only a verdict ends the rounds, whatever the
target answers, and a check that could not be made is reported as such: it never counts as passed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pytask.clock import Deadline
from pytask.model.evidence import Failed, Passed, Pending, Unavailable, Verification

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytask.clock import Clock, Timeouts
    from pytask.errors.start import StartFailure
    from pytask.model.evidence import Evidence

O_contra = TypeVar("O_contra", contravariant=True)
Observed = TypeVar("Observed")

_GROWTH = 1.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Check(Generic[O_contra]):
    """One part of a verification."""

    name: str
    """Name for people, such as `image digest`."""
    judge: Callable[[O_contra, Mapping[str, Evidence]], Evidence]
    """Judges an observation; gets the evidence of earlier checks, by name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch(Generic[Observed]):
    """How to observe whether a target runs an image."""

    observe: Callable[[], Observed]
    """Observes once more and returns what is known."""
    checks: Sequence[Check[Observed]]
    seconds: float
    """Time limit."""
    complete: Callable[[Verification], Verification] = lambda verification: verification
    """Adds other observations to the verification: the functions, the smoke test's answer."""


def judge(checks: Sequence[Check[Observed]], observed: Observed) -> dict[str, Evidence]:
    """Return the evidence of each check, by name and in order."""
    found: dict[str, Evidence] = {}
    for check in checks:
        found[check.name] = check.judge(observed, found)
    return found


def verify(
    observe: Callable[[], Observed],
    checks: Sequence[Check[Observed]],
    *,
    clock: Clock,
    timeouts: Timeouts,
    seconds: float,
    say: Callable[[str], None],
) -> Verification:
    """Observe the target until every check has passed or cannot be made, or until `seconds` have passed.

    Raises:
        StartFailure: when the target does not run the new image. Missing evidence alone does not raise.
        Cancelled: when the agent asks the task to stop.
    """
    rounds, wait = _Rounds(clock=clock, timeouts=timeouts, say=say), timeouts.first_poll
    deadline = Deadline.after(clock, seconds)
    while True:
        is_last = deadline.passed()  # a verdict rests on what was observed since then, however long a round takes
        found = judge(checks, observe())
        rounds.take(found)
        if failure := rounds.final_failure():
            raise failure
        if rounds.settled():
            return _concluded(found)
        if is_last:
            raise_at_deadline(found)
            return _concluded(found)
        clock.sleep(min(wait, deadline.left()))
        wait = min(timeouts.verify_poll, wait * _GROWTH)


def verify_watch(watch: Watch[Any], *, clock: Clock, timeouts: Timeouts, say: Callable[[str], None]) -> Verification:
    """Return the result of `verify` for a watch, with its other observations; raise what `verify` raises."""
    seen = verify(watch.observe, watch.checks, clock=clock, timeouts=timeouts, seconds=watch.seconds, say=say)
    return watch.complete(seen)


def raise_at_deadline(found: Mapping[str, Evidence]) -> None:
    """Raise the failure that the evidence means at the deadline, if any.

    Raises:
        StartFailure: for a failure, or for something that the platform reports as still not done.
    """
    for evidence in found.values():
        if isinstance(evidence, Failed):
            raise evidence.failure
    for evidence in found.values():
        if isinstance(evidence, Pending) and evidence.at_deadline:
            raise evidence.at_deadline


def _concluded(found: Mapping[str, Evidence]) -> Verification:
    unmade = {name: one for name, one in found.items() if not isinstance(one, Passed | Failed)}
    return Verification(
        passed=tuple((name, one.rests_on) for name, one in found.items() if isinstance(one, Passed)),
        unavailable=tuple((name, one.reason or "not reached") for name, one in unmade.items()),
    )


@dataclass(kw_only=True, slots=True)
class _Rounds:
    """How long each result has lasted, and what was logged about it."""

    clock: Clock
    timeouts: Timeouts
    say: Callable[[str], None]
    began: float = field(init=False)
    found: Mapping[str, Evidence] = field(default_factory=dict)
    failed_since: dict[str, float] = field(default_factory=dict)
    alone_since: float | None = None
    told: dict[str, str] = field(default_factory=dict)
    told_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.told_at = self.clock.monotonic()

    def take(self, found: Mapping[str, Evidence]) -> None:
        """Process the evidence of one round."""
        now, self.found = self.clock.monotonic(), found
        failed = [name for name, one in found.items() if isinstance(one, Failed)]
        self.failed_since = {name: self.failed_since.get(name, now) for name in failed}
        began = now if self.alone_since is None else self.alone_since
        self.alone_since = began if self._only_late_ones() else None
        self._tell(now)

    def final_failure(self) -> StartFailure | None:
        """Return the first failure that has lasted long enough to count; None when there is none."""
        now = self.clock.monotonic()
        for name, since in self.failed_since.items():
            one = self.found[name]
            if isinstance(one, Failed) and now - since >= one.stands_for:
                return one.failure
        return None

    def settled(self) -> bool:
        """Tell whether nothing more can change."""
        if any(isinstance(one, Failed) for one in self.found.values()):
            return False
        open_ones = [one for one in self.found.values() if isinstance(one, Pending)]
        if not open_ones:
            return True
        waited = self.clock.monotonic() - self.alone_since if self.alone_since is not None else -1.0
        return all(waited >= one.alone_for for one in open_ones)

    def _only_late_ones(self) -> bool:
        """Tell whether every open check will be given up after a while."""
        open_ones = [one for one in self.found.values() if isinstance(one, Pending | Failed)]
        return bool(open_ones) and all(isinstance(one, Pending) and one.alone_for < float("inf") for one in open_ones)

    def _tell(self, now: float) -> None:
        """Log what is new, and at least every `progress` seconds what is still open."""
        news = {name: _told(one) for name, one in self.found.items()}
        fresh = [text for name, text in news.items() if text and text != self.told.get(name)]
        self.told.update({name: text for name, text in news.items() if text})
        if not fresh and now - self.told_at >= self.timeouts.progress:
            waiting = [text for name, text in news.items() if text and isinstance(self.found[name], Pending | Failed)]
            fresh = [f"still waiting: {text}" for text in waiting[:1]]
        for text in fresh:
            self._say_at(now, text)

    def _say_at(self, now: float, text: str) -> None:
        waited = int(now - self.began)
        self.say(f"  {waited // 60}:{waited % 60:02d}   {text}")
        self.told_at = now


def _told(evidence: Evidence) -> str:
    match evidence:
        case Passed(rests_on):
            return rests_on
        case Pending(reason=reason) | Unavailable(reason):
            return reason
        case Failed(failure=failure):
            return failure.tell(failure.happened).partition("\n")[0]
