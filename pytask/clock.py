"""The task's clock: the time, elapsed time, time limits, and waits that a cancellation ends."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from pytask.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Iterator

WAKES = 0.5
"""Seconds after which a waiting main thread wakes up: on Windows it notices Ctrl+C only then.
https://docs.python.org/3/library/signal.html#execution-of-python-signal-handlers"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeouts:
    """All time limits and waits, in seconds, in one record so that they can be compared."""

    http_attempts: int = 8
    """With the waits between them, these attempts outlast a minute without a network."""
    unreached_attempts: int = 5
    """While no host has answered in this run: then the network is more likely misconfigured than briefly down."""
    http_first_wait: float = 1.0
    http_longest_wait: float = 30.0
    """Between two attempts, unless the server asks for a longer wait."""
    http_jitter: float = 0.25
    """Each wait is lengthened at random by up to this fraction, so that many runs do not call at once."""
    http_retries: float = 300.0
    """From the first attempt of a call to its last."""
    poll_attempts: int = 2
    """While polling, the next poll is the retry."""
    http_connect: float = 10.0
    http_read: float = 60.0
    http_total: float = 120.0
    """For one attempt of a call, from connecting to the last byte, however steadily bytes arrive."""
    slowest_blob: float = 50_000.0
    """Bytes per second; a layer that arrives more slowly than this is given up."""
    identity_connect: float = 2.0
    """To connect to a machine's managed identity endpoint, which is one hop away or does not exist."""
    signing: float = 30.0
    """Signing with a certificate takes Node 0.05 s, but a busy agent may start it slowly."""
    operation: float = 300.0
    """For an asynchronous operation that ARM accepted (202)."""
    app_operation: float = 1200.0
    """For a change of a container app; recorded ones take 17 seconds, and stuck ones hours.
    https://github.com/microsoft/azure-container-apps/issues/1731"""
    import_image: float = 1800.0
    """For an import from another registry, which Azure makes without this agent."""
    acr_poll: float = 1.0
    """Between two looks at the log of a build by ACR Tasks."""
    acr_silence: float = 600.0
    """How long neither the status nor the log of a build by ACR Tasks may be readable."""
    acr_last_lines: float = 10.0
    """How long to wait for the last lines of the log of a build that has ended."""
    acr_lost_run: float = 30.0
    """How long to look for a build that was scheduled although its answer was lost."""
    swap: float = 1800.0
    """For a swap: one takes a minute or two, and 23 minutes have been reported.
    https://github.com/microsoft/azure-pipelines-tasks/issues/19273"""
    swap_poll: float = 15.0
    """Between two looks at a swap; Azure's own commands poll it as often."""
    lost_swap: float = 300.0
    """How long to look for a swap whose call was not answered, and that Azure shows no sign of."""
    push_attempts: int = 3
    cache: float = 900.0
    """How long to wait for the build cache once everything else is done; what was uploaded by then is kept."""
    young_login: float = 60.0
    """How long a registry token is reused for Docker; it is valid for hours, but a build may take hours too."""
    fresh: float = 1.0
    """How long a reading of an app counts as current; one call to Resource Manager can take that long."""
    first_poll: float = 0.5
    longest_poll: float = 5.0
    verify_poll: float = 1.0
    """The longest between two rounds of a verification, so that the verdict follows what the platform reports."""
    progress: float = 15.0
    """Between two lines of progress while waiting."""
    host_pause: float = 5.0
    """Between two calls to the Functions host of an app that is not ready: each one turns on its debug mode."""
    functions_cache: float = 60.0
    """How long Azure's list of functions may be the previous image's, when the triggers cannot be synced.
    https://github.com/microsoft/azure-tools-for-java/pull/5739"""
    settled_failure: float = 30.0
    """A failed start is final when the platform begins no other start in this time."""
    new_identity: float = 180.0
    """For a new identity to replicate in the directory."""
    role_propagation: float = 60.0
    """The usual time for a new role to propagate to the registry."""
    role_propagation_limit: float = 600.0
    """The longest time it may take: https://learn.microsoft.com/azure/role-based-access-control/troubleshooting"""
    relay_asking: float = 10.0
    """For a caller of the relay to send its request, and to be connected."""
    relay_idle: float = 600.0
    """A connection through the relay is closed after this long without a byte."""
    engine: float = 30.0
    """For the engine to answer; a call to its socket may have to start the engine first."""
    last_answer: float = 5.0
    """How long a canceled run waits for the answer to a change; the agent kills the shim after 10 seconds.
    https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Sdk/ProcessInvoker.cs"""
    child_exit: float = 3.0
    """Between asking a process to end and killing it."""


class Awaited:
    """Counts the changes that are sent but not answered yet; several threads may each have one."""

    def __init__(self) -> None:
        self._lock, self._open = threading.Lock(), 0

    def is_set(self) -> bool:
        """Tell whether any answer is missing; a signal's handler may call this at any time, as it takes no lock."""
        return self._open > 0

    def add(self, count: int) -> None:
        """Count one more, or one less."""
        with self._lock:
            self._open += count


@dataclass(frozen=True, slots=True)
class Clock:
    """The time source of the whole task."""

    cancelled: threading.Event = field(default_factory=threading.Event)
    """Set when the agent asks the task to stop."""
    awaits: Awaited = field(default_factory=Awaited)
    """The changes that are sent but not answered yet; a cancellation waits for those answers."""

    def monotonic(self) -> float:
        """Return seconds that never go backward."""
        return time.monotonic()

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return datetime.now(timezone.utc)

    def sleep(self, seconds: float) -> None:
        """Wait for `seconds`.

        Raises:
            Cancelled: when the agent asks the task to stop.
        """
        until = self.monotonic() + seconds
        while not self.cancelled.wait(max(0.0, min(WAKES, until - self.monotonic()))):
            if self.monotonic() >= until:
                return
        raise Cancelled

    def confirm_not_cancelled(self) -> None:
        """Confirm that the task is to go on.

        Raises:
            Cancelled: when the agent asks the task to stop.
        """
        if self.cancelled.is_set():
            raise Cancelled

    @contextmanager
    def until_answered(self) -> Iterator[None]:
        """Let the block send a change and record its answer, even if the agent asks the task to stop meanwhile.

        Raises:
            Cancelled: before the block or after it, when the agent asks the task to stop.
        """
        # First this, so that in another thread a cancellation either is seen here or sees this.
        self.awaits.add(1)
        try:
            self.confirm_not_cancelled()
            yield
        finally:
            self.awaits.add(-1)
        self.confirm_not_cancelled()


@dataclass(frozen=True, slots=True)
class Deadline:
    """A point on the monotonic clock by which something must be done."""

    clock: Clock
    at: float

    @classmethod
    def after(cls, clock: Clock, seconds: float) -> Deadline:
        """Return the deadline `seconds` from now."""
        return cls(clock, clock.monotonic() + seconds)

    def left(self) -> float:
        """Return the seconds left, never less than 0."""
        return max(0.0, self.at - self.clock.monotonic())

    def passed(self) -> bool:
        """Tell whether the deadline has passed."""
        return self.left() == 0.0
