"""A task while it runs: output read, signals sent and the end judged as the pipelines agent does it.

Ported from Agent.Sdk/ProcessInvoker.cs (signals, output), Agent.Worker/Handlers/NodeHandler.cs (exit code)
and Agent.Worker/StepsRunner.cs (results) in
https://github.com/microsoft/azure-pipelines-agent/tree/master/src
"""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.agent.step_log import Issue, StepLog


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeouts:
    """How long the agent waits, in seconds: after SIGINT, after SIGTERM, and for output once Node has ended.

    The defaults are the agent's: https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Sdk/ProcessInvoker.cs
    """

    after_sigint: float = 7.5
    after_sigterm: float = 2.5
    for_output: float = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskRun:
    """What one run of a task came to.

    `lines` is the raw output; `log` what a person sees: secrets masked, commands taken out. `result` is
    `Succeeded`, `SucceededWithIssues`, `Failed` or `Canceled`. `summaries` hold (file name, Markdown).
    `exit_code` is Node's, 128 + n when signal n ended it. `secret_values` are those the task masked itself.
    """

    lines: tuple[str, ...]
    log: str
    result: str
    issues: tuple[Issue, ...]
    variables: Mapping[str, str]
    secret_values: frozenset[str]
    summaries: tuple[tuple[str, str], ...]
    groups: tuple[str, ...]
    exit_code: int
    seconds: float
    unknown_commands: tuple[str, ...]


class RunningTask:
    """A task that was started; `payload` is what its command gets by standard input.

    Its output is read on threads of its own.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        log: StepLog,
        timeouts: Timeouts,
        payload: str = "",
    ) -> None:
        self._began = time.monotonic()
        self._seconds = 0.0
        self._command = command
        self._log = log
        self._lock = threading.RLock()  # whoever is shown a line may cancel
        self._timeouts = timeouts
        self._payload = payload
        self._stopped_by: str | None = None
        self._ended = threading.Event()
        self._process = self._spawn(environment, folder)
        self._watch()

    @property
    def pid(self) -> int:
        """The process id of Node."""
        return self._process.pid

    def cancel(self) -> None:
        """Begin what a person's Cancel brings about: SIGINT, SIGTERM, SIGKILL to Node. Returns at once."""
        self._stop("canceled")

    def kill(self) -> None:
        """Kill Node, and nothing else."""
        self._process.kill()

    def wait(self, timeout: float | None = None) -> TaskRun:
        """Return the run when it is over; after `timeout` seconds it is stopped and has failed."""
        if not self._ended.wait(timeout):
            self._stop("timed out")
            self._ended.wait()
        return self._run()

    def _spawn(self, environment: Mapping[str, str], folder: Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # a Ctrl-C at the keyboard is for the one who stands in for the agent
        )

    def _watch(self) -> None:
        streams = [stream for stream in (self._process.stdout, self._process.stderr) if stream]
        readers = [threading.Thread(target=self._read, args=(stream,), daemon=True) for stream in streams]
        for reader in readers:
            reader.start()
        if self._process.stdin:
            self._process.stdin.write(self._payload)
            self._process.stdin.close()
        threading.Thread(target=self._finish, args=(readers,), daemon=True).start()

    def _read(self, stream: IO[str]) -> None:
        with stream:
            # Universal newlines: a lone carriage return ends a line, as it does for .NET's StreamReader.
            for line in stream:
                with self._lock:
                    if not self._ended.is_set():
                        self._log.take(line.removesuffix("\n"))

    def _finish(self, readers: Sequence[threading.Thread]) -> None:
        self._process.wait()
        deadline = time.monotonic() + self._timeouts.for_output
        for reader in readers:
            reader.join(max(0.0, deadline - time.monotonic()))
        with self._lock:
            self._judge()
            self._seconds = time.monotonic() - self._began
            self._ended.set()

    def _judge(self) -> None:
        if self._stopped_by == "canceled":
            self._log.add_issue("error", "The operation was canceled.")
            self._log.result = "Canceled"
        elif self._stopped_by == "timed out":
            self._log.fail("The task has timed out.")
        elif self._exit_code:
            node, *arguments = self._command
            said = f"file name '{node}', arguments '{arguments}'"
            self._log.fail(f"Exit code {self._exit_code} returned from process: {said}.")

    def _stop(self, reason: str) -> None:
        with self._lock:
            if self._stopped_by or self._ended.is_set():
                return
            self._stopped_by = reason
        threading.Thread(target=self._signal, daemon=True).start()

    def _signal(self) -> None:
        for number, timeouts in (
            (signal.SIGINT, self._timeouts.after_sigint),
            (signal.SIGTERM, self._timeouts.after_sigterm),
        ):
            self._process.send_signal(number)
            if self._ended.wait(timeouts):
                return
        self._process.kill()

    @property
    def _exit_code(self) -> int:
        code = self._process.returncode
        return 128 - code if code < 0 else code

    def _run(self) -> TaskRun:
        log = self._log
        return TaskRun(
            lines=tuple(log.lines),
            log="\n".join(log.shown),
            result=log.result or "Succeeded",
            issues=tuple(log.issues),
            variables=dict(log.variables),
            secret_values=frozenset(log.secret_values),
            summaries=tuple(log.summaries),
            groups=tuple(log.groups),
            exit_code=self._exit_code,
            seconds=self._seconds,
            unknown_commands=tuple(log.unknown_commands),
        )
