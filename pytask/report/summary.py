"""The Markdown for the Extensions tab of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.model import Verdict
from pytask.report.settings import property_names, settings_now

if TYPE_CHECKING:
    from pytask.job import Record
    from pytask.model import Verification


def summary(record: Record, failures: tuple[str, ...] = ()) -> str:
    """Return the Markdown for the Extensions tab of the run."""
    rows = [(name, value) for name, value in _summary_rows(record) if value]
    table = "\n".join(f"| {name} | {_cell(value)} |" for name, value in rows)
    times = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in record.seconds.items())
    parts = [_headline(record, failures), *(f"```text\n{text.replace('```', '')}\n```" for text in failures)]
    parts += [f"| | |\n|---|---|\n{table}"] if rows else []
    parts += [f"Time: {times}"] if times else []
    return "\n\n".join(parts) + "\n"


def _headline(record: Record, failures: tuple[str, ...]) -> str:
    named = record.plan.deploy.app.name if record.plan and record.plan.deploy else "Container image"
    name = record.target.title if record.target else named
    if failures:
        return f"### ❌ {name}: {_failed(record)}"
    if record.unchanged:
        return f"### ✅ {name}: runs this image already, nothing{' else' if record.pull_access else ''} was written"
    if not record.deployment:
        return f"### ✅ {name}: {record.plan.command.value if record.plan else ''} done"
    told = {Verdict.VERIFIED: "✅ {}: runs the new image", Verdict.UNVERIFIED: "⚠️ {}: deployed, unverified"}
    return "### " + told.get(record.verdict, "✅ {}: deployed, verification not asked for").format(name)


def _failed(record: Record) -> str:
    if record.rolled_back:
        return "the new image does not run, rolled back to the previous one"
    if record.verification:
        return (
            "deployed, unverified" if record.verification.unavailable else "the new image runs, not all is as asked for"
        )
    return "deployed, and it does not run" if record.deployment else "not deployed"


def _summary_rows(record: Record) -> list[tuple[str, str]]:
    pushed, target, verification = record.pushed, record.target, record.verification
    return [
        ("Image", f"`{pushed.reference}`" if pushed else ""),
        ("Digest", f"`{pushed.digest}`" if pushed and pushed.digest else ""),
        ("Previous image", f"`{target.image}`" if target and target.image else ""),
        ("Rolled back to", f"`{record.rolled_back.reference}`" if record.rolled_back else ""),
        ("Settings", settings_now(record)),
        ("Configuration", _configuration(record)),
        ("Function App", f"[{target.title}]({target.url}) in {target.resource_group}" if target else ""),
        ("Pull access", "; ".join(record.pull_access)),
        ("Verification", f"{record.verdict.value}{_checks(verification)}" if target else ""),
        ("Functions", _functions(verification) if verification else ""),
        ("Smoke test", verification.answer if verification else ""),
    ]


def _configuration(record: Record) -> str:
    if record.rolled_back:
        return f"{property_names(back)} restored" if (back := record.rolled_back.configuration) else ""
    return f"{property_names(changed)} changed" if record.deployment and (changed := record.deployment.changed) else ""


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
