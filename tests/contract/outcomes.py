"""What a run ends with: each kind of target in each situation, as a whole run without Docker.

`python -m tests.contract.outcomes` prints the tables of docs/outcomes.md.
"""

from __future__ import annotations

import io
import sys
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

import pytest

from pytask.errors import Cancelled, ManyFailures, TaskFailure
from pytask.journal import Journal
from pytask.report.apps import End, rows_of
from pytask.report.outputs import outputs
from pytask.report.state import describe_state
from tests.contract.builders.paper import Cabinet, PaperBuilder
from tests.contract.foreign import REGISTRY, a_world
from tests.contract.targets.container_app import FUNCTIONS, ScriptedContainerApp
from tests.contract.targets.many_sites import FastClock, ManySites, NamedSite, Town
from tests.contract.targets.scene import BEFORE, THEIRS
from tests.contract.targets.shelf import Shelf
from tests.contract.targets.site import ScriptedSiteOnContainerApps
from tests.contract.targets.slots import SWAP, ScriptedSlots
from tests.contract.test_whole_run import Scene, _registry
from tests.scripted import Answer, ScriptedClock
from tests.unit.site.verifying import a_function

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OURS = f"{REGISTRY}/shop:7"
NEW, SAME, EXITS, REFUSED, LATE, EMPTY, CANCELED, FOREIGN = SITUATIONS = (
    "a new image",
    "the same image",
    "an image whose container exits",
    "a pull that the registry refuses",
    "an image that never gets ready",
    "an image without functions",
    "a run that is canceled during the verification",
    "somebody else's image meanwhile",
)
_FATES = {EXITS: "crashes", REFUSED: "is refused", LATE: "never gets ready"}
_REFUSAL = {
    "code": "InvalidParameterValueInContainerTemplate",
    "message": "Field 'template.containers.shop.image' is invalid: UNAUTHORIZED: authentication required",
}


class Case:
    """One kind of target, in one situation."""

    states: ClassVar[dict[str, str]] = {
        "nothing changed": "shop was not changed",
        "the new image stays": f"shop is configured with {OURS}",
        "rolled back": f"rolled back to {BEFORE} and verified",
        "left alone": "someone else has changed shop",
    }
    """By end, what the run says of it."""
    inputs: ClassVar[dict[str, str]] = {}

    def __init__(self, app: Any, folder: Path, cabinet: Cabinet) -> None:  # noqa: ANN401 - each kind has its own
        self.app, self.cabinet = app, cabinet
        self.scene = Scene(folder, cast("Shelf", app), cabinet, io.StringIO(), Journal(lambda _: None))

    def arrange(self, situation: str) -> None:
        """Have it come so."""
        raise NotImplementedError

    def run(self) -> str:
        """Run, and return what it says of the image."""
        try:
            return f"*{outputs(self.deploy())['verification']}*"
        except ManyFailures as several:
            return _code(several.failures[0])
        except TaskFailure as failure:
            return _code(failure)
        except Cancelled:
            return "canceled"

    def deploy(self) -> Journal:
        """Run the task."""
        return self.scene.run(PaperBuilder(self.cabinet), **self.inputs)

    def end(self) -> str:
        """Return what became of the target."""
        if self.scene.journal.update() is None:
            return "nothing changed"
        return {BEFORE: "rolled back", OURS: "the new image stays", THEIRS: "left alone"}[self.app.image()]

    def state(self) -> str:
        """Return what the run says of that."""
        return describe_state(self.scene.journal)

    def more(self) -> str:
        """Return what else the document says."""
        return ""


def _code(failure: TaskFailure) -> str:
    return f"[`{failure.code}`](troubleshooting.md#{failure.code})"


def _cancel(*_: object) -> Answer:
    raise Cancelled


class OneSite(Case):
    """A Function App, or a slot alone."""

    def __init__(self, folder: Path, cabinet: Cabinet) -> None:
        app = NamedSite("shop", ScriptedClock(), partial(_digest, cabinet))
        app.good = {BEFORE}
        super().__init__(app, folder, cabinet)

    def arrange(self, situation: str) -> None:
        """Have it come so."""
        arrange_site(self.app, situation)


def arrange_site(app: NamedSite, situation: str) -> None:
    """Have it come so with a site."""
    if situation in _FATES:
        app.new_image(_FATES[situation])
    elif situation == SAME:
        app.somebody_uses(OURS)
    elif situation == EMPTY:
        app.answers("GET functions", lambda _: Answer(body={"value": [a_function()] * (app.image() != OURS)}))
    elif situation == CANCELED:
        app.answers("GET config/web", partial(_cancel_once_ours, app))
    elif situation == FOREIGN:
        _followed(app)


def _cancel_once_ours(app: NamedSite | ScriptedSiteOnContainerApps, _at: float) -> Answer:
    """Have the agent cancel the run as soon as somebody reads our image back."""
    if app.image() == OURS:
        app.clock.cancelled.set()
        raise Cancelled
    return Answer(body={"properties": app.config})


def _followed(app: NamedSite | ScriptedSiteOnContainerApps) -> None:
    """Have somebody else configure another image as soon as ours is there."""

    def theirs(_at: float) -> Answer:
        if app.image() == OURS:
            app.somebody_uses(THEIRS)
        return Answer(body={"properties": app.config})

    app.answers("GET config/web", theirs)


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
        slots.digest_of = partial(_digest, cabinet)
        super().__init__(slots, folder, cabinet)

    def arrange(self, situation: str) -> None:
        """Have it come so."""
        slots = self.app
        if situation in _FATES:
            slots.fates[self.place, OURS] = _FATES[situation]
        elif situation == SAME:
            for one in slots.slots.values():
                one.image = OURS
        elif situation == EMPTY:
            (slots.empty_in_slot if self.place else slots.empty_in_production).add(OURS)
        elif situation == CANCELED:
            slots.when_asked = partial(self.once_ours, _cancel, "functions")
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


class OneContainerApp(Case):
    """A Functions app on Container Apps in single revision mode."""

    def __init__(self, folder: Path, cabinet: Cabinet) -> None:
        app = ScriptedContainerApp()
        app.good = {BEFORE}
        super().__init__(app, folder, cabinet)

    def arrange(self, situation: str) -> None:
        """Have it come so."""
        app = self.app
        if situation == EXITS:
            app.new_image("crashes")
            app.crash_details = "Container 'shop' was terminated with exit code '1'"
        elif situation in {REFUSED, LATE}:
            app.new_image("stays away")
            app.refusals = [Answer(400, {"error": _REFUSAL})] if situation == REFUSED else []
        elif situation == SAME:
            app.somebody_uses(OURS)
            app.revisions = [app.revisions[-1]]
            app.revisions[0].at = -900.0
        elif situation == EMPTY:
            app.answers("GET functions", lambda _: Answer(body={"value": []} if app.image() == OURS else FUNCTIONS))
        elif situation == CANCELED:
            app.answers("GET functions", _cancel)
        elif situation == FOREIGN:
            app.somebody_follows_with = THEIRS


class SeveralRevisions(OneContainerApp):
    """The same in multiple revision mode."""

    def __init__(self, folder: Path, cabinet: Cabinet) -> None:
        super().__init__(folder, cabinet)
        self.app.use_several_revisions()

    def more(self) -> str:
        """Return whether the new revision had traffic at any time."""
        app = self.app
        app._note_who_is_served(app.clock.monotonic())
        ours = {one.name for one in app.revisions[1:] if one.template["containers"][0]["image"] != BEFORE}
        return "takes its traffic" if any(ours & set(one) for one in app.served) else "takes no traffic"

    def state(self) -> str:
        """Return what the run says; where the traffic waits, that is said too."""
        told = super().state()
        held = self.more() == "takes no traffic" and self.end() in {"the new image stays", "left alone"}
        assert ("ingress traffic set" in told) is held, told
        return told


class SiteInEnvironment(Case):
    """A Function App in a Container Apps environment."""

    def __init__(self, folder: Path, cabinet: Cabinet) -> None:
        super().__init__(ScriptedSiteOnContainerApps(), folder, cabinet)

    def arrange(self, situation: str) -> None:
        """Have it come so; Azure shows nothing of what becomes of the image."""
        app = self.app
        if situation in _FATES:
            app.new_image(_FATES[situation])
        elif situation == SAME:
            app.somebody_uses(OURS)
        elif situation == EMPTY:
            app.answers("GET functions", Answer(body={"value": []}))
        elif situation == FOREIGN:
            _followed(app)
        elif situation == CANCELED:
            app.answers("GET config/web", partial(_cancel_once_ours, app))


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
        self.sites = ManySites(clock, partial(_digest, cabinet))
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


def _digest(cabinet: Cabinet, image: str) -> str:
    """Return what the platform's log says of a pulled image."""
    return cabinet.tags.get(image.rpartition(":")[2], image.rpartition("@")[2])


TABLES: dict[str, dict[str, Callable[[Path, Cabinet], Case]]] = {
    "Function Apps": {
        "Function App or slot": OneSite,
        "`swapWithProduction`: in the slot": Swapped,
        "`swapWithProduction`: in production after the swap": SwappedProduction,
        "`command: swap`": OnlySwapped,
    },
    "Functions on Container Apps": {
        "Single revision mode": OneContainerApp,
        "Multiple revision mode": SeveralRevisions,
        "Function App in an environment": SiteInEnvironment,
    },
    "Several apps in one step": {"`appName`": FirstOfMany, "An app of `moreApps`": OneOfMany},
}


@contextmanager
def a_case(kind: Callable[[Path, Cabinet], Case], folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Case]:
    """Return a target of a kind whose previous image is in the registry."""
    cabinet = Cabinet()
    for tag, content in (("6", b"{}"), ("8", b"{ }")):
        cabinet.tags[tag] = cabinet.file("application/vnd.oci.image.manifest.v1+json", content)["digest"]
    with a_world(patch, folder) as world:
        world.answers[REGISTRY] = partial(_registry, cabinet)
        yield kind(folder, cabinet)


def outcome(case: Case, situation: str) -> str:
    """Return the cell of the document: what the run says, and what becomes of the target."""
    case.arrange(situation)
    said = case.run()
    return ", ".join(one for one in (said, case.end(), case.more()) if one)


def _cell(kind: Callable[[Path, Cabinet], Case], situation: str) -> str:
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory() as folder,
        a_case(kind, Path(folder), patch) as case,
    ):
        return outcome(case, situation)


def main() -> None:
    """Print the tables."""
    for heading, kinds in TABLES.items():
        sys.stdout.write(f"## {heading}\n\n| The run deploys | {' | '.join(kinds)} |\n{'| --- ' * (len(kinds) + 1)}|\n")
        for situation in SITUATIONS:
            cells = [_cell(kind, situation) for kind in kinds.values()]
            sys.stdout.write(f"| {' | '.join([situation, *cells])} |\n")
            sys.stdout.flush()
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
