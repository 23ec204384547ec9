"""A slot of a Linux container app and production, as a `SlotPair`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.cloud.arm import ArmCall
from pytask.errors.foreign import shell_word
from pytask.errors.swap import SlotChanged
from pytask.inspection.image import previous_image
from pytask.model import AppAddress, SlotsFound
from pytask.targets.site.find import read_configuration
from pytask.targets.site.site import differing, fx_version_of
from pytask.targets.site.slot_settings import sticky_names
from pytask.targets.site.slots.checks import checks, not_exchanged
from pytask.targets.site.slots.observation import Observer, Question, SiteSwapped
from pytask.targets.site.slots.operation import Sent, send, wait
from pytask.targets.site.slots.preflight import (
    Both,
    after_deployment,
    confirm_host_ids,
    pull_after_swap,
    refuse_auto_swap,
    swap_notes,
)
from pytask.targets.site.slots.state import read_slots
from pytask.targets.site.target import SiteTarget, find_site
from pytask.targets.target import CannotRollBack, Snapshot
from pytask.targets.watch import watch

if TYPE_CHECKING:
    from pytask.model import AppPlan, VerifyPlan
    from pytask.registry.images import ImageSource
    from pytask.targets.site.slots.observation import Observation
    from pytask.targets.site.slots.state import SlotsNow
    from pytask.targets.slots import SwapSlots
    from pytask.verification import Watch


@dataclass(frozen=True, kw_only=True, slots=True)
class Ready:
    """A swap that may be sent now."""

    change: SwapSlots
    before: SlotsNow


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """A swap that was sent, and the change that it makes."""

    change: SwapSlots
    sent: Sent


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteSlots:
    """A slot and production of one app."""

    production: SiteTarget
    slot: SiteTarget

    @property
    def found(self) -> SlotsFound:
        """Both as found, and the commands by hand.

        Sources: https://learn.microsoft.com/cli/azure/functionapp/deployment/slot#az-functionapp-deployment-slot-swap
        and https://learn.microsoft.com/cli/azure/functionapp/config/container
        """
        app, slot = self.production.app, self.slot.app
        named = f"--name {shell_word(app.name)} --resource-group {shell_word(app.resource_group)}"
        exchange = f"--slot {shell_word(slot.slot)} --target-slot production"
        return SlotsFound(
            production=app,
            slot=slot,
            swap=f"az functionapp deployment slot swap {named} {exchange}",
            look=f"az functionapp config container show {named}",
        )

    def preflight(self, plan: AppPlan, source: ImageSource, slot: Snapshot, *, deploys: bool) -> Snapshot:
        """Return production as it is, once it is certain that nothing known keeps the two from being swapped."""
        production, azure = self.production.found, self.slot.azure
        refuse_auto_swap(self.slot.app)
        sticky = sticky_names(azure.arm, self.slot.app)
        both = Both(production=production, slot=self.slot.app, slot_settings=self.slot.found.settings, sticky=sticky)
        both = after_deployment(both, plan, slot) if deploys else both
        pull = pull_after_swap(azure, both, plan, source)
        notes = (*confirm_host_ids(both), *swap_notes(both))
        previous, known = previous_image(source.reading, production.site)
        return Snapshot(
            app=production.site,
            settings=production.settings,
            previous=previous,
            known_layers=known,
            pull=pull,
            notes=(*notes, *pull.notes),
        )

    def set_up_pull(self, snapshot: Snapshot) -> tuple[str, ...]:
        """Write the properties of production that make it pull as the slot does; the app restarts if one differs."""
        arm, site = self.slot.azure.arm, self.production.app
        changes = differing(read_configuration(arm, site.resource_id), snapshot.pull.properties)
        if changes:
            body = {"properties": changes}
            doing = "set how production pulls"
            arm.send(ArmCall("PATCH", f"{site.resource_id}/config/web", body=body, doing=doing))
        return tuple(changes)

    def ready(self, change: SwapSlots) -> Ready:
        """Read both slots, and see that they are still what the swap is about."""
        before = read_slots(self.slot.azure.arm, self.production.app, self.slot.app)
        undone = change.undoes
        if isinstance(undone, SiteSwapped):
            if not_exchanged(undone, before):
                now = f"production now reads {before.production.fx_version or 'nothing'}"
                raise CannotRollBack(f"someone else has changed one of the slots ({now})")
        elif before.slot.fx_version != (wanted := fx_version_of(change.reference)):
            found = before.slot.fx_version or "nothing"
            raise SlotChanged(app=before.slot.title, wanted=wanted, found=found)
        return Ready(change=change, before=before)

    def begin(self, ready: Ready) -> Begun:
        """Send the swap."""
        return Begun(change=ready.change, sent=send(self.slot.azure.arm, ready.before))

    def finish(self, begun: Begun) -> SiteSwapped:
        """Wait until the swap was made."""
        wait(self.slot.azure.arm, begun.sent)
        before = begun.sent.before
        return SiteSwapped(
            app=before.production,
            slot=before.slot,
            reference=begun.change.reference,
            digest=begun.change.digest,
            restarted=False,
            before=before,
            written=begun.sent.written,
        )

    def confirm(self, swapped: SiteSwapped) -> None:
        """Read both configurations back."""
        now = read_slots(self.slot.azure.arm, swapped.app, swapped.slot)
        if failure := not_exchanged(swapped, now):
            raise failure

    def watch(self, swapped: SiteSwapped, plan: VerifyPlan, *, rolls_back: bool = False) -> Watch[Observation]:
        """Return how to observe whether production runs the image that it got."""
        settings = {**(self.slot.found.settings or {}), **(self.production.found.settings or {})}
        question = Question(
            swapped=swapped,
            smoke_test=None if rolls_back else plan.smoke_test,
            seconds=plan.seconds,
            settings=settings,
        )
        observer = Observer(azure=self.slot.azure, question=question)
        return watch(observer, checks(question, self.slot.azure.http.timeouts), plan.seconds)


def pair_of(slot: SiteTarget) -> SiteSlots:
    """Return a slot and the app's production.

    Raises:
        TaskFailure: when production cannot be read, or does not run containers.
    """
    site = slot.app
    address = AppAddress(name=site.name, resource_group=site.resource_group, subscription_id=site.app_id.split("/")[2])
    return SiteSlots(production=find_site(slot.azure, address), slot=slot)
