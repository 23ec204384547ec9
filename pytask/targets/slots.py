"""The protocol of an app with a slot that can be swapped with production.

A kind of target that has slots implements `SlotPair`; `swap` uses only this protocol.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pytask.model import Swapped

if TYPE_CHECKING:
    from pytask.model import AppPlan, Digest, SlotsFound, VerifyPlan
    from pytask.registry.images import ImageSource
    from pytask.targets.target import Snapshot, Target
    from pytask.verification import Watch

S = TypeVar("S", bound=Swapped)


@dataclass(frozen=True, kw_only=True, slots=True)
class SwapSlots:
    """The change that exchanges the slot's image with production's."""

    reference: str
    """The image that the slot is configured with, and that production gets."""
    digest: Digest | None
    undoes: Swapped | None = None
    """The swap of this run that this one undoes."""


class SlotPair(Protocol[S]):
    """A slot and production; `S` is its type of swap, with what the verification needs."""

    @property
    def found(self) -> SlotsFound:
        """Both as found, and how to swap them by hand."""

    @property
    def production(self) -> Target[Any]:
        """Production as a target of its own."""

    def preflight(self, plan: AppPlan, source: ImageSource, slot: Snapshot, *, deploys: bool) -> Snapshot:
        """Return production as it is before any change; `slot` is the slot, and `source` says where its image is.

        `deploys` says whether the run first deploys to the slot, and writes there what the plan asks for.

        Raises:
            TaskFailure: why the two certainly cannot be swapped.
        """

    def set_up_pull(self, snapshot: Snapshot) -> tuple[str, ...]:
        """Have production pull in the same way as the slot, and return the names of what was changed for that."""

    def ready(self, change: SwapSlots) -> Any:  # noqa: ANN401 - only `begin` knows what it is
        """Read both slots just before a swap, and return what `begin` needs.

        Raises:
            SlotChanged: when the slot does not have the image any more.
            CannotRollBack: when it is to undo a swap, and someone else has changed a slot since.
            TaskFailure: when they cannot be read.
        """

    def begin(self, ready: Any) -> Any:  # noqa: ANN401 - what `ready` has returned, and what `finish` needs
        """Send the swap, and return what `finish` needs to see how it ends.

        Raises:
            OperationInProgress: when Azure is busy with one of the slots; then nothing was begun.
            TaskFailure: why Azure refuses it.
        """

    def finish(self, begun: Any) -> S:  # noqa: ANN401 - what `begin` has returned
        """Wait until the swap was made.

        Raises:
            SwapFailed: when Azure gave it up; then both slots are as before.
            SwapUnfinished: when nobody knows, which leaves it open.
        """

    def confirm(self, swapped: S) -> None:
        """Read both configurations back.

        Raises:
            SlotsNotExchanged: when they are not each other's.
        """

    def watch(self, swapped: S, plan: VerifyPlan, *, rolls_back: bool = False) -> Watch[Any]:
        """Return how to observe whether production runs the image that it got."""
