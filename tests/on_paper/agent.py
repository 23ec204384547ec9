"""An agent whose task is forked from a process that has loaded the program, and that builds images of paper."""

from __future__ import annotations

import multiprocessing
import os
from typing import TYPE_CHECKING, Any, cast

from tests.agent.agent import Agent
from tests.agent.running_task import RunningTask
from tests.faults.child import run_task
from tests.shim import TOLD_BY_SHIM

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.agent.step_log import StepLog

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.faults.child"])


class PaperAgent(Agent):
    """An agent without Docker, which needs no shim.

    `stores` gives the folders with the images of registries by host, `limits` are other limits of the program.
    """

    def __init__(
        self,
        *,
        stores: Callable[[], Mapping[str, str]],
        limits: Mapping[str, float],
        **options: Any,  # noqa: ANN401 - those of `Agent`
    ) -> None:
        super().__init__(**options)
        self._stores = stores
        self._limits = dict(limits)

    def _launch(self, environment: Mapping[str, str], log: StepLog) -> RunningTask:
        return PaperTask(
            self._stores(),
            self._limits,
            environment={**environment, **TOLD_BY_SHIM},
            folder=self.job.sources,
            log=log,
            timeouts=self._timeouts,
        )


class PaperTask(RunningTask):
    """A task that was forked instead of started."""

    def __init__(self, stores: Mapping[str, str], limits: Mapping[str, float], **options: Any) -> None:  # noqa: ANN401 - those of `RunningTask`
        self._stores, self._limits = stores, limits
        super().__init__(["python"], **options)

    def _spawn(self, environment: Mapping[str, str], folder: Path) -> subprocess.Popen[str]:
        del folder  # which the environment has as well
        forked = _Forked(environment, self._stores, self._limits)
        return cast("subprocess.Popen[str]", forked)


class _Forked:
    """What a `Popen` is for a running task."""

    def __init__(self, environment: Mapping[str, str], stores: Mapping[str, str], limits: Mapping[str, float]) -> None:
        reader, writer = _FORKS.Pipe(duplex=False)
        with reader, writer:
            self._process = _FORKS.Process(target=run_task, args=(environment, writer, stores, limits))
            self._process.start()
            self.stdout = os.fdopen(os.dup(reader.fileno()), encoding="utf-8", errors="replace")
        self.stdin = self.stderr = None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid or 0

    @property
    def returncode(self) -> int | None:
        """What it ended with."""
        return self._process.exitcode

    def wait(self) -> int | None:
        """Wait for its end."""
        self._process.join()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it."""
        self._process.kill()
