"""The processes of the Functions host, counted over the app's instances.

The host's status is answered by one instance at a time, so it is asked until every instance has answered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytask.functionapp.host import NotAllowed, count_instances, host_process

if TYPE_CHECKING:
    from pytask.cloud.arm import Arm
    from pytask.model import HostProcess

_TWICE = 2


@dataclass(kw_only=True, slots=True)
class Instances:
    """Which instances run a process that was started after the change."""

    arm: Arm
    path: str
    sent_at: float
    """Our monotonic clock just before the change was sent."""
    count: int = 1
    new: set[str] = field(default_factory=set)
    latest: HostProcess | None = None
    run: int = 0
    """How many new processes answered one after the other."""
    at_first: int | None = None
    """How many there were just before the change; None when that is not known."""
    changed_at: float = 0.0
    """Our monotonic clock when a process was last seen for the first time."""
    uncounted: str = ""
    """Why the instances cannot be counted; then one of them stands for all, and that is no proof."""

    def look(self) -> None:
        """Ask until an old process answers, none does, or every instance has answered twice with a new one.

        Raises:
            NotAllowed: when the connection may not ask.
        """
        for _ in range(_TWICE * self.count):
            self.latest = host_process(self.arm, self.path)
            if not self._is_new(self.latest):
                self.run, self.new = 0, set()
                return
            if self.run == 0 and not self._counted():
                return
            self.run += 1
            self._seen(self.latest.instance if self.latest else "")
        if self.run:
            self._counted()

    def _seen(self, process: str) -> None:
        if process not in self.new:
            self.new.add(process)
            self.changed_at = self.arm.door.clock.monotonic()

    def _counted(self) -> bool:
        try:
            count = 1 if self.uncounted else count_instances(self.arm, self.path)
        except NotAllowed as error:
            count, self.uncounted = 1, str(error)
        self.count = max(1, count or 1)
        return count is not None

    def all_new(self) -> bool:
        """Tell whether every instance runs a new process: one old answer would have begun the count anew."""
        return self.run >= _TWICE * self.count and len(self.new) >= self.count and not self._may_be_old()

    def _may_be_old(self) -> bool:
        """Tell whether an instance that joined meanwhile may still serve the image of before, in a new process.

        Scale-out may start what serves, and the new image only then; nothing tells the two processes apart but time.
        """
        if not self.at_first or self.count <= self.at_first:
            return False
        return self.arm.door.clock.monotonic() - self.changed_at < self.arm.door.patience.settled_failure

    def told(self) -> str:
        """Give the count as a person reads it; empty for the one instance that most apps have."""
        return f" on {len(self.new)} of {self.count} instances" if self.count > 1 else ""

    def _is_new(self, host: HostProcess | None) -> bool:
        return host is not None and host.state == "Running" and host.started_after >= self.sent_at


def instances_now(arm: Arm, path: str) -> int | None:
    """Give how many instances the app runs on; None when the connection may not count them."""
    try:
        return count_instances(arm, path)
    except NotAllowed:
        return None
