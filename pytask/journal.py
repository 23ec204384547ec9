"""What a run attempted and what came of it: written as it happens, never changed.

All that is told at the end (outputs, summary, record, how things are left) is folded from it, so that a run that breaks
off anywhere tells the same as one that ends.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from pytask.errors import TaskFailure
from pytask.model import App, BuiltImage, PushedImage, RolledBack, SettingsChange, Update, Verification

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytask.model import Plan

E = TypeVar("E")


class Action(Enum):
    """What may have been done although nobody confirmed it."""

    PUSH = "push the image"
    UPDATE = "update the app"
    PULL_ACCESS = "set up pull access"


@dataclass(frozen=True, slots=True)
class Planned:
    """It is decided what will be done."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class StageBegan:
    """A stage of the run has begun."""

    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StageEnded:
    """A stage of the run has ended, well or not."""

    title: str
    seconds: float


@dataclass(frozen=True, slots=True)
class PreflightPassed:
    """Nothing was found that would make the run fail."""

    told: str
    """What was found, in words."""


@dataclass(frozen=True, eq=False, slots=True)
class Attempted:
    """Something is about to leave this process that may be done whatever becomes of its answer."""

    action: Action
    what: str
    """What will have been done then, as a sentence; empty where the action says it all."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The answer says that it was done."""

    attempt: Attempted


@dataclass(frozen=True, slots=True)
class Refused:
    """The answer says that it was not done."""

    attempt: Attempted


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessGiven:
    """The app was given what it needs to pull; that stays, whatever becomes of the run."""

    done: str
    """As a sentence."""
    role_at: float | None = None
    """Our monotonic clock when it was a role, which takes its time to propagate."""


@dataclass(frozen=True, slots=True)
class MadeSticky:
    """Settings now stay with their slot."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeftAsItIs:
    """The app runs this very image already; nothing was written."""

    told: str


@dataclass(frozen=True, slots=True)
class PullsAgain:
    """The app was made to pull once more what it was pointed at."""

    update: Update


@dataclass(frozen=True, kw_only=True, slots=True)
class NotRolledBack:
    """The app was not rolled back, or does not run the previous image either."""

    reason: str
    configured: str = ""
    """The previous image, when the app is configured with it all the same."""


@dataclass(frozen=True, slots=True)
class ImageLost:
    """The image of this run is not in the registry any more."""


Event: TypeAlias = (
    Planned
    | StageBegan
    | StageEnded
    | PreflightPassed
    | App
    | BuiltImage
    | PushedImage
    | Attempted
    | Confirmed
    | Refused
    | AccessGiven
    | SettingsChange
    | MadeSticky
    | LeftAsItIs
    | Update
    | PullsAgain
    | Verification
    | RolledBack
    | NotRolledBack
    | ImageLost
)


@dataclass(frozen=True, slots=True)
class _Entry:
    app: str
    """The title of the app that it is about; empty when it is about all."""
    event: Event


@dataclass(frozen=True, slots=True)
class Journal:
    """What happened, in order. Threads may share it; nothing is ever taken out or changed."""

    listen: Callable[[Event], None]
    """Told of each event at once."""
    app: str = ""
    """The app whose events these are; empty for those of all."""
    _entries: list[_Entry] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def of(self, app: str) -> Journal:
        """Return the part that one app is about: what is added there is its own; what is about all is in it, too."""
        return Journal(self.listen, app, self._entries, self._lock)

    def add(self, event: Event) -> None:
        """Write down an event, and tell it."""
        with self._lock:
            self._entries.append(_Entry(self.app, event))
        self.listen(event)

    @contextmanager
    def attempt(self, action: Action, what: str = "") -> Iterator[None]:
        """Do what may leave this process before it is confirmed.

        Only an answer that refuses it says that it was not done; with every other failure, and when the run is
        cancelled meanwhile, that stays open.
        """
        attempt = Attempted(action, what)
        self.add(attempt)
        try:
            yield
        except TaskFailure as failure:
            if not failure.leaves_open:
                self.add(Refused(attempt))
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
        """Return the app as this run has last changed it; None when it has not."""
        again, update = self.last(PullsAgain), self.last(Update)
        return again.update if again else update

    def tried(self, action: Action) -> bool:
        """Tell whether it was attempted, whatever came of it."""
        return any(one.action is action for one in self.all(Attempted))

    def left_open(self, action: Action) -> tuple[str, ...]:
        """Return what may have been done of an action and was never answered, a sentence each."""
        settled = [one.attempt for one in self.all(Confirmed)] + [one.attempt for one in self.all(Refused)]
        return tuple(one.what for one in self.all(Attempted) if one.action is action and one not in settled)
