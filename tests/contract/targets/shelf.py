"""A second kind of target, in some 60 lines: a shelf in memory that holds one image."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pytask.access.setup import AppIdentity, PullSetup
from pytask.clock import Clock, Timeouts
from pytask.errors import Cancelled
from pytask.errors.azure import Locked
from pytask.errors.network import Unreachable
from pytask.errors.start import ContainerExits, ImageNotSet
from pytask.model import App, AppPlan, ByHand, PreviousImage, Update
from pytask.model.evidence import Evidence, Failed, Passed, Pending, Unavailable
from pytask.targets.target import CannotRollBack, Health, Restored, Snapshot, UseImage
from pytask.verification import Check, Watch
from tests.contract.targets.scene import BEFORE
from tests.scripted import ScriptedClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.cloud.poll import Reading
    from pytask.journal import Journal
    from pytask.model import Digest, VerifyPlan
    from pytask.registry.images import ImageSource


@dataclass
class Shelf:
    """The shelf itself, and the world around it."""

    name: str = "shop"
    slot: str = ""
    group: str = "g"
    workers: str = ""
    clock: Clock = field(default_factory=ScriptedClock)
    timeouts: Timeouts = field(default_factory=Timeouts)
    shows_its_image: bool = True
    holds: str = BEFORE
    done: list[str] = field(default_factory=list)
    fate: str = "runs"
    fault: Exception | None = None
    lost: bool = False
    cancels_once_it_holds: str = ""
    cancels_while_written: bool = False
    good: set[str] = field(default_factory=set)
    """Images that run whatever becomes of others."""
    when_put: Callable[[], None] = lambda: None
    """Happens while something is put there."""
    loses_to: str = ""
    """What somebody else puts there right after us."""

    def find(self) -> ShelfTarget:
        """Return it as a target."""
        by_hand = ByHand(use_image=f"shelf put {self.name}", restart=f"shelf shake {self.name}")
        app = App(
            resource_id=f"/{self.group}/shelves/{self.name}{f'/slots/{self.slot}' if self.slot else ''}",
            name=self.name,
            slot=self.slot,
            resource_group=self.group,
            url=f"https://{self.name}.shelf",
            workers=self.workers,
            image=self.holds,
            stopped=False,
            by_hand=by_hand,
        )
        return ShelfTarget(shelf=self, app=app)

    def image(self) -> str:
        """Return what it holds."""
        return self.holds

    def writes(self) -> list[str]:
        """Return what was done to it."""
        return self.done

    def somebody_uses(self, reference: str) -> None:
        """Have somebody else put another image there."""
        self.holds = reference

    def new_image(self, what: str) -> None:
        """Say what becomes of an image."""
        self.fate = what

    def refuse(self) -> None:
        """Refuse the next write."""
        self.fault = Locked(doing="put the image", detail="glued")

    def lose_the_answer(self) -> None:
        """Do the next write, and say nothing."""
        self.lost = True

    def look(self) -> str:
        """Return its fate; somebody may cancel the run meanwhile."""
        if self.cancels_once_it_holds == self.holds:
            raise Cancelled
        return "runs" if self.holds in self.good else self.fate

    def put(self, reference: str) -> None:
        """Write."""
        self.done.append(f"put {reference}")
        self.when_put()
        fault, self.fault = self.fault, None
        if fault:
            raise fault
        if self.cancels_while_written:
            self.clock.cancelled.set()
        self.holds = self.loses_to or reference
        if self.lost:
            failure = Unreachable(host="shelf", detail="no answer", via="directly")
            failure.leaves_open = True
            raise failure


@dataclass(frozen=True, kw_only=True)
class ShelfTarget:
    """The shelf as a `Target`."""

    shelf: Shelf
    app: App

    def preflight(self, plan: AppPlan, source: ImageSource) -> Snapshot:
        """Return the shelf as it is."""
        del plan, source
        before = PreviousImage(reference=self.app.image, digest=None)
        none = frozenset[str]()
        return Snapshot(app=self.app, settings=None, previous=before, known_layers=none, pull=PullSetup(), notes=())

    def pending(self, plan: AppPlan, snapshot: Snapshot) -> tuple[str, ...]:
        """Return nothing: an image is all there is."""
        del plan, snapshot
        return ()

    def health(self) -> Health:
        """Return that it holds what it holds."""
        return Health(lines=(f"image      {self.shelf.holds}",), failure=None, healthy=True, digest="")

    def assign_identity(self, identity: AppIdentity) -> AppIdentity:
        """Give it a name of its own."""
        return replace(identity, assigned=True, principal_id="shelf")

    def update(self, change: UseImage, snapshot: Snapshot, journal: Journal) -> Update:
        """Put the image there."""
        del snapshot, journal
        same = self.shelf.holds == change.reference
        self.shelf.put(change.reference)
        return Update(app=self.app, reference=change.reference, digest=change.digest, restarted=same)

    def update_again(self, update: Update) -> Update:
        """Put it there once more."""
        self.shelf.put(update.reference)
        return update

    def confirm(self, update: Update, *, again: bool = False) -> None:  # noqa: ARG002 - always read
        """Look what is there."""
        if (found := self.shelf.holds) != update.reference:
            wanted = update.reference
            raise ImageNotSet(app=update.app.title, reference=wanted, wanted=wanted, found=found)

    def confirm_settings(self, update: Update, journal: Journal) -> None:
        """Do nothing: there are none."""

    def watch(
        self,
        update: Update,
        plan: VerifyPlan,
        *,
        digest_now: Callable[[str], Reading[Digest]],
        rolls_back: bool = False,
    ) -> Watch[str]:
        """Return that its fate is what is seen of it."""
        del digest_now, rolls_back
        exits = ContainerExits(app=update.app.title, reference=update.reference, line="it fell off", tail="")
        evidence: dict[str, Evidence] = {
            "runs": Passed("it stands"),
            "crashes": Failed(failure=exits),
            "stays away": Pending(reason="nothing yet", at_deadline=exits),
            "cannot be seen": Unavailable("it is dark"),
        }
        judge: Check[str] = Check(name="image", judge=lambda seen, _: evidence[seen])
        return Watch(observe=self.shelf.look, checks=(judge,), seconds=plan.seconds)

    def annotate(self, update: Update, snapshot: Snapshot, properties: Mapping[str, str]) -> str:
        """Mark nothing."""
        del update, snapshot, properties
        return "a shelf has no page"

    def release(self, update: Update) -> str:
        """Do nothing: everybody sees a shelf at once."""
        del update
        return ""

    def roll_back(
        self, update: Update, reference: str, previous: PreviousImage | None, journal: Journal
    ) -> Restored[Any]:
        """Put the image before there."""
        del journal
        if self.shelf.holds != update.reference:
            raise CannotRollBack(f"somebody else has put {self.shelf.holds} there meanwhile")
        self.shelf.put(reference)
        digest = previous.digest if previous else None
        back = Update(app=self.app, reference=reference, digest=digest, restarted=False)
        return Restored(update=back, configuration=())
