"""The events of a run, and the actions that it attempts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

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
    from pytask.errors import TaskFailure
    from pytask.model import Plan


class Action(Enum):
    """A change that may have been made although it was not confirmed."""

    BUILD = "have the registry build the image"
    PUSH = "push the image"
    IMPORT = "import the image"
    CACHE = "write the build cache"
    STICKY = "make settings sticky"
    SETTINGS = "change the app settings"
    UPDATE = "update the app"
    PULL_ACCESS = "set up pull access"
    ROLL_BACK = "roll back"
    RELEASE = "release the traffic"
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
class TrafficHeld:
    """The update, once it is made, gives the traffic by name to the revisions that have it now."""

    command: str
    """How a person distributes it as before."""


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
    | TrafficHeld
    | HeldBack
    | Released
    | ChangedBySomeoneElse
    | NotRolledBack
    | RollbackFailed
    | ImageGone
    | RolloutFailed
)
