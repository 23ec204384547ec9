"""What a run attempted and what happened, recorded at once and never changed.

Everything reported at the end (outputs, summary, record, state) is derived from it, so that a run that fails halfway
reports the same way as one that completes. Each target of a run has a part of its own.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from operator import attrgetter
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from pytask.errors import Cancelled, Declined, TaskFailure
from pytask.model import (
    App,
    BuiltImage,
    PushedImage,
    RolledBack,
    SettingsBack,
    SettingsChange,
    SlotsFound,
    Update,
    Verification,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytask.model import Plan

E = TypeVar("E")


class Action(Enum):
    """A change that may have been made although it was not confirmed."""

    PUSH = "push the image"
    IMPORT = "import the image"
    STICKY = "make settings sticky"
    SETTINGS = "change the app settings"
    UPDATE = "update the app"
    PULL_ACCESS = "set up pull access"
    ROLL_BACK = "roll back"
    SWAP = "swap the slot with production"
    SWAP_BACK = "swap back"
    RELEASE = "release the traffic"


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan is made."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class StageBegan:
    """A stage of the run has begun."""

    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StageEnded:
    """A stage of the run has ended, successfully or not."""

    title: str
    seconds: float


@dataclass(frozen=True, slots=True)
class PreflightPassed:
    """The preflight found nothing that would make the run fail."""

    findings: str
    """The findings, for people."""


@dataclass(frozen=True, eq=False, slots=True)
class Attempted:
    """A call is about to be sent that may take effect even if its answer is lost."""

    action: Action
    what: str
    """The effect, as a sentence; empty when the action says enough."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The answer says that the attempt succeeded."""

    attempt: Attempted


@dataclass(frozen=True, slots=True)
class Refused:
    """The answer says that the attempt had no effect."""

    attempt: Attempted


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessGiven:
    """The app was given what it needs to pull; that stays, even if the run fails."""

    done: str
    """What was given, as a sentence."""
    role_at: float | None = None
    """Monotonic clock of the grant when it was a role, which takes time to propagate."""


@dataclass(frozen=True, slots=True)
class MadeSticky:
    """Settings now stay with their slot."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeftAsItIs:
    """The app already runs this very image; nothing was written."""

    reason: str


@dataclass(frozen=True, slots=True)
class PullsAgain:
    """The app was made to pull its image again."""

    update: Update


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageRestored:
    """The app was pointed at its previous image again; whether it runs is not known yet."""

    reference: str
    configuration: tuple[str, ...]
    """The names of the properties of the configuration that were restored."""


@dataclass(frozen=True, slots=True)
class HeldBack:
    """The image gets no traffic, because it is unverified."""

    update: Update


@dataclass(frozen=True, kw_only=True, slots=True)
class Released:
    """The image was given the traffic that was held back from it."""

    update: Update
    told: str
    """The traffic now, for people."""


@dataclass(frozen=True, slots=True)
class ChangedBySomeoneElse:
    """The app is not configured with the image of this run, although Azure accepted the update."""

    found: str
    """What its configuration reads."""


@dataclass(frozen=True, slots=True)
class VerificationFailed:
    """The app does not run the image of this run."""


@dataclass(frozen=True, slots=True)
class NotRolledBack:
    """The app was not pointed at its previous image again, or that is not known."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RollbackFailed:
    """The app was pointed at its previous image again, but does not run it either."""

    reference: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImageGone:
    """The run's image is no longer in the registry."""


@dataclass(frozen=True, slots=True)
class RolloutFailed:
    """The run could not have the target run its image; others may go on."""

    failure: TaskFailure


Event: TypeAlias = (
    Planned
    | StageBegan
    | StageEnded
    | PreflightPassed
    | App
    | SlotsFound
    | BuiltImage
    | PushedImage
    | Attempted
    | Confirmed
    | Refused
    | AccessGiven
    | SettingsChange
    | SettingsBack
    | MadeSticky
    | LeftAsItIs
    | Update
    | PullsAgain
    | Verification
    | VerificationFailed
    | RolledBack
    | ImageRestored
    | HeldBack
    | Released
    | ChangedBySomeoneElse
    | NotRolledBack
    | RollbackFailed
    | ImageGone
    | RolloutFailed
)


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
    """Resource id of the target whose part this is, in lower case; empty for the whole."""
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
