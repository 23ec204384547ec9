"""The verdict, and the image that runs, folded from the journal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytask.journal import Action, ChangedBySomeoneElse, LeftAsItIs, Planned, RolloutFailed, VerificationFailed
from pytask.model import RolledBack, SlotsFound, Verdict, Verification, app_plan
from pytask.model.reference import split_host
from pytask.report.swap import app_of_outputs, production_part, verdict_without_swap

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.journal import Journal
    from pytask.model import Update

_LONG_PART = re.compile("[^/:@,]{16,}")
_FROM_THE_WORST = (Verdict.FAILED, Verdict.UNVERIFIED, Verdict.SKIPPED, Verdict.VERIFIED)


def verdict(journal: Journal) -> Verdict:
    """Return the verdict at this point of the run: of several apps the worst, and with a swap production's.

    Apps that were left as they are do not count beside others, and one whose rollout failed counts as failed.
    """
    if pair := journal.last(SlotsFound):
        return _of_swap(journal, pair)
    parts = journal.targets()
    if len(parts) == 1:
        return one_verdict(parts[0])
    counted = [part for part in parts if not part.last(LeftAsItIs)]
    found = {Verdict.FAILED if part.last(RolloutFailed) else one_verdict(part) for part in counted}
    return next((one for one in _FROM_THE_WORST if one in found), Verdict.SKIPPED)


def _of_swap(journal: Journal, pair: SlotsFound) -> Verdict:
    """Return the verdict on production; without a swap, that on the slot, where it is not good."""
    production = production_part(journal)
    if production.update():
        return one_verdict(production)
    return verdict_without_swap(journal, one_verdict(journal.of(pair.slot)))


def one_verdict(journal: Journal) -> Verdict:
    """Return the verdict of one app's verification."""
    if journal.last(VerificationFailed) or journal.last(ChangedBySomeoneElse):
        return Verdict.FAILED
    if verification := journal.last(Verification):
        return verification.verdict
    planned = journal.last(Planned)
    app = app_plan(planned.plan) if planned else None
    return Verdict.UNVERIFIED if journal.update() and app and app.verify else Verdict.SKIPPED


def running_image(journal: Journal, redact: Callable[[str], str]) -> str:
    """Return the image that one app runs; empty when unknown."""
    back, update, app = journal.last(RolledBack), journal.update(), app_of_outputs(journal)
    found = one_verdict(journal)
    if back:
        return without_credentials(back.reference, redact)
    settled = journal.last(Verification) or found is Verdict.SKIPPED
    if update and settled and found is not Verdict.FAILED:
        return "" if _may_not_serve(update, found) else _with_traffic(journal, update, redact)
    untouched = not update and not journal.left_open(Action.UPDATE) and not journal.left_open(Action.SWAP)
    return without_credentials(app.image, redact) if app and untouched else ""


def _may_not_serve(update: Update, found: Verdict) -> bool:
    """Tell whether the previous image may still serve: traffic follows readiness, and that was not seen."""
    return found is Verdict.UNVERIFIED and update.app.keeps_serving and not update.held_back


def _with_traffic(journal: Journal, update: Update, redact: Callable[[str], str]) -> str:
    """Return the image that has the traffic: the previous one while the new one is held back."""
    if not journal.holds_back():
        return update.reference
    return "" if journal.left_open(Action.RELEASE) else without_credentials(update.app.image, redact)


def without_credentials(text: str, redact: Callable[[str], str]) -> str:
    """Return an image or a function as others named it, where a part as long as a credential may be one."""
    host, rest = split_host(text)
    named = _LONG_PART.sub(lambda part: redact(part.group()), rest)
    return f"{host}/{named}" if host else named
