"""The protocol of everything that a run can deploy to.

Each kind of target is a package that implements `Target`; `rollout` and `verification` use only this protocol.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from pytask.errors import Declined
from pytask.model import Update

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.access.setup import AppIdentity, PullSetup
    from pytask.cloud.poll import Reading
    from pytask.errors.start import StartFailure
    from pytask.journal import Journal
    from pytask.model import App, AppPlan, Digest, PreviousImage, VerifyPlan
    from pytask.registry.images import ImageSource
    from pytask.verification import Watch

U = TypeVar("U", bound=Update)


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """The target before any change."""

    app: App
    settings: Mapping[str, str] | None
    """None when the connection may not read them."""
    previous: PreviousImage | None
    """None when the target has no image."""
    known_layers: frozenset[str]
    """Digests of the layers that it already runs."""
    pull: PullSetup
    notes: tuple[str, ...]
    limits_ids: bool = True
    """Whether its host maps user and group ids from 0 to 65535 only, as App Service does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UseImage:
    """The change that makes a target run an image."""

    reference: str
    """The reference to write into the configuration."""
    digest: Digest | None
    fresh_tag: bool
    """Whether `reference` has a tag that did not exist before this run."""
    plan: AppPlan


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """The present health of a target."""

    lines: tuple[str, ...]
    """Lines for people."""
    failure: StartFailure | None
    """What is wrong; None when nothing is known to be."""
    healthy: bool
    """Whether every sign of a working app is there."""
    digest: str
    """Digest of the image that was started last, from the platform; empty when unknown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored(Generic[U]):
    """What a rollback changed."""

    update: U
    configuration: tuple[str, ...]
    """Names of the site properties that were restored."""


class CannotRollBack(Declined):
    """The target was not rolled back, with the reason."""

    def __init__(self, reason: str, *, found: str = "") -> None:
        super().__init__(reason)
        self.found = found
        """What its configuration reads where someone else has changed it."""


class Target(Protocol[U]):
    """Something that runs an image; `U` is its type of update, with what the verification needs."""

    @property
    def app(self) -> App:
        """The target's name and present configuration."""

    def preflight(self, plan: AppPlan, source: ImageSource) -> Snapshot:
        """Return the target as it is before any change; `source` says where the image is or will be.

        Raises:
            TaskFailure: why the target certainly cannot run the image.
        """

    def pending(self, plan: AppPlan, snapshot: Snapshot) -> tuple[str, ...]:
        """Return what a deployment would change besides the image, in a few words each; names only."""

    def health(self) -> Health:
        """Return the target's health; what the connection may not see is mentioned and does not count as a failure."""

    def assign_identity(self, identity: AppIdentity) -> AppIdentity:
        """Assign the target the identity to pull with, and return the identity with its object ID.

        Raises:
            TaskFailure: why that is not possible.
        """

    def update(self, change: UseImage, snapshot: Snapshot, journal: Journal) -> U:
        """Make the target run the image, and record other changes in the journal.

        Raises:
            TaskFailure: why Azure did not accept it.
        """

    def update_again(self, update: U) -> U:
        """Make the target pull its image again."""

    def confirm(self, update: U, *, again: bool = False) -> None:
        """Confirm what Azure answered to the update, or else read the configuration back; `again` always reads it.

        Raises:
            TaskFailure: when it does not have the values that were written.
        """

    def confirm_settings(self, update: U, journal: Journal) -> None:
        """Read the other changes back; what they are now is recorded where it is not what was written.

        Raises:
            SettingsOverwritten: when someone else has overwritten them.
        """

    def watch(
        self, update: U, plan: VerifyPlan, *, digest_now: Callable[[str], Reading[Digest]], rolls_back: bool = False
    ) -> Watch[Any]:
        """Return how to observe whether the target runs the image.

        `digest_now` returns the digest that a reference means in the registry. With `rolls_back` the image is the
        previous one, of which the platform may have a copy.
        """

    def annotate(self, update: U, snapshot: Snapshot, properties: Mapping[str, str]) -> str:
        """Mark the deployment in the target's monitoring, best effort, and return the result in a few words."""

    def release(self, update: U) -> str:
        """Give a verified image the traffic that was held back from it (`Update.held_back`), and return what it has.

        Raises:
            TaskFailure: why Azure did not accept it, or that someone else has changed the target since.
        """

    def roll_back(self, update: U, reference: str, previous: PreviousImage | None, journal: Journal) -> Restored[U]:
        """Undo an update: restore the previous image by its reference, and the other changes.

        What is restored before the image is recorded in the journal at once.

        Raises:
            CannotRollBack: when someone else has changed the target since.
            TaskFailure: why Azure did not accept it.
        """
