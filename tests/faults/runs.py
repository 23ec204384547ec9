"""Running a scene once: the program in a process of its own, against a local Azure in this one."""

from __future__ import annotations

import multiprocessing
import re
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.agent.environment import NODE, SIGNER
from tests.agent.agent import Agent
from tests.agent.secret_masker import SecretMasker
from tests.agent.step_log import StepLog
from tests.agent.task_definition import read_task
from tests.agent.under_test import TASK
from tests.faults.child import run_task
from tests.faults.stage import checkout

if TYPE_CHECKING:
    from collections.abc import Mapping
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path

    from tests.faults.stage import Stage

LIMIT = 60.0
"""Seconds after which a run hangs; the slowest takes a few, and the machine may be busy."""
_SHIM = {NODE: shutil.which("node") or "", SIGNER: str(TASK / "sign.js")}
"""What the shim would say of itself."""
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.faults.child"])


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run said and left."""

    hung: bool
    exit_code: int | None
    raw: str
    """All that it wrote."""
    log: str
    """What a person sees of it."""
    result: str
    variables: Mapping[str, str]
    summary: str
    record: str
    seconds: float

    @property
    def code(self) -> str:
        """The code of the last failure; empty without one."""
        found = re.findall(r"##vso\[task\.logissue type=error[^\]]*\](?:error )?([a-z0-9-]+):", self.raw)
        return found[-1] if found else ""

    @property
    def state(self) -> str:
        """The row `state` of the failure, in one line; empty without one."""
        found = re.findall(r"^ *state +(.*(?:\n {12,}.*)*)", self.log, re.MULTILINE)
        return " ".join(found[-1].split()) if found else ""


@dataclass(frozen=True, kw_only=True)
class Running:
    """A run that was started."""

    process: ForkServerProcess
    agent: Agent
    folder: Path
    began: float

    def finish(self) -> Run:
        """Wait for its end; kill it where it hangs."""
        self.process.join(LIMIT)
        hung = self.process.is_alive()
        if hung:
            self.process.kill()
            self.process.join()
        raw = (self.folder / "output").read_text(encoding="utf-8", errors="replace")
        seconds, record = time.monotonic() - self.began, self.folder / "record.json"
        return _read(raw, self.agent, record, hung=hung, exit_code=self.process.exitcode, seconds=seconds)


def run(stage: Stage, folder: Path) -> Run:
    """Run the task to its end."""
    return start(stage, folder).finish()


def start(stage: Stage, folder: Path, **limits: float) -> Running:
    """Start the task, with some limits (seconds) other than the usual ones."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "home").mkdir(parents=True)
    home = {"PATH": "/usr/bin:/bin", "HOME": str(folder / "home"), "LANG": "C.UTF-8"}
    machine = {**home, **_SHIM, **stage.azure.environment, **stage.machine}
    token = stage.azure.job_access_token
    sources = checkout(folder / "s", stage.scene.dockerfile)
    agent = Agent(folder=folder / "agent", task=TASK, environment=machine, sources=sources, access_token=token)
    inputs = {"recordFile": str(folder / "record.json"), **stage.inputs}
    environment = agent.environment(inputs, list(stage.connections), agent.job.variables())
    stores = {stage.host: str(stage.azure.store(stage.host).folder)}
    began = time.monotonic()
    process = _FORKS.Process(target=run_task, args=(environment, str(folder / "output"), stores, limits))
    process.start()
    return Running(process=process, agent=agent, folder=folder, began=began)


def _read(raw: str, agent: Agent, record: Path, *, hung: bool, exit_code: int | None, seconds: float) -> Run:
    log = StepLog(task=read_task(TASK), masker=SecretMasker(), debug=False, show=None)
    for line in raw.splitlines():
        log.take(line)
    summaries = list(agent.job.temp.glob("*.md"))
    return Run(
        hung=hung,
        exit_code=exit_code,
        raw=raw,
        log="\n".join(log.shown),
        result=log.result or "",
        variables=dict(log.variables),
        summary="\n".join(one.read_text(encoding="utf-8") for one in summaries),
        record=record.read_text(encoding="utf-8") if record.exists() else "",
        seconds=seconds,
    )
