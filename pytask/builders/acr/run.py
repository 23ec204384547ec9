"""Scheduling a run and following it to its end, by its status and its log; either of the two is enough."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytask.builders.acr.log import RunLog
from pytask.builders.acr.upload import mask_signature
from pytask.clock import Deadline
from pytask.cloud.poll import NotAllowed, NotYet, Seen
from pytask.errors import once_sent
from pytask.errors.acr_build import AcrRunLost
from pytask.errors.foreign import shortened

if TYPE_CHECKING:
    from pytask.builders.builder import Machine
    from pytask.cloud.poll import Reading
    from pytask.decode import JSONObject
    from pytask.registry.tasks import RunState, TasksRegistry

SUCCEEDED = "succeeded"
_ENDED = {
    "succeeded": SUCCEEDED,
    "successful": SUCCEEDED,
    "failed": "failed",
    "canceled": "canceled",
    "error": "error",
    "internalerror": "error",
    "timeout": "timeout",
    "timedout": "timeout",
}
"""What the status says, or the log: https://github.com/Azure/azure-cli/blob/dev/src/azure-cli/azure/cli/command_modules/acr/_stream_utils.py"""
_REMEMBERED, _LONGEST_LINE = 2_000, 2_000
_STEP = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d Executing step ID: (\S+?)\. Timeout")
_OF_ACR = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ")
"""How the program that carries out a task begins its own lines.
https://github.com/Azure/acr-builder/blob/main/builder/builder.go"""
_CANDIDATES = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """How a run ended."""

    run: str
    how: str
    """One of the values of `_ENDED`."""
    detail: str
    digests: frozenset[str]
    """Of what it pushed, as far as Azure says so."""
    steps: tuple[str, ...]
    """The ids of the steps that were begun, in their order."""
    lines: tuple[str, ...]
    """The end of what the last step printed; without one, the end of the log."""


class AlreadyScheduledError(Exception):
    """A run was scheduled although its answer was lost."""

    def __init__(self, run: str) -> None:
        super().__init__(run)
        self.run = run


def schedule(machine: Machine, tasks: TasksRegistry, body: JSONObject, step: str) -> str:
    """Schedule a run and return its id. A second one is not begun when the answer about the first was lost.

    Raises:
        TaskFailure: when ACR Tasks does not accept it.
    """

    def confirm_not_scheduled() -> None:
        if run := _scheduled(machine, tasks, step):
            raise AlreadyScheduledError(run)

    try:
        return tasks.schedule(body, before_retry=confirm_not_scheduled)
    except AlreadyScheduledError as found:
        return found.run


def _scheduled(machine: Machine, tasks: TasksRegistry, step: str) -> str:
    """Return the run whose log names a step of ours; empty when there is none among the latest."""
    deadline = Deadline.after(machine.clock, machine.timeouts.acr_lost_run)
    while isinstance(latest := tasks.runs(), Seen):
        undecided = False
        for run in latest.value[:_CANDIDATES]:
            lines = _log(machine, tasks, run.id).read()
            if any((found := _STEP.match(line)) and found.group(1) == step for line in lines):
                return run.id
            undecided |= run.status.lower() not in _ENDED and not any(map(_STEP.match, lines))
        if not undecided or deadline.passed():
            break
        machine.clock.sleep(machine.timeouts.acr_poll)
    return ""


def _log(machine: Machine, tasks: TasksRegistry, run: str) -> RunLog:
    return RunLog(
        http=tasks.http, ask_address=lambda: tasks.log_address(run), mask=lambda url: mask_signature(machine, url)
    )


@dataclass(kw_only=True, slots=True)
class Following:
    """A run that goes on, with what is known of it."""

    machine: Machine
    tasks: TasksRegistry
    run: str
    steps: list[str] = field(default_factory=list)
    _lines: deque[str] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    _state: RunState | None = None
    _told_at: float = 0.0
    _log_ended_at: float = 0.0
    _told_of_refusal: bool = False

    def to_its_end(self) -> Ended:
        """Show the run's log as it grows, and return how the run ended.

        Raises:
            AcrRunLost: when neither the status nor the log can be read for a long time.
        """
        log, clock, timeouts = _log(self.machine, self.tasks, self.run), self.machine.clock, self.machine.timeouts
        with once_sent():
            lost, due = Deadline.after(clock, timeouts.acr_silence), 0.0
            self._told_at = clock.monotonic()
            while True:
                is_last = lost.passed()  # an answer may have asked to wait for longer than that
                before = log.offset
                self._show(log.read())
                asked: Reading[RunState] | None = None
                if log.ended or is_last or clock.monotonic() >= due:
                    asked, due = self.tasks.run(self.run), clock.monotonic() + timeouts.longest_poll
                    self._state = asked.value if isinstance(asked, Seen) else self._state
                if how := self._how(log, asked):
                    self._show_rest(log, how)
                    return self._ended(how)
                if isinstance(asked, Seen) or log.offset > before:
                    lost = Deadline.after(clock, timeouts.acr_silence)
                elif is_last:
                    detail = f"for {timeouts.acr_silence:,.0f} s, neither its status nor its log could be read"
                    raise AcrRunLost(registry=self.tasks.resource.name, run=self.run, detail=detail)
                self._tell_waiting(log)
                clock.sleep(timeouts.acr_poll)

    def _how(self, log: RunLog, asked: Reading[RunState] | None) -> str:
        """Return how the run ended; the status counts, and the log where the status cannot be read."""
        if self._state and (how := _ENDED.get(self._state.status.lower())):
            return how
        now = self.machine.clock.monotonic()
        self._log_ended_at = self._log_ended_at or (now if log.ended else 0.0)
        is_silent = isinstance(asked, NotYet) and now - self._log_ended_at >= self.machine.timeouts.acr_last_lines
        return _ENDED.get(log.ended, "") if is_silent or isinstance(asked, NotAllowed) else ""

    def _show_rest(self, log: RunLog, how: str) -> None:
        """Show what the log still gets: its last lines may come after the status."""
        deadline = Deadline.after(self.machine.clock, self.machine.timeouts.acr_last_lines)
        while how != "canceled" and not log.ended and not deadline.passed():
            before = log.offset
            self._show(log.read())
            if log.offset == before:
                self.machine.clock.sleep(self.machine.timeouts.acr_poll)
        self._show(log.rest())

    def _show(self, lines: list[str]) -> None:
        for line in lines:
            self.machine.console.line(line)
            step = _STEP.match(line)
            if step is not None:
                self.steps.append(step.group(1))
                self._lines.clear()
            elif line.strip() and not _OF_ACR.match(line):
                self._lines.append(shortened(line, _LONGEST_LINE))
        if lines:
            self._told_at = self.machine.clock.monotonic()

    def _tell_waiting(self, log: RunLog) -> None:
        if log.refused and not log.offset and not self._told_of_refusal:
            self._told_of_refusal = True
            permission = "Microsoft.ContainerRegistry/registries/runs/listLogSasUrl/action"
            self.machine.console.line(f"  the build log cannot be read; that requires {permission}")
        now = self.machine.clock.monotonic()
        if not log.offset and now - self._told_at >= self.machine.timeouts.progress:
            self._told_at = now
            status = self._state.status.lower() if self._state else "not known yet"
            self.machine.console.line(f"  waiting for an ACR Tasks agent; run {self.run} is {status}")

    def _ended(self, how: str) -> Ended:
        state = self._state
        return Ended(
            run=self.run,
            how=how,
            detail=state.detail if state else "",
            digests=state.digests if state else frozenset(),
            steps=tuple(self.steps),
            lines=tuple(self._lines),
        )
