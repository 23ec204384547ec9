"""What tests of the shim share: agents that leave no process, and a machine that says it is Windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.agent.agent import Agent, Timeouts
from tests.contract.shim.programs import WHERE_IT_RUNS
from tests.contract.tiny_task import tiny_task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    MakeAgent = Callable[..., Agent]


@pytest.fixture
def make_agent(tmp_path: Path) -> Iterator[MakeAgent]:
    """Return a maker of agents for one program; what they leave running is killed at the end."""
    agents: list[Agent] = []

    def make(program: str, *, path: str = "", timeouts: Timeouts | None = None, **machine: str) -> Agent:
        agent = Agent(
            folder=tmp_path / "agent",
            task=tiny_task(tmp_path, program),
            environment={"PATH": path, **machine},
            timeouts=timeouts or Timeouts(),
        )
        agents.append(agent)
        return agent

    yield make
    for agent in agents:
        agent.end_job()


@pytest.fixture
def windows(make_agent: MakeAgent, tmp_path: Path) -> Callable[..., Agent]:
    """Return a maker of agents whose Node takes itself for Windows; scripts stand for its programs."""
    fake = tmp_path / "windows.js"
    fake.write_text("Object.defineProperty(process, 'platform', { value: 'win32' });\n")

    def make(*folders: Path, **machine: str) -> Agent:
        path = ":".join(str(folder) for folder in folders)
        return make_agent(WHERE_IT_RUNS, path=path, NODE_OPTIONS=f"--require {fake}", **machine)

    return make
