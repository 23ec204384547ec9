"""The Markdown summary for the run's Extensions tab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.journal import (
    AccessGiven,
    Action,
    ChangedBySomeoneElse,
    ImageRestored,
    LeftAsItIs,
    Planned,
    RollbackFailed,
    VerificationFailed,
)
from pytask.model import App, PushedImage, RolledBack, Verdict, Verification, app_plan
from pytask.report.apps import End, counts, markdown_table, rows_of, was_begun
from pytask.report.markdown import Words, cell
from pytask.report.settings import property_names, settings_now
from pytask.report.swap import failed_swap, subject
from pytask.report.times import time_bars
from pytask.report.verdict import one_verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.journal import Journal
    from pytask.model import Update
    from pytask.report.apps import Row


_MOST_FUNCTIONS = 50
_MOST_FAILURES = 10


def summary(journal: Journal, failures: tuple[str, ...] = (), redact: Callable[[str], str] = str) -> str:
    """Return the Markdown summary for the run's Extensions tab.

    `redact` removes secrets. It sees every text before it is escaped or shortened, which would change a secret.
    """
    show, first, apps = Words(redact), subject(journal), rows_of(journal, redact)
    rows = [(name, value) for name, value in _rows(first, show) if value]
    table = "\n".join(f"| {name} | {cell(value)} |" for name, value in rows)
    times = time_bars(first, show, of_the_run=was_begun(apps))
    headline = _headline_of_all(apps, failures, show) if was_begun(apps[1:]) else _headline(first, failures, show)
    parts = [headline, *map(show.block, _the_most(failures))]
    parts += [f"| What | Value |\n|---|---|\n{table}"] if rows else []
    parts += [markdown_table(apps, show)] if was_begun(apps) else []
    parts += [times] if times else []
    return "\n\n".join(parts) + "\n"


def _the_most(failures: tuple[str, ...]) -> tuple[str, ...]:
    """Return as many failures as a page can hold, with the last one, which counts them."""
    left_out = len(failures) - _MOST_FAILURES
    if left_out <= 0:
        return failures
    return (*failures[: _MOST_FAILURES - 1], f"{left_out} more errors are in the log", failures[-1])


def _headline_of_all(apps: tuple[Row, ...], failures: tuple[str, ...], show: Words) -> str:
    name = f"{show.escaped(apps[0].label)} and {len(apps) - 1} more"
    sign = "❌" if failures else "⚠️" if any(row.end is End.UNVERIFIED for row in apps) else "✅"
    return f"### {sign} {name}: {counts(apps)}"


def _headline(journal: Journal, failures: tuple[str, ...], show: Words) -> str:
    planned, app = journal.last(Planned), journal.last(App)
    name = show.escaped(app.title if app else named(journal))
    if failures:
        return f"### ❌ {name}: {_failed(journal)}"
    if journal.last(LeftAsItIs):
        else_ = " else" if journal.last(AccessGiven) else ""
        return f"### ✅ {name}: already runs this image; nothing{else_} was written"
    if not journal.update():
        return f"### ✅ {name}: {planned.plan.command.value if planned else ''} done"
    if journal.holds_back():
        return f"### ⚠️ {name}: deployed without traffic, unverified"
    headlines = {Verdict.VERIFIED: "✅ {}: runs the new image", Verdict.UNVERIFIED: "⚠️ {}: deployed, unverified"}
    return "### " + headlines.get(one_verdict(journal), "✅ {}: deployed, verification off").format(name)


def named(journal: Journal) -> str:
    """Return the app or image of the run, as the user named it."""
    planned = journal.last(Planned)
    app = app_plan(planned.plan) if planned else None
    return app.app.name if app else "Container image"


def _failed(journal: Journal) -> str:
    if told := failed_swap(journal):
        return told
    if journal.last(ChangedBySomeoneElse):
        return "the app is no longer configured as this run left it"
    if journal.last(VerificationFailed):
        return _not_running(journal)
    verification = journal.last(Verification)
    if verification and not verification.unavailable:
        return "the new image runs, but not everything is as requested"
    if journal.update():
        return "deployed, unverified"
    return "it is not known whether it was deployed" if journal.left_open(Action.UPDATE) else "not deployed"


def _not_running(journal: Journal) -> str:
    if back := journal.last(RolledBack):
        unverified = "" if back.verification.verdict is Verdict.VERIFIED else ", unverified"
        return f"the new image does not run; rolled back to the previous one{unverified}"
    if journal.last(RollbackFailed):
        return "neither the new image nor the previous one runs"
    if journal.last(ImageRestored):
        return "the new image does not run; rolled back to the previous one, unverified"
    if journal.left_open(Action.ROLL_BACK):
        return "the new image does not run; it is not known whether it was rolled back"
    return "deployed, but it does not run"


def _rows(journal: Journal, show: Words) -> list[tuple[str, str]]:
    pushed, app, verification = journal.last(PushedImage), journal.last(App), journal.last(Verification)
    back = None if journal.last(ChangedBySomeoneElse) else journal.last(ImageRestored)
    return [
        ("Image", show.code(str(pushed.reference)) if pushed else ""),
        ("Digest", show.code(str(pushed.digest)) if pushed and pushed.digest else ""),
        ("Previous image", show.code(app.image) if app else ""),
        ("Rolled back to", show.code(back.reference) if back else ""),
        ("Settings", show.escaped(settings_now(journal))),
        ("Configuration", show.escaped(_configuration(back, journal.update()))),
        ("Function App", _app(app, show) if app else ""),
        ("Pull access", show.escaped("; ".join(one.done for one in journal.all(AccessGiven)))),
        ("Verification", f"{one_verdict(journal).value}{_checks(verification, show)}" if app else ""),
        ("Functions", _functions(verification, show) if verification else ""),
        ("Smoke test", show.code(verification.answer) if verification else ""),
    ]


def _app(app: App, show: Words) -> str:
    title = show.escaped(app.title)
    return f"{f'[{title}]({app.url})' if app.url else title} in {show.escaped(app.resource_group)}"


def _configuration(back: ImageRestored | None, update: Update | None) -> str:
    if back:
        return f"{property_names(back.configuration)} restored" if back.configuration else ""
    return f"{property_names(update.changed)} changed" if update and update.changed else ""


def _functions(verification: Verification, show: Words) -> str:
    """Return the functions as on the portal's page: name, trigger, and whether one is disabled."""
    shown = ", ".join(
        f"{show.code(one.name)} ({show.escaped(one.trigger or 'no trigger')}{', disabled' if one.disabled else ''})"
        for one in verification.functions[:_MOST_FUNCTIONS]
    )
    more = len(verification.functions) - _MOST_FUNCTIONS
    return f"{shown} and {more} more" if more > 0 else shown


def _checks(verification: Verification | None, show: Words) -> str:
    if verification is None:
        return ""
    gaps = "".join(f"; unavailable: {check} ({show.code(reason)})" for check, reason in verification.unavailable)
    return f" ({', '.join(check for check, _ in verification.passed)}{gaps})"
