"""A task's inputs, completed as server and agent complete them.

Ported from LoadDefaultInputs and TranslateFilePathInput in
https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Worker/TaskRunner.cs
and from ExpandValues in
https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Microsoft.VisualStudio.Services.Agent/Util/VarUtil.cs
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.agent.endpoints import Endpoint
    from tests.agent.task_definition import InputDefinition, TaskDefinition


def task_inputs(
    task: TaskDefinition,
    given: Mapping[str, str],
    *,
    variables: Mapping[str, str],
    machine: Mapping[str, str],
    endpoints: Sequence[Endpoint],
    sources: Path,
) -> dict[str, str]:
    """Return every declared input by its own name, and what was given besides: trimmed, expanded, paths rooted.

    `variables` expand by names without case, then `machine`, the environment of the machine, by exact names.
    """
    values = {declared.name: declared.default.strip() for declared in task.inputs}
    values |= {_own_name(task, name): value.strip() for name, value in given.items()}
    known = {name.lower(): value for name, value in variables.items()}
    for name, value in values.items():
        expanded = expand(value, known, fold=True)
        values[name] = expand(expanded, machine, fold=False)
    for declared in task.inputs:
        values[declared.name] = _translated(declared, values[declared.name], endpoints, sources)
    return values


def expand(text: str, source: Mapping[str, str], *, fold: bool) -> str:
    """Replace each `$(name)` that `source` knows; what is put in is not expanded again, unknown ones stay.

    With `fold`, names are looked up in lower case.
    """
    at = 0
    while (start := text.find("$(", at)) >= 0 and (end := text.find(")", start + 2)) >= 0:
        name = text[start + 2 : end]
        value = source.get(name.lower() if fold else name)
        at = start + 1
        if value is not None:
            text = text[:start] + value + text[end + 1 :]
            at = start + len(value)
    return text


def _own_name(task: TaskDefinition, name: str) -> str:
    return next((declared.name for declared in task.inputs if declared.is_named(name)), name.strip())


def _translated(declared: InputDefinition, value: str, endpoints: Sequence[Endpoint], sources: Path) -> str:
    kind = declared.type.lower()
    if kind == "filepath":
        return rooted(value, sources)
    if kind.startswith("connectedservice:"):
        return next((endpoint.id for endpoint in endpoints if endpoint.name == value), value)
    return value


def rooted(path: str, sources: Path) -> str:
    """Return `path` absolute and without dots; below `sources` when relative, `sources` itself when empty."""
    joined = os.path.join(sources, path) if path else str(sources)  # noqa: PTH118 - pathlib drops the last slash
    slash = "/" if joined.endswith("/") and joined != "/" else ""
    return os.path.normpath(joined) + slash
