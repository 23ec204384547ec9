"""What a run says about a swap: which of the two slots its outputs are about, and how things are after a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.journal import (
    AccessGiven,
    Action,
    ChangedBySomeoneElse,
    ImageRestored,
    NotRolledBack,
    Planned,
    RollbackFailed,
)
from pytask.model import App, RolledBack, SlotsFound, Swap, Swapped, Verdict, app_plan
from pytask.report.settings import settings_now

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.journal import Journal


def subject(journal: Journal) -> Journal:
    """Return the part of the journal that a report is about: `appName`'s; with a swap, production's once it began."""
    pair = journal.last(SlotsFound)
    if pair is None:
        return journal.targets()[0]
    production = journal.of(pair.production)
    return production if production.tried(Action.SWAP) else journal.of(pair.slot)


def app_of_outputs(journal: Journal) -> App | None:
    """Return the app that the outputs are about: with a swap, production."""
    pair, planned = journal.last(SlotsFound), journal.last(Planned)
    app = app_plan(planned.plan) if planned else None
    if pair is None:
        return None if app and app.swap else journal.targets()[0].last(App)
    return production_part(journal).last(App) or pair.production


def production_part(journal: Journal) -> Journal:
    """Return production's part of the journal when there is a swap, and `appName`'s otherwise."""
    pair = journal.last(SlotsFound)
    return journal.of(pair.production) if pair else journal.targets()[0]


def verdict_without_swap(journal: Journal, of_slot: Verdict) -> Verdict:
    """Return the verdict about production when no swap is known to have been made; `of_slot` is that of the slot."""
    if production_part(journal).left_open(Action.SWAP):
        return Verdict.UNVERIFIED
    return Verdict.SKIPPED if of_slot is Verdict.VERIFIED else of_slot


def tell_swap(swapped: Swapped) -> str:
    """Return what a swap changed, for the log."""
    digest = f" ({swapped.digest})" if swapped.digest else ""
    before = swapped.app.image or "none"
    return f"swapped  production {before} → {swapped.reference}{digest}; {swapped.slot.title} now has {before}"


def failed_swap(journal: Journal) -> str:
    """Return the headline of a failure before or in the swap; empty when there is no swap, or it was made."""
    pair = journal.last(SlotsFound)
    if pair is None or production_part(journal).update():
        return ""
    if production_part(journal).left_open(Action.SWAP):
        return "it is not known whether it was swapped"
    return "production was not swapped" if production_part(journal).tried(Action.SWAP) else ""


def describe_swap(journal: Journal, pair: SlotsFound, of_slot: Callable[[], str]) -> str:
    """Return the state after a failure; `of_slot` describes the slot that the run deploys to."""
    production, slot = journal.of(pair.production), journal.of(pair.slot)
    swapped = production.last(Swapped)
    if not (production.tried(Action.SWAP) or _only_swaps(journal)):
        return _before_swap(journal, pair, of_slot()) + _access(production, "production")
    state = _after_swap(production, pair, swapped) if swapped else _not_swapped(journal, pair)
    settings = settings_now(slot)
    written = f"\nsettings written to {pair.slot.title} before the swap: {settings}" if settings else ""
    return state + written + _access(slot, "the slot") + _access(production, "production")


def _only_swaps(journal: Journal) -> bool:
    """Tell whether the run deploys nothing."""
    planned = journal.last(Planned)
    return planned is not None and isinstance(planned.plan, Swap)


def _access(journal: Journal, whose: str) -> str:
    given = "; ".join(one.done for one in journal.all(AccessGiven))
    kept = f"\nthe pull access that this run set up for {whose} remains: {given}" if given else ""
    return kept + "".join(f"\nit is not known whether {what}" for what in journal.left_open(Action.PULL_ACCESS))


def _before_swap(journal: Journal, pair: SlotsFound, of_slot: str) -> str:
    """Return the state of a run that has not come to the swap; `of_slot` describes the slot."""
    stays = f"{pair.production.title} was not swapped: production still has {pair.production.image or 'no image'}"
    deployed = journal.of(pair.slot).update() and not _is_bad(journal, pair)
    return f"{of_slot}\n{stays}" + (f"\nto swap by hand: {pair.swap}" if deployed else "")


def _not_swapped(journal: Journal, pair: SlotsFound) -> str:
    """Return the state when the swap is not known to have been made."""
    app, before = pair.production.title, pair.production.image or "no image"
    slot, production = journal.of(pair.slot).update(), journal.of(pair.production)
    image = slot.reference if slot else pair.slot.image or "no image"
    by_hand = f"\nto swap by hand: {pair.swap}"
    if production.left_open(Action.SWAP):
        either = f"it may be configured with {image} or still with {before}"
        look = f"\nto see which: {pair.look}"
        return f"the swap of {app} was sent, but its result is not known: {either}{look}{by_hand}"
    stays = f"{app} was not swapped: production still has {before}"
    if production.tried(Action.SWAP):
        return f"{pair.slot.title} is configured with {image}; {stays}{by_hand}"
    return f"neither image was changed: {pair.slot.title} has {image}, and production has {before}"


def _is_bad(journal: Journal, pair: SlotsFound) -> bool:
    """Tell whether the slot does not run the image, so that nobody is told how to swap it."""
    slot = journal.of(pair.slot)
    kinds = (RolledBack, NotRolledBack, RollbackFailed, ImageRestored, ChangedBySomeoneElse)
    return any(slot.last(kind) for kind in kinds)


def _after_swap(production: Journal, pair: SlotsFound, swapped: Swapped) -> str:
    app, slot, before = pair.production.title, pair.slot.title, swapped.app.image or "no image"
    if back := production.last(RolledBack):
        verified = back.verification.verdict is Verdict.VERIFIED
        verdict = " and verified" if verified else ", but the task could not verify that it runs"
        return f"swapped back: {app} is configured with {back.reference} again{verdict}; {slot} has {swapped.reference}"
    if changed := production.last(ChangedBySomeoneElse):
        return f"someone else has changed {app} or {slot} since the swap: it reads {changed.found}"
    if sent := production.left_open(Action.SWAP_BACK):
        either = f"it may be configured with {sent[-1]} again or still with {swapped.reference}"
        look = f"\nto see which: {pair.look}\nto swap back by hand: {pair.swap}"
        return f"the swap back of {app} was sent, but its result is not known: {either}{look}"
    if failed := production.last(RollbackFailed):
        return f"{app} is configured with {failed.reference} again, but does not run that either: {failed.reason}"
    if restored := production.last(ImageRestored):
        return f"swapped back: {app} is configured with {restored.reference} again; it is not known whether it runs"
    not_back = production.last(NotRolledBack)
    stayed = f"; it was not swapped back: {not_back.reason}" if not_back else ""
    now = f"{app} is configured with {swapped.reference} since the swap (previously {before}, which {slot} has now)"
    return f"{now}{stayed}\nto swap back by hand: {pair.swap}"
