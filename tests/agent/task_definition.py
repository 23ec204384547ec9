"""What the agent takes from a task's task.json.

Schema: https://github.com/microsoft/azure-pipelines-task-lib/blob/master/tasks.schema.json.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

# The agent prefers the newest Node: https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Worker/TaskManager.cs
HANDLERS = ("Node24", "Node20_1", "Node16")


@dataclass(frozen=True, kw_only=True, slots=True)
class InputDefinition:
    """One declared input; `default` as text, as the agent hands it over."""

    name: str
    type: str
    default: str
    aliases: tuple[str, ...]

    def is_named(self, name: str) -> bool:
        """Tell whether a pipeline that writes `name` means this input; YAML names ignore case."""
        return name.strip().lower() in (known.lower() for known in (self.name, *self.aliases))


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskDefinition:
    """A task: what the agent starts, with which inputs, and what it may do.

    `settable` lists the variables the task may set (None: all); `restricted` is the strict mode for commands.
    """

    script: Path
    friendly_name: str
    inputs: tuple[InputDefinition, ...]
    outputs: frozenset[str]
    settable: tuple[str, ...] | None
    restricted: bool


def read_task(folder: Path) -> TaskDefinition:
    """Read `folder`/task.json. Raises KeyError when it declares no Node handler."""
    task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
    restrictions = task.get("restrictions", {})
    allowed = restrictions.get("settableVariables", {}).get("allowed")
    return TaskDefinition(
        script=folder / _target(task["execution"]),
        friendly_name=task.get("friendlyName", ""),
        inputs=tuple(_input(declared) for declared in task.get("inputs", [])),
        outputs=frozenset(output["name"] for output in task.get("outputVariables", [])),
        settable=None if allowed is None else tuple(allowed),
        restricted=restrictions.get("commands", {}).get("mode", "any").lower() == "restricted",
    )


def _target(execution: dict[str, Any]) -> str:
    handler = next((name for name in HANDLERS if name in execution), None)
    if handler is None:
        raise KeyError(f"task.json declares none of {', '.join(HANDLERS)}")
    return str(execution[handler]["target"])


def _input(declared: dict[str, Any]) -> InputDefinition:
    return InputDefinition(
        name=declared["name"],
        type=declared.get("type", "string"),
        default=_as_text(declared.get("defaultValue")),
        aliases=tuple(declared.get("aliases", [])),
    )


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
