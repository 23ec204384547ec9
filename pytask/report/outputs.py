"""The task's output variables, and the record that a later run deploys from."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from pytask import __version__
from pytask.agent.environment import variable
from pytask.journal import Action, ChangedBySomeoneElse, ImageRestored, Planned, StageEnded, VerificationFailed
from pytask.model import (
    App,
    PushedImage,
    RolledBack,
    SettingsChange,
    SlotsFound,
    Verdict,
    Verification,
    app_plan,
)
from pytask.model.reference import split_host
from pytask.report.swap import app_of_outputs, production_part, subject, verdict_without_swap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.journal import Journal

_LONG_PART = re.compile("[^/:@,]{16,}")

_LONGEST_OUTPUT = 32_000
"""Characters. Later steps get each output as an environment variable: Windows allows 32,766 characters, Linux 128 KiB,
and beyond that no program starts at all ('Argument list too long').
https://learn.microsoft.com/windows/win32/procthread/environment-variables, https://man7.org/linux/man-pages/man2/execve.2.html
and https://github.com/microsoft/azure-pipelines-tasks/issues/9379"""


def outputs(
    journal: Journal, redact: Callable[[str], str] = str, redact_image: Callable[[str], str] = str
) -> dict[str, str]:
    """Return the task's output variables at this point of the run.

    `redact` removes secrets from the functions' names. `redact_image` removes this run's credentials from images that
    others named; what else people keep secret, such as a registry's name, stays, because later steps use it.
    """
    pushed, app, part = journal.last(PushedImage), app_of_outputs(journal), production_part(journal)
    verification = part.last(Verification)
    return {
        "imageReference": str(pushed.reference) if pushed else "",
        "imageDigest": str(pushed.digest or "") if pushed else "",
        "previousImage": _named(app.image, redact_image) if app else "",
        "runningImage": _running_image(part, redact_image),
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
    planned, pushed = journal.last(Planned), journal.last(PushedImage)
    part = subject(journal)
    app, update, verification = part.last(App), part.update(), part.last(Verification)
    settings, back = journal.last(SettingsChange), part.last(ImageRestored)
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
        "seconds": {stage.title: round(stage.seconds, 1) for stage in journal.all(StageEnded)},
    }
    return json.dumps(fields, indent=2) + "\n"


def _names(verification: Verification | None, redact: Callable[[str], str]) -> list[str]:
    return [_named(function.name, redact) for function in verification.functions] if verification else []


def _shortened(names: str) -> str:
    """Return as many of the names as fit, each of them whole."""
    return names if len(names) <= _LONGEST_OUTPUT else names[: _LONGEST_OUTPUT + 1].rpartition(",")[0]


def verdict(journal: Journal) -> Verdict:
    """Return the verdict of the verification at this point of the run; with a swap, of production's."""
    pair = journal.last(SlotsFound)
    if pair is None or production_part(journal).update():
        return _verdict(production_part(journal))
    return verdict_without_swap(journal, _verdict(journal.of(pair.slot.title)))


def _verdict(journal: Journal) -> Verdict:
    if journal.last(VerificationFailed) or journal.last(ChangedBySomeoneElse):
        return Verdict.FAILED
    if verification := journal.last(Verification):
        return verification.verdict
    planned = journal.last(Planned)
    app = app_plan(planned.plan) if planned else None
    return Verdict.UNVERIFIED if journal.update() and app and app.verify else Verdict.SKIPPED


def _named(text: str, redact: Callable[[str], str]) -> str:
    """Return an image or a function as others named it, where a part as long as a credential may be one."""
    host, rest = split_host(text)
    named = _LONG_PART.sub(lambda part: redact(part.group()), rest)
    return f"{host}/{named}" if host else named


def _running_image(journal: Journal, redact: Callable[[str], str]) -> str:
    """Return the image that runs; empty when unknown."""
    back, update, app = journal.last(RolledBack), journal.update(), app_of_outputs(journal)
    if back:
        return _named(back.reference, redact)
    settled = journal.last(Verification) or verdict(journal) is Verdict.SKIPPED
    if update and settled and verdict(journal) is not Verdict.FAILED:
        return update.reference
    untouched = not update and not journal.left_open(Action.UPDATE) and not journal.left_open(Action.SWAP)
    return _named(app.image, redact) if app and untouched else ""
