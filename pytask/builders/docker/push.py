"""Pushing all names of the image, with retries where they can help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.builders.docker.push_refusal import is_bare, push_refusal
from pytask.errors.docker import EngineGone
from pytask.errors.foreign import shortened
from pytask.errors.push import TagMoved
from pytask.network.retry import retry_wait

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.builders.docker.engine import Engine, PushProgress
    from pytask.clock import Clock, Timeouts
    from pytask.errors import TaskFailure
    from pytask.model import BuiltImage, RegistryLogin

_MEGABYTE = 1_000_000
_LONGEST_TOLD = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Push:
    """How to push one image to one registry."""

    engine: Engine
    login: Callable[[bool], RegistryLogin | None]
    """Called for each attempt; from the second attempt on, with true for fresh credentials."""
    ask: Callable[[], TaskFailure | None]
    """Asks the registry for the reason of a bare refusal, and returns it or None."""
    clock: Clock
    timeouts: Timeouts
    say: Callable[[str], None]

    def all(self, image: BuiltImage, references: tuple[str, ...]) -> PushProgress:
        """Push every reference, and return the progress of the first, which is the one that is deployed.

        Raises:
            TaskFailure: why the registry did not accept one.
        """
        first, *_ = [self._one(image, reference) for reference in references]
        return first

    def _one(self, image: BuiltImage, reference: str) -> PushProgress:
        for attempt in range(1, self.timeouts.push_attempts + 1):
            try:
                seen = self._pushed(image, reference, again=attempt > 1)
            except EngineGone as gone:
                # An engine that restarts, or a connection that was cut: the image is still there.
                if attempt == self.timeouts.push_attempts:
                    raise
                self._wait(attempt, gone.detail)
                continue
            if seen is None:
                self.say(f"another job on this agent has moved {reference}; pushing it again")
                continue
            if not seen.error:
                return seen
            if final := self._final(reference, seen.error, attempt):
                raise final
            self._wait(attempt, seen.error)
        raise TagMoved(reference=reference)

    def _pushed(self, image: BuiltImage, reference: str, *, again: bool) -> PushProgress | None:
        """Push the image under a reference once; None when another job moved the reference meanwhile."""
        self.engine.name(image, reference)
        ticker = _Ticker(self.clock, self.timeouts.progress, self.say)
        seen = self.engine.push(reference, login=self.login(again), progress=ticker.tick)
        return seen if seen.error or self.engine.has(image, reference) else None

    def _wait(self, attempt: int, why: str) -> None:
        wait = retry_wait(self.timeouts, attempt)
        self.say(f"the push was interrupted ({shortened(why, _LONGEST_TOLD)}); retrying in {wait:.0f} s")
        self.clock.sleep(wait)

    def _final(self, reference: str, error: str, attempt: int) -> TaskFailure | None:
        """Return the failure when a retry is pointless; None when it may help."""
        last = attempt == self.timeouts.push_attempts
        refusal = push_refusal(
            error, reference=reference, registry=reference.partition("/")[0], attempt=attempt, last=last
        )
        return (self.ask() or refusal) if refusal and is_bare(refusal) else refusal


class _Ticker:
    """Reports the progress of a push at intervals."""

    def __init__(self, clock: Clock, every: float, say: Callable[[str], None]) -> None:
        self._clock, self._every, self._say = clock, every, say
        self._next = clock.monotonic() + every

    def tick(self, seen: PushProgress) -> None:
        if self._clock.monotonic() < self._next:
            return
        self._next = self._clock.monotonic() + self._every
        sent = sum(seen.sent.values()) / _MEGABYTE
        self._say(f"{len(seen.done) + len(seen.there)} of {seen.layers} layers done, {sent:.0f} MB sent")
