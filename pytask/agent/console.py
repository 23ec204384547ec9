"""The run's log: the only code that writes to stdout or creates a `Secret`.

Every line passes one filter, whether it is ours, Docker's or Azure's, so that no text can act as a command.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TextIO

from pytask.agent.commands import command, disarm
from pytask.agent.redactor import Redactor
from pytask.errors import render
from pytask.model import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from pytask.clock import Clock
    from pytask.errors import TaskFailure

_PREFIX: ContextVar[str] = ContextVar("prefix", default="")
"""What the lines of this thread, and of those that it has started, begin with."""


class Console:
    """What the task tells the agent and the reader of the log."""

    def __init__(self, stream: TextIO, clock: Clock) -> None:
        self._stream = stream
        self._clock = clock
        self._redactor, self._own = Redactor(), Redactor()
        self._lock = threading.Lock()

    def line(self, text: str = "") -> None:
        """Write text, which may be foreign, with one log line for each of its lines, none of another thread between."""
        prefix = _PREFIX.get()
        self._write(*(disarm(self.redacted(f"{prefix}{part}")) for part in text.split("\n")))

    @contextmanager
    def prefixed(self, prefix: str) -> Iterator[None]:
        """Begin each line that is written within the block, and by the threads that it starts, with a prefix.

        Groups do not nest, so that within the block a group is a line with its title.
        """
        before = _PREFIX.set(prefix)
        try:
            yield
        finally:
            _PREFIX.reset(before)

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Put what is written within the block into a collapsible group that ends with the time it took.

        Groups do not nest. Source:
        https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands#formatting-commands
        """
        if _PREFIX.get():
            self.line(title)
            yield
            return
        began = self._clock.monotonic()
        self._write("##[group]" + disarm(self.redacted(title)))
        try:
            yield
        finally:
            self._write(f"({self._clock.monotonic() - began:.1f} s)", "##[endgroup]")

    def warning(self, text: str) -> None:
        """Warn in the log and on the run's page."""
        prefix = _PREFIX.get().rstrip()
        self._issue("warning", {}, f"{prefix}: {text}" if prefix else text)

    def failure(self, failure: TaskFailure, state: str = "") -> None:
        """Report a failure in full in the log and on the run's page; `state` is its row of that name."""
        self._issue("error", {"code": failure.code}, render(failure, state))

    def secret(self, text: str) -> Secret:
        """Return the text as a `Secret` that is masked from now on, in the agent's lines and in ours."""
        self._own.add(text)
        self._write(*(command("task.setsecret", {}, line) for line in self._redactor.add(text)))
        return Secret(text)

    def know(self, secrets: Iterable[str], *, of_others: Iterable[str]) -> None:
        """Redact secrets that the agent masks already; it does so in the log, but not in the summary and the record."""
        for secret in secrets:
            self._own.add(secret)
            self._redactor.add(secret)
        for secret in of_others:
            self._redactor.add(secret)

    def redacted(self, text: str) -> str:
        """Return a text without this run's secrets; text for files goes through here too."""
        return self._redactor.redact(text)

    def redacted_image(self, text: str) -> str:
        """Return an image that others named, for later steps: without this run's credentials, but otherwise complete.

        Other values that are masked, such as a variable that holds the registry's name, stay in it.
        """
        return self._own.redact(text)

    def output(self, name: str, value: str) -> None:
        """Set an output variable of the task without redaction, because later steps use it."""
        self._write(command("task.setvariable", {"variable": name, "isoutput": "true"}, disarm(value)))

    def summary(self, file: Path) -> None:
        """Show a Markdown file on the run's Extensions tab."""
        self._write(command("task.uploadsummary", {}, str(file)))

    def complete(self, result: str) -> None:
        """Report the task's result: `Succeeded`, `SucceededWithIssues`, `Failed` or `Canceled`."""
        self._write(command("task.complete", {"result": result}, ""))

    def _issue(self, kind: str, properties: Mapping[str, str], text: str) -> None:
        self._write(command("task.logissue", {"type": kind, **properties}, self._tame(text)))

    def _tame(self, text: str) -> str:
        return "\n".join(disarm(self.redacted(part)) for part in text.split("\n"))

    def _write(self, *lines: str) -> None:
        with self._lock:
            self._stream.write("".join(line + "\n" for line in lines))
            self._stream.flush()
