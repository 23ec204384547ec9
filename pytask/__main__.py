"""The process edge: the only place that reads the environment, handles signals and ends the program."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from pytask import __version__, report
from pytask.agent.console import Console
from pytask.agent.environment import variable
from pytask.clock import Clock, Patience
from pytask.errors import Cancelled, ManyFailures, TaskFailure, render
from pytask.errors.agent import OurBug, RunCancelled
from pytask.job import Job, Record
from pytask.model import Verdict
from pytask.run import run

if TYPE_CHECKING:
    from types import FrameType


def main() -> int:
    """Run the task; give 0 whenever its result was told, whatever it is: the agent learns it from `task.complete`."""
    clock = Clock()
    job = Job(
        environment=dict(os.environ),
        console=Console(sys.stdout, clock),
        clock=clock,
        patience=Patience(),
        record=Record(),
    )
    # azure-devops keeps a cache below the home folder otherwise; the agent empties its own temporary folder.
    os.environ["AZURE_DEVOPS_CACHE_DIR"] = str(_temporary(job) / "azure-devops")
    _cancel_on_signals(clock)
    _cancel_when_the_shim_is_gone()
    failures = _failures_of(job)
    _tell(job, failures)
    return 0


def _failures_of(job: Job) -> tuple[TaskFailure, ...]:
    """Run, and give what came in the way: nothing is left to become a traceback."""
    try:
        run(job)
    except ManyFailures as several:
        return several.failures
    except TaskFailure as failure:
        return (failure,)
    except Cancelled:
        return (RunCancelled(stage=job.record.stage),)
    except Exception as error:  # noqa: BLE001 - the last resort
        job.console.line(traceback.format_exc() if variable(job.environment, "System.Debug") else "")
        return (OurBug(version=__version__, error=f"{type(error).__name__}: {error}"),)
    return ()


def _tell(job: Job, failures: tuple[TaskFailure, ...]) -> None:
    """Tell failures, outputs, summary and result; a second signal does not interrupt it."""
    job.clock.cancelled.set()
    console, record = job.console, job.record
    now = report.now(record, left_open=any(failure.leaves_open for failure in failures))
    for number, failure in enumerate(failures, start=1):
        console.failure(failure, now if number == len(failures) else "")
    if record.proof and record.proof.verdict is Verdict.NOT_PROVEN:
        console.warning(report.tell_not_proven(record.proof))
    if record.target and not failures:
        console.line(record.target.url)
    for name, value in report.outputs(record).items():
        console.output(name, value)
    _summarise(job, tuple(render(failure) for failure in failures))
    console.complete(_result(record, failures))


def _summarise(job: Job, failures: tuple[str, ...]) -> None:
    """Write the summary where the agent finds it; a disk that is full must not hide the result."""
    name = job.record.plan.app.name if job.record.plan else "Function App"
    step = variable(job.environment, "System.TaskInstanceId") or str(uuid4())
    file = _temporary(job) / f"{name} {step[:8]}.md"
    try:
        file.write_text(report.summary(job.record, failures), encoding="utf-8")
    except OSError as error:
        job.console.warning(f"the summary could not be written: {error}")
    else:
        job.console.summary(file)


def _result(record: Record, failures: tuple[TaskFailure, ...]) -> str:
    if any(isinstance(failure, RunCancelled) for failure in failures):
        return "Canceled"
    if failures:
        return "Failed"
    return "SucceededWithIssues" if record.verdict is Verdict.NOT_PROVEN else "Succeeded"


def _temporary(job: Job) -> Path:
    return Path(variable(job.environment, "Agent.TempDirectory") or tempfile.gettempdir())


def _cancel_on_signals(clock: Clock) -> None:
    """Turn the agent's SIGINT, and the SIGTERM that follows 7.5 s later, into one `Cancelled` in the main thread.

    Source: https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Sdk/ProcessInvoker.cs
    """

    def cancel(_signal: int, _frame: FrameType | None) -> None:
        if not clock.cancelled.is_set():
            clock.cancelled.set()
            raise Cancelled

    signal.signal(signal.SIGINT, cancel)
    signal.signal(signal.SIGTERM, cancel)


def _cancel_when_the_shim_is_gone() -> None:
    """Cancel when stdin ends: the shim holds it open and never writes, so it ends only when the shim was killed."""

    def wait() -> None:
        if not os.read(0, 1):
            # To the main thread itself: only so is what it waits for interrupted.
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)

    threading.Thread(target=wait, daemon=True, name="shim").start()


if __name__ == "__main__":
    sys.exit(main())
