"""The Markdown for the Extensions tab of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.journal import AccessGiven, LeftAsItIs, Planned, StageEnded
from pytask.model import App, PushedImage, RolledBack, Verdict, Verification, app_plan
from pytask.report.outputs import verdict
from pytask.report.settings import property_names, settings_now

if TYPE_CHECKING:
    from pytask.journal import Journal
    from pytask.model import Update


def summary(journal: Journal, failures: tuple[str, ...] = ()) -> str:
    """Return the Markdown for the Extensions tab of the run."""
    rows = [(name, value) for name, value in _rows(journal) if value]
    table = "\n".join(f"| {name} | {_cell(value)} |" for name, value in rows)
    times = ", ".join(f"{stage.title} {stage.seconds:.1f} s" for stage in journal.all(StageEnded))
    parts = [_headline(journal, failures), *(f"```text\n{text.replace('```', '')}\n```" for text in failures)]
    parts += [f"| | |\n|---|---|\n{table}"] if rows else []
    parts += [f"Time: {times}"] if times else []
    return "\n\n".join(parts) + "\n"


def _headline(journal: Journal, failures: tuple[str, ...]) -> str:
    planned, app = journal.last(Planned), journal.last(App)
    name = app.title if app else named(journal)
    if failures:
        return f"### ❌ {name}: {_failed(journal)}"
    if journal.last(LeftAsItIs):
        else_ = " else" if journal.last(AccessGiven) else ""
        return f"### ✅ {name}: runs this image already, nothing{else_} was written"
    if not journal.update():
        return f"### ✅ {name}: {planned.plan.command.value if planned else ''} done"
    told = {Verdict.VERIFIED: "✅ {}: runs the new image", Verdict.UNVERIFIED: "⚠️ {}: deployed, unverified"}
    return "### " + told.get(verdict(journal), "✅ {}: deployed, verification not asked for").format(name)


def named(journal: Journal) -> str:
    """Return what the run is about, as the user named it."""
    planned = journal.last(Planned)
    app = app_plan(planned.plan) if planned else None
    return app.app.name if app else "Container image"


def _failed(journal: Journal) -> str:
    verification = journal.last(Verification)
    if journal.last(RolledBack):
        return "the new image does not run, rolled back to the previous one"
    if verification:
        return "deployed, unverified" if verification.unavailable else "the new image runs, not all is as asked for"
    return "deployed, and it does not run" if journal.update() else "not deployed"


def _rows(journal: Journal) -> list[tuple[str, str]]:
    pushed, app, verification = journal.last(PushedImage), journal.last(App), journal.last(Verification)
    back = journal.last(RolledBack)
    return [
        ("Image", f"`{pushed.reference}`" if pushed else ""),
        ("Digest", f"`{pushed.digest}`" if pushed and pushed.digest else ""),
        ("Previous image", f"`{app.image}`" if app and app.image else ""),
        ("Rolled back to", f"`{back.reference}`" if back else ""),
        ("Settings", settings_now(journal)),
        ("Configuration", _configuration(back, journal.update())),
        ("Function App", f"[{app.title}]({app.url}) in {app.resource_group}" if app else ""),
        ("Pull access", "; ".join(one.done for one in journal.all(AccessGiven))),
        ("Verification", f"{verdict(journal).value}{_checks(verification)}" if app else ""),
        ("Functions", _functions(verification) if verification else ""),
        ("Smoke test", verification.answer if verification else ""),
    ]


def _configuration(back: RolledBack | None, update: Update | None) -> str:
    if back:
        return f"{property_names(back.configuration)} restored" if back.configuration else ""
    return f"{property_names(update.changed)} changed" if update and update.changed else ""


def _functions(verification: Verification) -> str:
    """Return the functions as the portal's page lists them: name, trigger, and whether one is disabled."""
    return ", ".join(
        f"{one.name} ({one.trigger or 'no trigger'}{', disabled' if one.disabled else ''})"
        for one in verification.functions
    )


def _checks(verification: Verification | None) -> str:
    if verification is None:
        return ""
    gaps = "".join(f"; not {check}: {reason}" for check, reason in verification.unavailable)
    return f" ({', '.join(check for check, _ in verification.passed)}{gaps})"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
