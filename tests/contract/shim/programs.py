"""Programs that the shim starts, and the run of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.agent.agent import Agent
    from tests.agent.running_task import TaskRun

    MakeAgent = Callable[..., Agent]

WHERE_IT_RUNS = """
    import sys

    def main():
        print("ran on", sys.executable)
        return 0
    """


def run(agent: Agent, python: Path | None) -> TaskRun:
    variables = {"pythonLocation": str(python)} if python else {}
    return agent.run({}, [], variables=variables, timeout=60)


def lines_with(run: TaskRun, text: str) -> list[str]:
    return [line for line in run.lines if text in line]


def in_tool_cache(agent: Agent, version: str, *, complete: bool = True) -> Path:
    """Return the folder of a Python in the tool cache, as UsePythonVersion finds it there."""
    folder = agent.job.folder / "_work" / "_tool" / "Python" / version / "x64"
    folder.mkdir(parents=True)
    if complete:
        Path(f"{folder}.complete").touch()
    return folder
