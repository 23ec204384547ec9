"""The task's output variables, and the record that a later run deploys from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytask import __version__
from pytask.agent.environment import variable
from pytask.journal import ImageRestored, Planned, StageEnded
from pytask.model import App, PushedImage, SettingsChange, Verification
from pytask.report.apps import as_record, rows_of, was_begun
from pytask.report.swap import app_of_outputs, production_part, subject
from pytask.report.verdict import running_image, verdict, without_credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.journal import Journal

_LONGEST_OUTPUT = 32_000
"""Characters. Later steps get each output as an environment variable: Windows allows 32,766 characters, Linux 128 KiB,
and beyond that no program starts at all ('Argument list too long').
https://learn.microsoft.com/windows/win32/procthread/environment-variables, https://man7.org/linux/man-pages/man2/execve.2.html
and https://github.com/microsoft/azure-pipelines-tasks/issues/9379"""


def outputs(
    journal: Journal, redact: Callable[[str], str] = str, redact_image: Callable[[str], str] = str
) -> dict[str, str]:
    """Return the task's output variables at this point of the run: those of `appName`, with the verdict on all apps.

    With a swap, they are production's.

    `redact` removes secrets from the functions' names. `redact_image` removes this run's credentials from images that
    others named; what else people keep secret, such as a registry's name, stays, because later steps use it.
    """
    first = production_part(journal)
    pushed, app, verification = first.last(PushedImage), app_of_outputs(journal), first.last(Verification)
    return {
        "imageReference": str(pushed.reference) if pushed else "",
        "imageDigest": str(pushed.digest or "") if pushed else "",
        "previousImage": without_credentials(app.image, redact_image) if app else "",
        "runningImage": running_image(first, redact_image),
        "verification": verdict(journal).value,
        "functions": _shortened(",".join(_names(verification, redact))),
        "AppServiceApplicationUrl": app.url if app else "",
    }


def as_json(
    journal: Journal,
    environment: Mapping[str, str],
    redact: Callable[[str], str],
    redact_image: Callable[[str], str],
) -> str:
    """Return the record of the run that a later run deploys from.

    `redact` removes secrets from foreign text, and `redact_image` from images that others named.
    """
    first, rows = subject(journal), rows_of(journal, redact_image)
    planned, pushed, app = first.last(Planned), first.last(PushedImage), first.last(App)
    update, verification = first.update(), first.last(Verification)
    # With a swap, the slot's settings have moved to production.
    settings, back = journal.targets()[0].last(SettingsChange), first.last(ImageRestored)
    fields = {
        "version": __version__,
        "command": planned.plan.command.value if planned else "",
        "commit": variable(environment, "Build.SourceVersion"),
        "build": variable(environment, "Build.BuildId"),
        **outputs(journal, redact, redact_image),
        "functions": ",".join(_names(verification, redact)),
        "tags": list(pushed.tags) if pushed else [],
        "app": app.resource_id if app else "",
        "settings": list(settings.written) if settings and not back else [],
        "configuration": list(update.changed) if update and not back else [],
        "checks": {check: redact(rests_on) for check, rests_on in verification.passed} if verification else {},
        "seconds": {stage.title: round(stage.seconds, 1) for stage in first.all(StageEnded)},
        **({"apps": [as_record(row) for row in rows]} if was_begun(rows) else {}),
    }
    return json.dumps(fields, indent=2) + "\n"


def _names(verification: Verification | None, redact: Callable[[str], str]) -> list[str]:
    return [without_credentials(function.name, redact) for function in verification.functions] if verification else []


def _shortened(names: str) -> str:
    """Return as many of the names as fit, each of them whole."""
    return names if len(names) <= _LONGEST_OUTPUT else names[: _LONGEST_OUTPUT + 1].rpartition(",")[0]
