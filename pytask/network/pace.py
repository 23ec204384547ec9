"""The pace of one run's calls of Resource Manager, which all its threads share.

Resource Manager counts the calls of each identity in buckets that refill steadily, and answers 429 when one is empty. A
run with one app never comes near that. One with many keeps to the buckets by itself, and when somebody else has emptied
one, all its threads wait as long as one of them was asked to.
Source: https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytask.errors import Cancelled

if TYPE_CHECKING:
    from pytask.clock import Clock

_READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Bucket:
    """How many calls may be sent at once, and how many in each second after that."""

    at_once: int
    per_second: float


READS, WRITES = Bucket(250, 25.0), Bucket(200, 10.0)
"""Of one identity in one subscription and region, as the source above has them."""


@dataclass(kw_only=True, slots=True)
class Pace:
    """Lets calls pass as the buckets allow. Threads share it."""

    clock: Clock
    reads: Bucket = READS
    writes: Bucket = WRITES
    _full_at: dict[bool, float] = field(default_factory=dict)
    """By whether it is the one for reads: when the bucket is full again, by the monotonic clock."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, method: str) -> None:
        """Wait until a call may be sent, or the agent asks the task to stop."""
        reads = method in _READING
        bucket, now = self._bucket(reads=reads), self.clock.monotonic()
        with self._lock:
            full_at = max(self._full_at.get(reads, now), now) + 1 / bucket.per_second
            self._full_at[reads] = full_at
        if (seconds := full_at - bucket.at_once / bucket.per_second - now) > 0:
            with suppress(Cancelled):  # only the caller knows what a stop leaves open
                self.clock.sleep(seconds)

    def hold(self, method: str, seconds: float) -> None:
        """Let no call pass for so long, because the bucket turned out to be empty; then only as fast as it refills."""
        reads = method in _READING
        bucket = self._bucket(reads=reads)
        empty = self.clock.monotonic() + seconds + bucket.at_once / bucket.per_second
        with self._lock:
            self._full_at[reads] = max(self._full_at.get(reads, empty), empty)

    def _bucket(self, *, reads: bool) -> Bucket:
        return self.reads if reads else self.writes
