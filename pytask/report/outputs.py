"""The output variables of the task, and the record that a later run deploys from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytask import __version__
from pytask.agent.environment import variable
from pytask.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.job import Record


def outputs(record: Record) -> dict[str, str]:
    """Return the task's output variables, as far as the run has come."""
    pushed, target, verification = record.pushed, record.target, record.verification
    return {
        "imageReference": str(pushed.reference) if pushed else "",
        "imageDigest": str(pushed.digest or "") if pushed else "",
        "previousImage": target.image if target else "",
        "runningImage": _running_image(record),
        "verification": record.verdict.value,
        "functions": ",".join(function.name for function in verification.functions) if verification else "",
        "AppServiceApplicationUrl": target.url if target else "",
    }


def as_json(record: Record, environment: Mapping[str, str]) -> str:
    """Return the record of the run that a later run deploys from."""
    plan = record.plan
    fields = {
        "version": __version__,
        "command": plan.command.value if plan else "",
        "commit": variable(environment, "Build.SourceVersion"),
        "build": variable(environment, "Build.BuildId"),
        **outputs(record),
        "tags": list(record.pushed.tags) if record.pushed else [],
        "app": record.target.resource_id if record.target else "",
        "settings": list(record.settings.written) if record.settings and not record.rolled_back else [],
        "configuration": list(record.deployment.changed) if record.deployment and not record.rolled_back else [],
        "checks": dict(record.verification.passed) if record.verification else {},
        "seconds": {stage: round(seconds, 1) for stage, seconds in record.seconds.items()},
    }
    return json.dumps(fields, indent=2) + "\n"


def _running_image(record: Record) -> str:
    """Return the image that runs as far as is known; empty when it is not."""
    if record.rolled_back:
        return record.rolled_back.reference
    if record.deployment and record.verdict is not Verdict.FAILED:
        return record.deployment.reference
    if record.target and not record.updating:
        return record.target.image
    return ""
