"""Counting the Functions host processes on the app's instances.

Each status call is answered by one instance, so it is repeated until every instance has answered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytask.cloud.arm import ArmCall
from pytask.cloud.poll import NOT_ASKED, NotAllowed, NotYet, Seen, asked_once, poll, read_items
from pytask.targets.site.host import host_status

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse

    from pytask.cloud.arm import Arm
    from pytask.cloud.poll import Reading
    from pytask.targets.site.host import HostStatus

_TWICE = 2
_MOST_CALLS = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Hosts:
    """What is known about the hosts on all instances."""

    latest: Reading[HostStatus] = NOT_ASKED
    """The latest answer."""
    new: frozenset[str] = frozenset()
    """Instances whose process started after the update."""
    count: Reading[int] = NOT_ASKED
    """The number of instances."""
    may_be_old: bool = False
    """Whether an instance that joined meanwhile may still serve the previous image."""

    @property
    def status(self) -> HostStatus | None:
        """The latest status; None when the host did not answer with one."""
        return self.latest.value if isinstance(self.latest, Seen) else None

    @property
    def all_new(self) -> bool:
        """Whether every instance runs a process that started after the update."""
        counted = self.count.value if isinstance(self.count, Seen) else 0
        return 0 < counted <= len(self.new) and not self.may_be_old


@dataclass(kw_only=True, slots=True)
class Instances:
    """Asks the hosts and keeps their answers."""

    arm: Arm
    path: str
    sent_at: float
    """Monotonic clock just before the update was sent."""
    at_first: int | None = None
    """Number of instances just before the update; None when unknown."""
    hosts: Hosts = field(default_factory=Hosts)
    seen: dict[str, int] = field(default_factory=dict)
    """Number of answers from a new process, by instance."""
    changed_at: float = 0.0
    """Monotonic clock when a new process was last discovered."""

    def ask(self) -> Hosts:
        """Ask until an old process answers, none answers, or every instance has answered twice with a new one."""
        for _ in range(_MOST_CALLS):
            latest = host_status(self.arm, self.path)
            if not self._is_new(latest):
                self.seen.clear()
                return self._keep(latest)
            self._count(latest)
            if isinstance(self._keep(latest).count, NotYet | NotAllowed) or self._all_answered_twice():
                break
        return self.hosts

    def _is_new(self, latest: Reading[HostStatus]) -> bool:
        if not isinstance(latest, Seen) or not latest.value.running or not latest.value.instance:
            return False
        return latest.value.is_newer_than(self.sent_at) is True

    def _count(self, latest: Reading[HostStatus]) -> None:
        instance = latest.value.instance if isinstance(latest, Seen) else ""
        if instance not in self.seen:
            self.changed_at = self.arm.http.clock.monotonic()
        self.seen[instance] = self.seen.get(instance, 0) + 1

    def _keep(self, latest: Reading[HostStatus]) -> Hosts:
        count: Reading[int] = NOT_ASKED if not self.seen else self.hosts.count
        if self.seen and not isinstance(count, Seen):
            count = count_instances(self.arm, self.path)
        self.hosts = Hosts(latest=latest, new=frozenset(self.seen), count=count, may_be_old=self._may_be_old(count))
        return self.hosts

    def _all_answered_twice(self) -> bool:
        counted = self.hosts.count.value if isinstance(self.hosts.count, Seen) else 0
        return len(self.seen) >= counted and sum(self.seen.values()) >= _TWICE * counted

    def _may_be_old(self, count: Reading[int]) -> bool:
        """Tell whether an instance that joined meanwhile may serve the previous image in a new process.

        Scale-out may start the image currently served, and the new one only later; only time tells the processes apart.
        """
        if not self.at_first or not isinstance(count, Seen) or count.value <= self.at_first:
            return False
        return self.arm.http.clock.monotonic() - self.changed_at < self.arm.http.timeouts.settled_failure


def count_instances(arm: Arm, path: str) -> Reading[int]:
    """Return the number of the app's instances.

    Source: https://learn.microsoft.com/rest/api/appservice/web-apps/list-instance-identifiers
    """
    return poll(arm, ArmCall("GET", f"{path}/instances", doing="count the app's instances"), _number)


def instances_now(arm: Arm, path: str) -> int | None:
    """Return the number of the app's instances; None when unknown."""
    count = count_instances(asked_once(arm), path)
    return count.value if isinstance(count, Seen) else None


def _number(answer: HttpResponse) -> int | None:
    items = read_items(answer)
    return len(items) or None if items is not None else None
