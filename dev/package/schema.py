"""Validate task.json against a schema: `python -m dev.package.schema tasks.schema.json`.

Microsoft's is https://github.com/microsoft/azure-pipelines-task-lib/blob/master/tasks.schema.json. No package has it,
so the tests validate task.json against our own schema, which is stricter.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from jsonschema.validators import validator_for

from dev.package.compiler import ROOT

TASK = ROOT / "task" / "task.json"


def departures(task: Any, schema: Any) -> list[str]:  # noqa: ANN401 - as JSON has them
    """Return where a task violates a schema, one line each."""
    validator = validator_for(schema)(schema)
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in validator.iter_errors(task)]


if __name__ == "__main__":
    found = departures(json.loads(TASK.read_text(encoding="utf-8")), json.loads(Path(sys.argv[1]).read_text("utf-8")))
    for line in found:
        print(line)
    sys.exit(1 if found else 0)
