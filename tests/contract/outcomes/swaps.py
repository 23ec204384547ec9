"""A slot and production, that swap."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from tests.contract.builders.paper import Cabinet, PaperBuilder
from tests.contract.outcomes.case import CANCELED, EMPTY, FATES, FOREIGN, OURS, SAME, Case, canceling, digest_in
from tests.contract.targets.scene import BEFORE, THEIRS
from tests.contract.targets.slots import SWAP, ScriptedSlots

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Swapped(Case):
    """A slot and production; what comes, comes to the slot."""

    states: ClassVar[dict[str, str]] = {
        "swapped": f"shop is configured with {OURS} since the swap",
        "the slot is rolled back, production unchanged": f"rolled back to {BEFORE} and verified",
        "the slot keeps the new image, production unchanged": f"shop (slot staging) is configured with {OURS}",
        "the slot is left alone, production unchanged": "someone else has changed shop (slot staging)",
        "swapped back": f"swapped back: shop is configured with {BEFORE} again and verified",
        "left alone": "someone else has changed shop or shop (slot staging) since the swap",
        "nothing swapped": "neither image was changed",
    }
    inputs: ClassVar[dict[str, str]] = {"slotName": "staging", "swapWithProduction": "true"}
    place = "staging"
    """Where it comes to; production has no name."""

    def __init__(self, folder: Path, cabinet: Cabinet) -> None:
        slots = ScriptedSlots()
        slots.digest_of = partial(digest_in, cabinet)
        super().__init__(slots, folder, cabinet)

    def arrange(self, situation: str) -> None:
        """Have it come so."""
        slots = self.app
        if situation in FATES:
            slots.fates[self.place, OURS] = FATES[situation]
        elif situation == SAME:
            for one in slots.slots.values():
                one.image = OURS
        elif situation == EMPTY:
            (slots.empty_in_slot if self.place else slots.empty_in_production).add(OURS)
        elif situation == CANCELED:
            slots.when_asked = partial(self.once_ours, canceling, "functions")
        elif situation == FOREIGN:
            slots.when_asked = partial(self.once_ours, self.somebody_comes, "config/web")

    def once_ours(self, do: Callable[[], object], below: str, call: str) -> None:
        """Do something at a call about the place that the image has come to."""
        wanted = f"GET slots/{self.place}/{below}" if self.place else f"GET {below}"
        if call == wanted and self.app.slots[self.place].image == OURS:
            do()

    def somebody_comes(self) -> None:
        """Have somebody else configure another image."""
        self.app.slots[self.place].image = THEIRS

    def end(self) -> str:
        """Return what became of both."""
        production, slot = self.app.images()
        if not self.app.swaps:
            became = {BEFORE: "is rolled back", OURS: "keeps the new image", THEIRS: "is left alone"}[slot]
            return f"the slot {became}, production unchanged"
        if len(self.app.swaps) > 1:
            return "swapped back"
        return {OURS: "swapped", THEIRS: "left alone"}[production]


class SwappedProduction(Swapped):
    """The same; what comes, comes to production after the swap."""

    place = ""


class OnlySwapped(Swapped):
    """A slot that an earlier run has verified; what comes, has come to the slot since, or comes to production."""

    inputs: ClassVar[dict[str, str]] = {"command": "swap", "slotName": "staging", "imageName": "shop:7", "tags": ""}

    def arrange(self, situation: str) -> None:
        """Do what the earlier run did, then have it come so."""
        self.scene.run(PaperBuilder(self.cabinet), slotName="staging")
        self.app.clock.sleep(300)
        self.app.down = {"staging"}
        if situation == SAME:
            self.app.slots[""].image = OURS
        elif situation == FOREIGN:
            self.somebody_comes()
        elif situation == CANCELED:
            self.place = ""
        if situation not in {SAME, FOREIGN}:
            super().arrange(situation)
        self.app.calls.clear()

    def end(self) -> str:
        """Return whether the two were swapped."""
        return "swapped" if SWAP in self.app.writes() else "nothing swapped"
