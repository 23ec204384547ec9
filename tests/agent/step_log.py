"""The log of one step: takes the lines of a task, carries out their commands and keeps what a person sees.

Ported from WorkerCommandManager, TaskCommandExtension, TaskRestrictionsChecker and ExecutionContext in
https://github.com/microsoft/azure-pipelines-agent/tree/master/src/Agent.Worker
It knows the commands of the area `task` that a step's result is made of. Others, of which the agent knows
some (logdetail, setendpoint, the areas artifact, build, results, telemetry), are recorded as unknown here.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from tests.agent.log_commands import parse, unescape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.agent.log_commands import Command
    from tests.agent.secret_masker import SecretMasker
    from tests.agent.task_definition import TaskDefinition

# Worst last: https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Microsoft.VisualStudio.Services.Agent/Util/TaskResultUtil.cs
RESULTS = ("Succeeded", "SucceededWithIssues", "Failed", "Canceled", "Skipped", "Abandoned")
MOST_ISSUES = 10
# TaskCommandExtension.cs: CommandRestriction(AllowedInRestrictedMode = true).
NOT_WHEN_RESTRICTED = frozenset({"uploadsummary", "uploadfile", "addattachment"})
GROUP = "##[group]"


class CommandError(Exception):
    """A command that cannot be carried out; the step fails."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Issue:
    """An error or a warning on the run's page: `type` is `error` or `warning`, `message` is masked."""

    type: str
    message: str
    properties: Mapping[str, str]


def worst(current: str | None, coming: str) -> str:
    """Merge two results as the agent does: the worse one wins, and what is past Failed stays."""
    if current is None or (current in RESULTS[:3] and RESULTS.index(coming) >= RESULTS.index(current)):
        return coming
    return current


class StepLog:
    """One step's log and what its commands brought about. `show` is called with each line a person sees."""

    def __init__(
        self,
        *,
        task: TaskDefinition,
        masker: SecretMasker,
        debug: bool = False,
        show: Callable[[str], None] | None = None,
    ) -> None:
        self.lines: list[str] = []
        self.shown: list[str] = []
        self.issues: list[Issue] = []
        self.variables: dict[str, str] = {}
        self.task_variables: dict[str, str] = {}
        self.secret_values: set[str] = set()
        self.summaries: list[tuple[str, str]] = []
        self.attachments: list[tuple[str, str]] = []
        self.prepended_path: list[str] = []
        self.groups: list[str] = []
        self.unknown_commands: list[str] = []
        self.result: str | None = None
        self._task = task
        self._masker = masker
        self._debug = debug
        self._show = show
        self._counts = {"error": 0, "warning": 0}
        self._events: dict[str, Callable[[Command], None]] = {
            "logissue": self._log_issue,
            "issue": self._log_issue,
            "complete": self._complete,
            "setprogress": lambda _: None,
            "setsecret": self._set_secret,
            "setvariable": self._set_variable,
            "settaskvariable": self._set_task_variable,
            "prependpath": self._prepend_path,
            "uploadsummary": self._upload_summary,
            "uploadfile": self._upload_file,
            "addattachment": self._add_attachment,
            "debug": lambda command: self._write_debug(command.data),
        }

    def take(self, line: str) -> None:
        """Take one line of the task's output: carry out the command in it, or show it."""
        self.lines.append(line)
        command = parse(line)
        if command is not None:
            self._carry_out(command, line)
            return
        if "##vso" in line:
            self.add_issue(
                "warning", f"'{line}' contains logging command keyword '##vso', but it's not a legal command."
            )
        self._write(line)

    def add_issue(self, kind: str, message: str, properties: Mapping[str, str] | None = None) -> None:
        """Log an error or a warning; only the first ten of each reach the run's page."""
        self._write(f"##[{kind}]{message}")
        self._counts[kind] += 1
        if self._counts[kind] <= MOST_ISSUES:
            issue = Issue(type=kind, message=self._masker.mask(message), properties=dict(properties or {}))
            self.issues.append(issue)

    def fail(self, message: str) -> None:
        """Log an error of the agent's own and fail the step."""
        self.add_issue("error", message)
        self.result = worst(self.result, "Failed")

    def _carry_out(self, command: Command, line: str) -> None:
        if command.area != "task":
            self.unknown_commands.append(line)
            self.add_issue("warning", f"Cannot find command extension for ##vso[{command.area}.command].")
            return
        try:
            self._dispatch(command, line)
        except CommandError as failed:
            self.add_issue("error", f"Unable to process command '{line}' successfully.")
            self.fail(str(failed))
        if command.event != "debug":
            self._write_debug(f"Processed: {unescape(line)}")

    def _dispatch(self, command: Command, line: str) -> None:
        event = self._events.get(command.event)
        if event is None:
            self.unknown_commands.append(line)
            raise CommandError(f"##vso[task.{command.event}] is not a recognized command for task command extension.")
        if self._task.restricted and command.event in NOT_WHEN_RESTRICTED:
            self.add_issue(
                "warning",
                f"##vso[task.{command.event}] is not allowed in this step due to policy restrictions.",
            )
            return
        event(command)

    def _log_issue(self, command: Command) -> None:
        kind = command.properties.get("type")
        if kind is None:
            self.add_issue("warning", "Can't create TaskIssue from logging event.")
            return
        if kind.lower() not in self._counts:
            raise CommandError(f"issue type {kind} is not an expected issue type.")
        self.add_issue(kind.lower(), command.data, command.properties)

    def _complete(self, command: Command) -> None:
        result = command.properties.get("result", "")
        if result not in RESULTS:
            raise CommandError("Command doesn't have valid result value.")
        self.result = worst(self.result, result)

    def _set_secret(self, command: Command) -> None:
        if command.data:
            self.secret_values.add(command.data)
            self._masker.add(command.data)

    def _set_variable(self, command: Command) -> None:
        name = _required(command, "variable")
        self._keep_secret(command)
        if self._may_set(name):
            self.variables[name] = command.data

    def _set_task_variable(self, command: Command) -> None:
        name = _required(command, "variable")
        self._keep_secret(command)
        self.task_variables[name] = command.data

    def _keep_secret(self, command: Command) -> None:
        if command.properties.get("issecret", "").lower() != "true":
            return
        if "\n" in command.data:
            raise CommandError("Secrets cannot contain multiple lines")
        self._set_secret(command)

    def _may_set(self, name: str) -> bool:
        allowed = self._task.settable
        if allowed is None or any(fnmatchcase(name.lower(), pattern.lower()) for pattern in allowed):
            return True
        self.add_issue("warning", f"Setting variable '{name}' has been disabled by the task or build definition.")
        return False

    def _prepend_path(self, command: Command) -> None:
        if self._may_set("PATH"):
            self.prepended_path.append(command.data)

    def _upload_summary(self, command: Command) -> None:
        if not command.data:
            raise CommandError("Cannot upload summary file, summary file location is not specified.")
        self.summaries.append((Path(command.data).name, _attached(command.data)))

    def _upload_file(self, command: Command) -> None:
        self.attachments.append((Path(command.data).name, _attached(command.data)))

    def _add_attachment(self, command: Command) -> None:
        kind, name = _required(command, "type"), _required(command, "name")
        kept = self.summaries if kind == "Distributedtask.Core.Summary" else self.attachments
        kept.append((name, _attached(command.data)))

    def _write_debug(self, message: str) -> None:
        if self._debug:
            self._write(f"##[debug]{message}")

    def _write(self, message: str) -> None:
        masked = self._masker.mask(message)
        for line in masked.split("\n"):
            if line.startswith(GROUP):
                self.groups.append(line[len(GROUP) :])
            self.shown.append(line)
            if self._show is not None:
                self._show(line)


def _required(command: Command, key: str) -> str:
    value = command.properties.get(key)
    if not value:
        raise CommandError(f"Required field '{key}' is missing in ##vso[task.{command.event}] command.")
    return value


def _attached(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError("Cannot upload task attachment file, attachment file does not exist on disk.") from error
