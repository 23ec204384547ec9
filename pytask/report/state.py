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
    RolloutFailed,
    TrafficHeld,
)
from pytask.model import App, PushedImage, RolledBack, SettingsBack, SlotsFound, Verdict, app_plan
from pytask.report.apps import DONE, End, Row, names, rows_of
from pytask.report.settings import settings_now
from pytask.report.swap import describe_swap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytask.errors import TaskFailure
    from pytask.journal import Journal
    from pytask.model import Update

_NOTHING = "nothing was pushed and nothing was changed"


def describe_state(journal: Journal) -> str:
    """Return the state after a failure, and how to continue by hand; with several apps, of each that was begun."""
    if pair := journal.last(SlotsFound):
        return describe_swap(journal, pair, lambda: describe_one(journal.of(pair.slot)))
    rows = rows_of(journal)
    begun = [row for row in rows[1:] if row.end is not End.NOT_BEGUN]
    if begun:
        return _of_all(rows)
    alone = describe_one(journal.targets()[0])
    return f"{alone}\n{_untouched(rows[1:])}" if rows and alone != _NOTHING else alone


def state_of(failure: TaskFailure, journal: Journal) -> str:
    """Return the state of the one app whose rollout failed that way; empty for a failure of no single one."""
    rows = rows_of(journal)
    for row in rows:
        failed = row.journal.last(RolloutFailed)
        if failed and failed.failure is failure:
            others = f"\n{_untouched(rows[1:])}" if row is rows[0] else ""
            return describe_one(row.journal) + others
    return ""


def _of_all(rows: tuple[Row, ...]) -> str:
    """Return how many apps are done, and what is open with each one that was stopped halfway."""
    done, failed = [row for row in rows if row.end in DONE], [row for row in rows if row.failure]
    lines = [f"{_names(done)} done" if len(done) <= 1 else f"{len(done)} apps done: {_names(done)}"] if done else []
    lines += [f"with an error of their own: {_names(failed)}"] if failed else []
    for row in rows:
        if row.end is End.STOPPED:
            first, *others = describe_one(row.journal).splitlines()
            lines += [f"{row.label}: {first}", *(f"  {line}" for line in others)]
    left = [row for row in rows if row.end is End.NOT_BEGUN]
    return "\n".join([*lines, *([_untouched(left)] if left else [])])


def _untouched(rows: Sequence[Row]) -> str:
    """Return that apps were not begun, and how to continue with them."""
    go_on = "to continue with them, run the step again with whenUnchanged: skip"
    return f"{len(rows)} more not changed: {_names(rows)}; {go_on}"


def _names(rows: Sequence[Row]) -> str:
    return names([row.label for row in rows])


def describe_one(journal: Journal) -> str:
    """Return the state of one app after a failure, and how to continue by hand."""
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
        return f"{message}{_settings_too(journal)}{kept}{finish}{_undo(app)}{_held(journal)}"
    return _without_an_update(journal, app, pushed)


def _without_an_app(journal: Journal, pushed: PushedImage | None) -> str:
    if pushed:
        return f"{pushed.reference} is in the registry"
    if open_builds := journal.left_open(Action.BUILD):
        return open_builds[-1]
    return "the image was built; it or parts of it may be in the registry" if journal.tried(Action.PUSH) else _NOTHING


def _without_an_update(journal: Journal, app: App, pushed: PushedImage | None) -> str:
    left = _before_the_update(journal, app)
    if pushed:
        by_hand = app.by_hand.use(str(pushed.reference))
        return f"{pushed.reference} is in the registry; {left}\nto continue by hand: {by_hand}"
    if imported := journal.left_open(Action.IMPORT):
        return f"it is not known whether {imported[-1]}; {left}"
    if open_builds := journal.left_open(Action.BUILD):
        return f"{open_builds[-1]}; {left}"
    if journal.tried(Action.PUSH):
        return f"the image was built; it or parts of it may be in the registry; {left}"
    tried = any(journal.tried(one) for one in (Action.PULL_ACCESS, Action.SETTINGS, Action.STICKY))
    return f"nothing was pushed; {left}" if tried else _NOTHING


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
    """Return the state of an app that is unchanged, but whose tag may have moved, so that its next start differs."""
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
        told = f"{app.title} is configured with {failed.reference} again, but does not run that either: {failed.reason}"
        return told + _stays(journal, update)
    if restored := journal.last(ImageRestored):
        settings = f"; settings: {settings_now(journal)}" if journal.last(SettingsBack) else ""
        told = f"{app.title} is configured with {restored.reference} again; it is not known whether it runs{settings}"
        return told + _stays(journal, update)
    if sent := journal.left_open(Action.ROLL_BACK):
        either = f"it may be configured with {sent[-1]} again or still with {update.reference}"
        perhaps = f"; settings: {known}, or restored" if (known := settings_now(journal)) else ""
        finish = f"\nto finish it by hand: {app.by_hand.use(sent[-1])}"
        return f"the rollback of {app.title} was sent, but its result is not known: {either}{perhaps}{finish}"
    settings = settings_now(journal)
    changed = f"; settings: {settings}" if settings else ""
    stayed = f"; it was not rolled back: {not_back.reason}" if not_back else ""
    before = app.image or "no image"
    told = f"{app.title} is configured with {update.reference} (previously {before}){changed}{stayed}"
    return f"{told}{_traffic(journal)}{_undo(app)}"


def _traffic(journal: Journal) -> str:
    """Return where the traffic is while it waits for the verification, and the command that releases it."""
    held = journal.holds_back()
    if not held:
        return ""
    known = "it is not known whether it gets traffic" if journal.left_open(Action.RELEASE) else "it gets no traffic"
    return f"; {known}\nto move traffic to it by hand: {held}"


def _held(journal: Journal) -> str:
    """Return how to distribute the traffic as before, if an unanswered update may have given it by name."""
    held = journal.last(TrafficHeld)
    return (
        f"\nits traffic may now be assigned to revisions by name; to distribute it as before: {held.command}"
        if held
        else ""
    )


def _undo(app: App) -> str:
    return f"\nto roll back by hand: {app.by_hand.use(app.image)}" if app.image else ""


def _stays(journal: Journal, update: Update) -> str:
    return "" if journal.last(ImageGone) else f"; {update.reference} stays in the registry"


def _read_instead(journal: Journal, app: App, update: Update, found: str) -> str:
    """Return the state of an app whose configuration is not what this run wrote last."""
    restored, settings = journal.last(ImageRestored), settings_now(journal)
    left = update.reference if restored else app.image
    now = f"its configuration now reads {found} (before this run: {app.image or 'no image'})"
    message = f"someone else has changed {app.title}: {now}"
    if left and found.endswith(f"|{left}"):
        done = "rolled back" if restored else "changed"
        message = f"{app.title} is still configured with {left}, although Azure answered that it was {done}"
    changed = f"; settings: {settings}" if settings else ""
    held = journal.holds_back()
    stays = f"\nthe traffic stays with the revisions that had it; to distribute it by hand: {held}" if held else ""
    return f"{message}{changed}; {update.reference} is in the registry{stays}"


def _rolled_back(journal: Journal, back: RolledBack, update: Update) -> str:
    verified = back.verification.verdict is Verdict.VERIFIED
    verdict = " and verified" if verified else ", but the task could not verify that it runs"
    stays = _stays(journal, update)
    settings = f"; settings: {settings_now(journal)}" if journal.last(SettingsBack) else ""
    return f"rolled back to {back.reference}{verdict}{settings}{stays}"
