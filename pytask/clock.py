"""The one clock: what time it is, how long something took, and waiting that a cancellation ends."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone

from pytask.errors import Cancelled

WAKES = 0.5
"""Seconds after which a main thread that waits wakes up: on Windows it hears of Ctrl+C only then.
https://docs.python.org/3/library/signal.html#execution-of-python-signal-handlers"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeouts:
    """How long the task waits for what; seconds throughout. One record, so that limits stand side by side."""

    http_attempts: int = 5
    http_first_wait: float = 1.0
    http_longest_wait: float = 30.0
    http_connect: float = 10.0
    http_read: float = 60.0
    identity_connect: float = 2.0
    """The endpoint of a machine's managed identity is a hop away, or there is none."""
    signing: float = 30.0
    """Node signs with a certificate in 0.05 s; a busy agent may take long to start it."""
    operation: float = 300.0
    """An operation that ARM accepted (202) and goes on with."""
    push_attempts: int = 3
    young_login: float = 60.0
    """What a registry gave is good for Docker within this time; it lives for hours, but a build may do so too."""
    first_poll: float = 0.5
    longest_poll: float = 5.0
    progress: float = 15.0
    """At least one line of progress in this time while waiting."""
    host_pause: float = 5.0
    """Between two questions to the Functions host: each switches its debug mode on."""
    functions_cache: float = 60.0
    """Azure's list of functions may be that of the image before for so long, where the triggers cannot be synced.
    https://github.com/microsoft/azure-tools-for-java/pull/5739"""
    settled_failure: float = 30.0
    """A start that the platform gave up counts as final when it began no other for so long."""
    new_identity: float = 180.0
    """A new identity is known throughout the directory by then."""
    role_propagation: float = 60.0
    """A new role counts with the registry by then, mostly."""
    role_propagation_limit: float = 600.0
    """…and certainly by then: https://learn.microsoft.com/azure/role-based-access-control/troubleshooting"""
    engine: float = 30.0
    """An engine may have to be started first, when its socket is asked."""
    child_exit: float = 3.0
    """A process that was asked to end has so long before it is killed."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Time as the whole task sees it."""

    cancelled: threading.Event = field(default_factory=threading.Event)
    """Set when the agent asks the task to stop."""

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        return time.monotonic()

    def now(self) -> datetime:
        """Return the present time in UTC."""
        return datetime.now(timezone.utc)

    def sleep(self, seconds: float) -> None:
        """Wait for `seconds`.

        Raises:
            Cancelled: when the agent asks the task to stop meanwhile.
        """
        until = self.monotonic() + seconds
        while not self.cancelled.wait(max(0.0, min(WAKES, until - self.monotonic()))):
            if self.monotonic() >= until:
                return
        raise Cancelled


@dataclass(frozen=True, slots=True)
class Deadline:
    """A point in time by which something must be done."""

    clock: Clock
    at: float

    @classmethod
    def after(cls, clock: Clock, seconds: float) -> Deadline:
        """Return the deadline `seconds` from now."""
        return cls(clock, clock.monotonic() + seconds)

    def left(self) -> float:
        """Return the seconds that are left, never less than 0."""
        return max(0.0, self.at - self.clock.monotonic())

    def passed(self) -> bool:
        """Tell whether the time is over."""
        return self.left() == 0.0
