"""The state after a failure, and how to continue by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.journal import (
    AccessGiven,
    Action,
    ChangedBySomeoneElse,
    ImageGone,
    ImageRestored,
    NotRolledBack,
    Planned,
    RollbackFailed,
)
from pytask.model import App, PushedImage, RolledBack, SettingsBack, SlotsFound, Verdict, app_plan
from pytask.report.settings import settings_now
from pytask.report.swap import describe_swap

if TYPE_CHECKING:
    from pytask.journal import Journal
    from pytask.model import Update

_NOTHING = "nothing was pushed and nothing was changed"


def describe_state(journal: Journal) -> str:
    """Return the state after a failure, and how to continue by hand."""
    pair = journal.last(SlotsFound)
    if pair is None:
        return _describe(journal)
    return describe_swap(journal, pair, lambda: _describe(journal.of(pair.slot.title)))


def _describe(journal: Journal) -> str:
    """Return the state of one app."""
    app, pushed, update = journal.last(App), journal.last(PushedImage), journal.update()
    if app is None:
        return _without_an_app(journal, pushed)
    kept = f"\nthe pull access that this run set up remains: {given}" if (given := _access(journal)) else ""
    if update:
        return _after_the_update(journal, app, update) + kept
    if pushed and pushed.tags and app.image == str(pushed.reference):
        return _not_restarted(journal, app) + kept
    if pushed and journal.left_open(Action.UPDATE):
        either = f"it may be configured with {pushed.reference} or still with {app.image or 'no image'}"
        message = f"the change to {app.title} was sent, but its result is not known: {either}"
        finish = f"\nto finish it by hand: {app.by_hand.use(str(pushed.reference))}"
        return f"{message}{_settings_too(journal)}{kept}{finish}{_undo(app)}"
    return _without_an_update(journal, app, pushed)


def _without_an_app(journal: Journal, pushed: PushedImage | None) -> str:
    if pushed:
        return f"{pushed.reference} is in the registry"
    return "the image was built; it or parts of it may be in the registry" if journal.tried(Action.PUSH) else _NOTHING


def _without_an_update(journal: Journal, app: App, pushed: PushedImage | None) -> str:
    left = _before_the_update(journal, app)
    if pushed:
        by_hand = app.by_hand.use(str(pushed.reference))
        return f"{pushed.reference} is in the registry; {left}\nto continue by hand: {by_hand}"
    if journal.tried(Action.PUSH):
        return f"the image was built; it or parts of it may be in the registry; {left}"
    return f"nothing was pushed; {left}" if journal.tried(Action.PULL_ACCESS) else _NOTHING


def _access(journal: Journal) -> str:
    return "; ".join(one.done for one in journal.all(AccessGiven))


def _before_the_update(journal: Journal, app: App) -> str:
    """Return the state of an app that was not pointed at the image."""
    open_ones = [f"it is not known whether {what}" for what in journal.left_open(Action.PULL_ACCESS)]
    done = [*([given] if (given := _access(journal)) else []), *open_ones]
    settings = [f"settings: {message}"] if (message := settings_now(journal)) else []
    if not done and not settings:
        return f"{app.title} was not changed"
    pulls = " and pull configuration" if done else ""
    return f"{app.title} still has its previous image{pulls}; {'; '.join([*settings, *done])}"


def _not_restarted(journal: Journal, app: App) -> str:
    """Return the state of an app whose tag may have moved: no change, and yet another image at its next start."""
    told = f"{app.title} is still configured with {app.image}"
    on = f"\nto continue by hand: {app.by_hand.restart}" if journal.tried(Action.UPDATE) else ""
    if settings := settings_now(journal):
        return f"{told}; settings: {settings}{on}"
    if journal.left_open(Action.UPDATE):
        return f"{told}; it is not known whether it was changed and restarted{on}"
    return f"{told} and was not restarted: its next start pulls the image that the tag points to now{on}"


def _settings_too(journal: Journal) -> str:
    """Return the state of the settings after an unanswered update: they are changed before the image."""
    if settings := settings_now(journal):
        return f"; settings: {settings}"
    planned = journal.last(Planned)
    app = app_plan(planned.plan) if planned else None
    return "; its settings may have been changed too" if app and app.settings.values else ""


def _after_the_update(journal: Journal, app: App, update: Update) -> str:
    back, not_back = journal.last(RolledBack), journal.last(NotRolledBack)
    if back:
        return _rolled_back(journal, back, update)
    if changed_by := journal.last(ChangedBySomeoneElse):
        return _read_instead(journal, app, update, changed_by.found)
    if failed := journal.last(RollbackFailed):
        return f"{app.title} is configured with {failed.reference} again, but does not run that either: {failed.reason}"
    if restored := journal.last(ImageRestored):
        settings = f"; settings: {settings_now(journal)}" if journal.last(SettingsBack) else ""
        return f"{app.title} is configured with {restored.reference} again; it is not known whether it runs{settings}"
    if sent := journal.left_open(Action.ROLL_BACK):
        either = f"it may be configured with {sent[-1]} again or still with {update.reference}"
        perhaps = f"; settings: {known}, or restored" if (known := settings_now(journal)) else ""
        finish = f"\nto finish it by hand: {app.by_hand.use(sent[-1])}"
        return f"the rollback of {app.title} was sent, but its result is not known: {either}{perhaps}{finish}"
    settings = settings_now(journal)
    changed = f"; settings: {settings}" if settings else ""
    stayed = f"; it was not rolled back: {not_back.reason}" if not_back else ""
    before = app.image or "no image"
    return f"{app.title} is configured with {update.reference} (previously {before}){changed}{stayed}{_undo(app)}"


def _undo(app: App) -> str:
    return f"\nto roll back by hand: {app.by_hand.use(app.image)}" if app.image else ""


def _read_instead(journal: Journal, app: App, update: Update, found: str) -> str:
    """Return the state of an app whose configuration does not read as this run has written it last."""
    restored, settings = journal.last(ImageRestored), settings_now(journal)
    left = update.reference if restored else app.image
    now = f"its configuration now reads {found} (before this run: {app.image or 'no image'})"
    message = f"someone else has changed {app.title}: {now}"
    if left and found.endswith(f"|{left}"):
        done = "rolled back" if restored else "changed"
        message = f"{app.title} is still configured with {left}, although Azure answered that it was {done}"
    changed = f"; settings: {settings}" if settings else ""
    return f"{message}{changed}; {update.reference} is in the registry"


def _rolled_back(journal: Journal, back: RolledBack, update: Update) -> str:
    verified = back.verification.verdict is Verdict.VERIFIED
    verdict = " and verified" if verified else ", but the task could not verify that it runs"
    stays = "" if journal.last(ImageGone) else f"; {update.reference} stays in the registry"
    settings = f"; settings: {settings_now(journal)}" if journal.last(SettingsBack) else ""
    return f"rolled back to {back.reference}{verdict}{settings}{stays}"
