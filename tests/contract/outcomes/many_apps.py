"""Several apps in one step."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from pytask.journal import Journal
from pytask.report.apps import End, rows_of
from tests.contract.outcomes.case import OURS, Case, digest_in
from tests.contract.outcomes.sites import arrange_site
from tests.contract.targets.many_sites import FastClock, ManySites, Town
from tests.contract.targets.scene import BEFORE, THEIRS
from tests.contract.targets.shelf import Shelf

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.builders.paper import Cabinet


class FirstOfMany(Case):
    """`appName`, with other apps in `moreApps`."""

    names: ClassVar[tuple[str, ...]] = ("shop", "shop-a", "shop-b")
    subject: ClassVar[str] = "shop"
    speed: ClassVar[float] = 80.0
    states: ClassVar[dict[str, str]] = {
        "the new image stays, the others too": "3 apps done: shop, shop-a, shop-b",
        "rolled back, the others not begun": f"rolled back to {BEFORE} and verified",
        "the new image stays, the others not begun": "2 more not changed: shop-a, shop-b",
        "left alone, the others not begun": "someone else has changed shop",
        "rolled back, the others run the new image": "with an error of their own: shop-a",
        "left alone, the others run the new image": "with an error of their own: shop-a",
        "the new image stays, the others as far as they were begun": f"shop-a: shop-a is configured with {OURS}",
    }

    def __init__(self, folder: Path, cabinet: Cabinet) -> None:
        clock = FastClock(speed=self.speed)
        self.sites = ManySites(clock, partial(digest_in, cabinet))
        self.sites.open([*self.names])
        self.app, self.cabinet = self.sites.sites[self.subject], cabinet
        self.app.good = {BEFORE}
        shelf = Shelf(clock=clock, timeouts=self.sites.timeouts)
        self.scene = Town(folder, shelf, cabinet, io.StringIO(), Journal(lambda _: None), sites=self.sites)

    def arrange(self, situation: str) -> None:
        """Have it come so."""
        arrange_site(self.app, situation)

    def deploy(self) -> Journal:
        """Run the task for all."""
        assert isinstance(self.scene, Town)
        return self.scene.deploy([*self.names])

    def end(self) -> str:
        """Return what became of the one, and of the others."""
        others = [site.image() for name, site in self.sites.sites.items() if name != self.subject]
        words = {(BEFORE, BEFORE): "not begun", (OURS, OURS): "run the new image"}
        alone = {BEFORE: "rolled back", OURS: "the new image stays", THEIRS: "left alone"}[self.app.image()]
        ends = {row.label: row.end for row in rows_of(self.scene.journal)}
        if set(ends.values()) == {End.VERIFIED}:
            return f"{alone}, the others too"
        if ends[self.subject] is End.STOPPED and self.subject != self.names[0]:
            return f"{alone}, the others as far as they were begun"
        return f"{alone}, the others {words[others[0], others[1]]}"


class OneOfMany(FirstOfMany):
    """One of the apps in `moreApps`."""

    subject: ClassVar[str] = "shop-a"
