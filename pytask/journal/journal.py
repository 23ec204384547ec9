"""What a run attempted and what happened, recorded at once and never changed.

Everything reported at the end (outputs, summary, record, state) is derived from it, so that a run that fails halfway
reports the same way as one that completes. Each target of a run has a part of its own.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from operator import attrgetter
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from pytask.errors import Cancelled, Declined, TaskFailure
from pytask.journal.events import Attempted, Confirmed, PullsAgain, Refused, Released
from pytask.model import Update

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytask.journal.events import Action, Event
    from pytask.model import App

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class _Entry:
    at: int
    """Its place among all entries."""
    event: Event


@dataclass(frozen=True, slots=True)
class Journal:
    """The record of one run. Threads may share it.

    The run itself has a part, and so has each target (`of`): a target's part includes what the run itself has.
    """

    listen: Callable[[Event], None]
    """Gets each event as it happens."""
    target: str = ""
    """Resource ID of the target whose part this is, in lower case; empty for the whole."""
    _entries: dict[str, list[_Entry]] = field(default_factory=lambda: {"": []})
    """By target, in the order in which they were found; those of the run itself first."""
    _lock: Lock = field(default_factory=Lock)
    _count: Iterator[int] = field(default_factory=count)

    def of(self, app: App) -> Journal:
        """Return the part of one target: events added to it are the target's."""
        return Journal(self.listen, app.resource_id.lower(), self._entries, self._lock, self._count)

    def targets(self) -> tuple[Journal, ...]:
        """Return the part of each target, `appName`'s first; of a part, or a run that has found none, only itself."""
        with self._lock:
            found = [one for one in self._entries if one and not self.target]
        parts = (Journal(self.listen, one, self._entries, self._lock, self._count) for one in found)
        return tuple(parts) or (self,)

    def add(self, event: Event) -> None:
        """Record an event and report it."""
        with self._lock:
            self._entries.setdefault(self.target, []).append(_Entry(next(self._count), event))
        self.listen(event)

    @contextmanager
    def attempt(self, action: Action, what: str = "") -> Iterator[None]:
        """Record an attempt around a block that sends a change.

        Only an answer that refuses the change, or a cancellation before it was sent, shows that it was not made; after
        any other failure or cancellation, the attempt stays open. An attempt within another one comes before it, and
        what it leaves open is recorded only with it.
        """
        attempt = Attempted(action, what)
        self.add(attempt)
        try:
            yield
        except (TaskFailure, Declined, Cancelled) as failure:
            if isinstance(failure, Declined) or not failure.leaves_open:
                self.add(Refused(attempt))
            if not isinstance(failure, Declined):
                failure.leaves_open = False
            raise
        self.add(Confirmed(attempt))

    def all(self, kind: type[E]) -> tuple[E, ...]:
        """Return the events of a kind, in order."""
        with self._lock:
            parts = ["", self.target] if self.target else list(self._entries)
            seen = [one for part in parts for one in self._entries.get(part, ()) if isinstance(one.event, kind)]
        return tuple(one.event for one in sorted(seen, key=attrgetter("at")) if isinstance(one.event, kind))

    def last(self, kind: type[E]) -> E | None:
        """Return the latest event of a kind; None when there was none."""
        found = self.all(kind)
        return found[-1] if found else None

    def update(self) -> Update | None:
        """Return this run's last update of the app; None when there was none."""
        again, update = self.last(PullsAgain), self.last(Update)
        return again.update if again else update

    def holds_back(self) -> str:
        """Return the command that gives the image of the last update its traffic; empty when nothing is held back."""
        update, released = self.update(), self.last(Released)
        return update.held_back if update and not (released and released.update == update) else ""

    def tried(self, action: Action) -> bool:
        """Tell whether an action was attempted, with any result."""
        return any(one.action is action for one in self.all(Attempted))

    def left_open(self, action: Action) -> tuple[str, ...]:
        """Return the unanswered attempts of an action, which may have taken effect, one sentence each."""
        settled = [one.attempt for one in self.all(Confirmed)] + [one.attempt for one in self.all(Refused)]
        return tuple(one.what for one in self.all(Attempted) if one.action is action and one not in settled)
