"""The process edge: reads the environment, handles signals, and reports how the run ended."""

from __future__ import annotations

import _thread
import errno
import logging
import os
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from pytask import __version__
from pytask.agent.console import Console
from pytask.agent.environment import known_credentials, known_variables, temporary_folders, variable
from pytask.agent.network import read_network
from pytask.background import Background
from pytask.clock import Clock, Timeouts
from pytask.errors import Cancelled, ManyFailures, TaskFailure, render
from pytask.errors.agent import AgentCannotWrite, OurBug, RunCancelled
from pytask.job import Job
from pytask.journal import Journal, Planned, StageBegan
from pytask.model import App, Deploy, Swap, Verdict, Verification, WhenUnverified, app_plan
from pytask.report.apps import Row, names, rows_of, table, was_begun
from pytask.report.log import tell, tell_unverified
from pytask.report.outputs import as_json, outputs
from pytask.report.state import describe_state, state_of
from pytask.report.summary import named, summary
from pytask.report.swap import subject
from pytask.report.verdict import verdict
from pytask.run import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from pytask.builders.docker.asking import Asking


_CANNOT_WRITE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})
"""https://man7.org/linux/man-pages/man3/errno.3.html"""


def main(timeouts: Timeouts | None = None, asking: Asking | None = None) -> int:
    """Run the task and return 0 once its result is reported: the agent reads the result from `task.complete`.

    `asking` is the docker command that has already been asked for its version.
    """
    clock, environment = Clock(), dict(os.environ)
    console = Console(sys.stdout, clock)
    console.know(known_credentials(environment), of_others=known_variables(environment))
    job = Job(
        environment=environment,
        network=read_network(environment, console.secret),
        console=console,
        clock=clock,
        timeouts=timeouts or Timeouts(),
        journal=Journal(lambda event: tell(event, console)),
        asking=asking,
    )
    # Otherwise azure-devops keeps a cache in the home folder; the agent cleans up its own temporary folder.
    os.environ["AZURE_DEVOPS_CACHE_DIR"] = str(_temporary(job) / "azure-devops")
    # Library logs would go to stderr unredacted; our failures already say what matters.
    logging.getLogger().addHandler(logging.NullHandler())
    _cancel_on_signals(job)
    _cancel_when_the_shim_is_gone()
    failures = _failures_of(job)
    _tell(job, failures)
    return 0


def _failures_of(job: Job) -> tuple[TaskFailure, ...]:
    """Run, and return what went wrong; no exception escapes as a traceback."""
    try:
        run(job)
    except ManyFailures as several:
        return several.failures
    except TaskFailure as failure:
        return (failure,)
    except Cancelled:
        return (RunCancelled(stage=_stage(job.journal)),)
    except OSError as error:
        return (_of_the_disk(error) or _defect(job, error),)
    except Exception as error:  # noqa: BLE001 - the last resort
        return (_defect(job, error),)
    return ()


def _of_the_disk(error: OSError) -> TaskFailure | None:
    """Return the failure of an agent that cannot write what a run, or a library of it, needs to; None for another."""
    return AgentCannotWrite(detail=str(error)) if error.errno in _CANNOT_WRITE else None


def _defect(job: Job, error: Exception) -> OurBug:
    if variable(job.environment, "System.Debug").lower() == "true":
        job.console.line(traceback.format_exc())
    return OurBug(version=__version__, error=f"{type(error).__name__}: {error}")


def _stage(journal: Journal) -> str:
    began = journal.targets()[0].last(StageBegan)
    return began.title if began else "reading the inputs"


def _tell(job: Job, failures: tuple[TaskFailure, ...]) -> None:
    """Report failures, outputs, summary and result; a second signal does not interrupt this."""
    job.clock.cancelled.set()
    console, journal = job.console, job.journal
    states, app, rows = _states(journal, failures), subject(journal).last(App), rows_of(journal)
    if was_begun(rows):
        console.line(table(rows))
    for failure, state in zip(failures, states, strict=True):
        console.failure(failure, state)
    for told in () if failures else _unverified(journal, rows):
        console.warning(told) if _warns(journal) else console.line(told)
    if app and not failures:
        console.line(app.url)
    for name, value in outputs(journal, console.redacted, console.redacted_image).items():
        console.output(name, value)
    _write_summary(job, tuple(render(failure, state) for failure, state in zip(failures, states, strict=True)))
    _keep_record(job)
    console.complete(_result(journal, failures))


def _states(journal: Journal, failures: tuple[TaskFailure, ...]) -> list[str]:
    """Return each failure's row `state`: an app's own for what failed of one, the whole run's for the last."""
    states = [state_of(failure, journal) for failure in failures]
    return [*states[:-1], states[-1] or describe_state(journal)] if states else []


def _unverified(journal: Journal, rows: tuple[Row, ...]) -> Iterator[str]:
    """Yield what could not be verified: of the first app, and of all others in one."""
    first = subject(journal).last(Verification)
    if first and first.unavailable:
        yield tell_unverified(first)
    others = [(row.label, found) for row in rows[1:] if (found := row.journal.last(Verification)) and found.unavailable]
    if others:
        yield f"{names([label for label, _ in others])}: {tell_unverified(others[0][1])}"


def _write_summary(job: Job, failures: tuple[str, ...]) -> None:
    """Write the summary where the agent finds it; a full disk must not hide the result."""
    step = variable(job.environment, "System.TaskInstanceId") or str(uuid4())
    file = _temporary(job) / f"{named(job.journal)} {step[:8]}.md"
    try:
        text = summary(job.journal, failures, job.console.redacted)
        file.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        job.console.warning(f"the summary could not be written: {error}")
    else:
        job.console.summary(file)


def _keep_record(job: Job) -> None:
    """Write the record that a later run deploys from, if the user asked for it."""
    planned = job.journal.last(Planned)
    file = planned.plan.record_file if planned and not isinstance(planned.plan, Deploy | Swap) else None
    if file is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        console = job.console
        text = as_json(job.journal, job.environment, console.redacted, console.redacted_image)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        job.console.warning(f"the record could not be written: {error}")


def _result(journal: Journal, failures: tuple[TaskFailure, ...]) -> str:
    if any(isinstance(failure, RunCancelled) for failure in failures):
        return "Canceled"
    if failures:
        return "Failed"
    unverified = verdict(journal) is Verdict.UNVERIFIED
    return "SucceededWithIssues" if unverified and _warns(journal) else "Succeeded"


def _warns(journal: Journal) -> bool:
    """Tell whether an unverified app is worth a warning; `whenUnverified` may say that it is not."""
    planned = journal.last(Planned)
    app = app_plan(planned.plan) if planned else None
    return not (app and app.verify) or app.verify.when_unverified is not WhenUnverified.SUCCEED


def _temporary(job: Job) -> Path:
    return Path(temporary_folders(job.environment)[0])


def _cancel_on_signals(job: Job) -> None:
    """Turn the agent's SIGINT, and the SIGTERM that follows 7.5 s later, into one `Cancelled` in the main thread.

    An answer to a change that is out may still arrive, so that the report can say what it was.
    On Windows these are Ctrl+C and Ctrl+Break, which reach every process of the console.
    Source: https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Sdk/ProcessInvoker.cs
    """

    def cancel(_signal: int, _frame: FrameType | None) -> None:
        first = not job.clock.cancelled.is_set()
        job.clock.cancelled.set()
        if first and job.clock.awaits.is_set():
            Background(lambda: _interrupt_after(job.timeouts.last_answer))
        elif first or job.clock.awaits.is_set():
            raise Cancelled

    signal.signal(signal.SIGINT, cancel)
    signal.signal(signal.SIGTERM, cancel)
    if sys.platform == "win32":
        signal.signal(signal.SIGBREAK, cancel)


def _cancel_when_the_shim_is_gone() -> None:
    """Cancel when stdin ends: the shim keeps it open and never writes, so it ends only when the shim is killed."""

    def wait() -> None:
        if not os.read(0, 1):
            _interrupt_after(0)

    threading.Thread(target=wait, daemon=True, name="shim").start()


def _interrupt_after(seconds: float) -> None:
    """Interrupt the main thread once so much time has passed."""
    threading.Event().wait(seconds)
    if sys.platform == "win32":
        _thread.interrupt_main(signal.SIGTERM)
    else:
        # Sent to the main thread itself, or its blocking call would not be interrupted.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
