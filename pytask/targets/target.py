"""What a run asks of everything that it may deploy to, whatever its kind.

A kind of target is a package of its own that fulfills `Target`; `rollout` and `verification` know no other way to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from pytask.model import Update

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.access.setup import AppIdentity, PullSetup
    from pytask.errors.start import StartFailure
    from pytask.journal import Journal
    from pytask.model import App, AppPlan, Digest, PreviousImage, SettingsBack, VerifyPlan
    from pytask.registry.images import ImageSource
    from pytask.verification import Watch

U = TypeVar("U", bound=Update)


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """The target as it is before anything is changed."""

    app: App
    settings: Mapping[str, str] | None
    """None when the connection may not read them."""
    previous: PreviousImage | None
    """None when it has no image."""
    known_layers: frozenset[str]
    """Digests of the layers that it runs already."""
    pull: PullSetup
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class UseImage:
    """The change that has a target run an image."""

    reference: str
    """As the configuration is to have it."""
    digest: Digest | None
    fresh_tag: bool
    """True when `reference` is a tag that did not exist before this run."""
    plan: AppPlan


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """How a target is at present."""

    told: tuple[str, ...]
    """For people, a line each."""
    failure: StartFailure | None
    """What is wrong with it; None when nothing shows."""
    healthy: bool
    """True when all that can be seen of a working app is seen."""
    digest: str
    """Digest of the image that was started last, as the platform has it; else empty."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored(Generic[U]):
    """What a rollback has changed."""

    update: U
    settings: SettingsBack | None
    """None when the run had changed none."""
    configuration: tuple[str, ...]
    """The names of the properties of the configuration that were restored."""


class CannotRollBack(Exception):  # noqa: N818 - a decision, told to the user
    """The target is not rolled back, or does not run the previous image either, with the reason."""

    def __init__(self, reason: str, *, configured: str = "") -> None:
        super().__init__(reason)
        self.configured = configured
        """The previous image, when the target is configured with it all the same."""


class Target(Protocol[U]):
    """One thing that runs an image; `U` is what its updates have to remember for their verification."""

    @property
    def app(self) -> App:
        """What it is called, and what it is configured with."""

    def preflight(self, plan: AppPlan, source: ImageSource) -> Snapshot:
        """Return the target as it is, read before anything can change; `source` says where the image is or will be.

        Raises:
            TaskFailure: why it certainly cannot run the image.
        """

    def pending(self, plan: AppPlan, snapshot: Snapshot) -> tuple[str, ...]:
        """Return what a deployment would change besides the image, each in a few words; names only."""

    def health(self) -> Health:
        """Return how it is; what the connection may not see is said and is no failure."""

    def assign_identity(self, identity: AppIdentity) -> AppIdentity:
        """Give it the identity that it is to pull with, and return that with its object id.

        Raises:
            TaskFailure: why it cannot be done.
        """

    def update(self, change: UseImage, snapshot: Snapshot, journal: Journal) -> U:
        """Have it run the image; the journal is told of what is done besides.

        Raises:
            TaskFailure: why Azure did not take it.
        """

    def update_again(self, update: U) -> U:
        """Have it pull what it was pointed at once more."""

    def confirm(self, update: U) -> None:
        """Read the configuration back.

        Raises:
            TaskFailure: when it does not read as it was written.
        """

    def confirm_settings(self, update: U) -> None:
        """Read back what else was changed.

        Raises:
            SettingsOverwritten: when somebody else has written over it meanwhile.
        """

    def watch(
        self, update: U, plan: VerifyPlan, *, digest_now: Callable[[str], Digest | None], rolls_back: bool = False
    ) -> Watch[Any]:
        """Return how to see whether it runs the image; `digest_now` asks the registry what a reference stands for.

        With `rolls_back` it is the previous image, of which the platform may have a copy.
        """

    def annotate(self, update: U, snapshot: Snapshot, properties: Mapping[str, str]) -> str:
        """Mark the deployment where people look at the target, best effort; give what came of it in a few words."""

    def roll_back(self, update: U, reference: str, previous: PreviousImage | None) -> Restored[U]:
        """Undo an update: the previous image by its reference, and what was changed besides.

        Raises:
            CannotRollBack: when somebody else has changed it meanwhile.
            TaskFailure: why Azure did not take it.
        """
