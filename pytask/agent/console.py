"""The run's log: the only writer to stdout, and the only maker of a `Secret`.

Every line passes one filter, whether it is ours, Docker's or Azure's, so that no text can become a command by accident.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from pytask.agent.commands import command, disarm
from pytask.agent.redactor import Redactor
from pytask.errors import render
from pytask.model import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pytask.clock import Clock
    from pytask.errors import TaskFailure


class Console:
    """What the agent and the reader of the log are told."""

    def __init__(self, stream: TextIO, clock: Clock) -> None:
        self._stream = stream
        self._clock = clock
        self._redactor = Redactor()
        self._lock = threading.Lock()

    def line(self, text: str = "") -> None:
        """Write text, one log line for each of its own; it may be foreign."""
        self._write(*(disarm(self.redacted(part)) for part in text.split("\n")))

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Fold what is written meanwhile; the time it took is the group's last line.

        Groups do not nest. Source:
        https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands#formatting-commands
        """
        began = self._clock.monotonic()
        self._write("##[group]" + disarm(self.redacted(title)))
        try:
            yield
        finally:
            self._write(f"({self._clock.monotonic() - began:.1f} s)", "##[endgroup]")

    def warning(self, text: str) -> None:
        """Warn in the log and on the run's page."""
        self._issue("warning", {}, text)

    def failure(self, failure: TaskFailure, state: str = "") -> None:
        """Report a failure in full in the log and on the run's page; `state` says how things are left."""
        self._issue("error", {"code": failure.code}, render(failure, state))

    def secret(self, text: str) -> Secret:
        """Return the text as a `Secret`, masked in every line from now on, the agent's and ours."""
        self._write(*(command("task.setsecret", {}, line) for line in self._redactor.add(text)))
        return Secret(text)

    def redacted(self, text: str) -> str:
        """Return a text without the secrets of this run; what is written to a file passes here as well."""
        return self._redactor.redact(text)

    def output(self, name: str, value: str) -> None:
        """Set an output variable of the task. What later steps build on is never redacted: it is no foreign text."""
        self._write(command("task.setvariable", {"variable": name, "isoutput": "true"}, disarm(value)))

    def summary(self, file: Path) -> None:
        """Show a Markdown file on the Extensions tab of the run."""
        self._write(command("task.uploadsummary", {}, str(file)))

    def complete(self, result: str) -> None:
        """Tell the task's result: `Succeeded`, `SucceededWithIssues`, `Failed` or `Canceled`."""
        self._write(command("task.complete", {"result": result}, ""))

    def _issue(self, kind: str, properties: Mapping[str, str], text: str) -> None:
        self._write(command("task.logissue", {"type": kind, **properties}, self._tame(text)))

    def _tame(self, text: str) -> str:
        return "\n".join(disarm(self.redacted(part)) for part in text.split("\n"))

    def _write(self, *lines: str) -> None:
        with self._lock:
            self._stream.write("".join(line + "\n" for line in lines))
            self._stream.flush()
