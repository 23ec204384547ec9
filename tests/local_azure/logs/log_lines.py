"""The lines of a platform's log: each with its moment, some only due later, and the file's line ends."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from random import Random

_STEP = timedelta(microseconds=1)
_LONG_AGO = datetime.fromtimestamp(0, timezone.utc)


def _now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True, slots=True)
class LogClock:
    """What time it is where a log is written."""

    now: Callable[[], datetime] = _now
    monotonic: Callable[[], float] = time.monotonic


@dataclass(slots=True)
class LogLines:
    """What a log holds; every line comes after the one before it."""

    stamp: Callable[[datetime], str]
    """Return what stands before a line of the platform."""
    second: float
    """How long a second of the platform takes here."""
    clock: LogClock
    newline: str = "\n"
    begin: str = ""
    """What the file begins with: a byte order mark, perhaps."""
    _told: list[str] = field(default_factory=list)
    _due: list[tuple[float, Sequence[str]]] = field(default_factory=list)
    _last: datetime = _LONG_AGO

    @property
    def text(self) -> str:
        """The whole log by now."""
        self._settle()
        return self.begin + "".join(line + self.newline for line in self._told)

    def tell(self, texts: Iterable[str], *, late: bool = False) -> None:
        """Add lines of now; with `late` the line that was the last one stays so."""
        self._settle()
        last = [self._told.pop()] if late and self._told else []
        self._add(texts)
        self._told += last

    def tell_later(self, seconds: float, texts: Sequence[str]) -> None:
        """Add lines of the platform's after so many of its seconds."""
        self._due.append((self.clock.monotonic() + seconds * self.second, texts))

    def add(self, lines: Iterable[str]) -> None:
        """Add lines as they are."""
        self._settle()
        self._told += lines

    def _settle(self) -> None:
        due = sorted((one for one in self._due if one[0] <= self.clock.monotonic()), key=lambda one: one[0])
        for one in due:
            self._due.remove(one)
            self._add(one[1])

    def _add(self, texts: Iterable[str]) -> None:
        for text in texts:
            self._last = max(self.clock.now(), self._last + _STEP)
            self._told.append(self.stamp(self._last) + text if text else "")


def woven(one: Sequence[str], other: Sequence[str], mood: Random) -> list[str]:
    """Return two series of lines as one, each in its own order: what runs in parallel on a machine."""
    picks = [True] * len(one) + [False] * len(other)
    mood.shuffle(picks)
    ones, others = iter(one), iter(other)
    return [next(ones) if pick else next(others) for pick in picks]
