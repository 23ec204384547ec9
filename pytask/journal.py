"""What a run attempted and what happened, recorded at once and never changed.

Everything reported at the end (outputs, summary, record, state) is derived from it, so that a run that fails halfway
reports the same way as one that completes.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from pytask.errors import Declined, TaskFailure
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
    STICKY = "make settings sticky"
    SETTINGS = "change the app settings"
    UPDATE = "update the app"
    PULL_ACCESS = "set up pull access"
    ROLL_BACK = "roll back"
    SWAP = "swap the slot with production"
    SWAP_BACK = "swap back"


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
    | ChangedBySomeoneElse
    | NotRolledBack
    | RollbackFailed
    | ImageGone
)


@dataclass(frozen=True, slots=True)
class _Entry:
    app: str
    """Title of the app that the event is about; empty for events about all apps."""
    event: Event


@dataclass(frozen=True, slots=True)
class Journal:
    """An append-only list of events, in order. Thread-safe."""

    listen: Callable[[Event], None]
    """Called with each event at once."""
    app: str = ""
    """The app whose events these are; empty for all events."""
    _entries: list[_Entry] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def of(self, app: str) -> Journal:
        """Return a view for one app: events added to it are the app's, and it includes events about all apps."""
        return Journal(self.listen, app, self._entries, self._lock)

    def add(self, event: Event) -> None:
        """Record an event and report it."""
        with self._lock:
            self._entries.append(_Entry(self.app, event))
        self.listen(event)

    @contextmanager
    def attempt(self, action: Action, what: str = "") -> Iterator[None]:
        """Record an attempt around a block that sends a change.

        Only an answer that refuses the change says that it was not made; after any other failure or a cancellation,
        that stays open. An attempt within another one is made before it: what it leaves open is recorded with it only.
        """
        attempt = Attempted(action, what)
        self.add(attempt)
        try:
            yield
        except (TaskFailure, Declined) as failure:
            if isinstance(failure, Declined) or not failure.leaves_open:
                self.add(Refused(attempt))
            if isinstance(failure, TaskFailure):
                failure.leaves_open = False
            raise
        self.add(Confirmed(attempt))

    def all(self, kind: type[E]) -> tuple[E, ...]:
        """Return the events of a kind, in order."""
        with self._lock:
            seen = [one.event for one in self._entries if not self.app or one.app in {"", self.app}]
        return tuple(event for event in seen if isinstance(event, kind))

    def last(self, kind: type[E]) -> E | None:
        """Return the latest event of a kind; None when there was none."""
        found = self.all(kind)
        return found[-1] if found else None

    def update(self) -> Update | None:
        """Return this run's last update of the app; None when there was none."""
        again, update = self.last(PullsAgain), self.last(Update)
        return again.update if again else update

    def tried(self, action: Action) -> bool:
        """Tell whether an action was attempted, with any result."""
        return any(one.action is action for one in self.all(Attempted))

    def left_open(self, action: Action) -> tuple[str, ...]:
        """Return the unanswered attempts of an action, which may have taken effect, one sentence each."""
        settled = [one.attempt for one in self.all(Confirmed)] + [one.attempt for one in self.all(Refused)]
        return tuple(one.what for one in self.all(Attempted) if one.action is action and one not in settled)
