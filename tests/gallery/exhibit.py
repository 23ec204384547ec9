"""One exhibit: a good version 1 that runs, something broken, and what the task must say and leave behind."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from tests.pipeline import a_pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.agent.running_task import TaskRun
    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.logs.platform_log import Dialect
    from tests.pipeline import Pipeline

SECOND = 0.02
"""How long a second of the platform takes in the gallery, so that 230 of them are 4.6 seconds."""
OLD = "contoso.azurecr.io/hello-function:1"
_ANSWERS = 4
_ANSWER_LIMIT = 5.0

Ending = Literal["rolled back", "untouched", "still serves"]
"""What becomes of the old version: it was rolled back to; it was never replaced; or the rollback failed (the way to the
registry is closed for it too) and the platform goes on serving it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exhibit:
    """What is broken, and what is right to say about it."""

    name: str
    title: str
    code: str
    """The right cause, by its code in the catalogue."""
    words: tuple[str, ...] = ()
    """What the explanation has to name."""
    never: tuple[str, ...] = ()
    """What may stand nowhere in the output."""
    ending: Ending = "rolled back"
    log: Dialect = "classic"
    login: bool = False
    """Whether Authentication is on, which brings one more container of the platform's."""
    settings: Mapping[str, str | None] = field(default_factory=dict)
    """On top of the app's usual ones, from the beginning; None takes one away."""
    instances: int = 1
    files: Mapping[str, str] = field(default_factory=dict)
    """Of the checkout of version 2."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Of both runs."""
    broken: Callable[[Pipeline], Mapping[str, str]] | None = None
    """Done between the runs; gives further inputs of the second."""
    meanwhile: Callable[[Pipeline, str], None] | None = None
    """Done in the second run, after the push and the inspection and before the change of the app arrives; gets the
    digest that was pushed."""
    old: str = OLD
    """What the old version's reference begins with afterwards."""
    on_rollback: Callable[[Pipeline, str], None] | None = None
    """Done in the second run, before the change back."""
    minutes: str = "0.07"
    """For the verification of version 2, and for the rollback."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What became of an exhibit."""

    exhibit: Exhibit
    run: TaskRun
    explained: tuple[str, ...]
    """What was wrong with the explanation; empty when it was right."""
    left: tuple[str, ...]
    """What was wrong with the app afterwards; empty when the old version answers."""
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether all was right."""
        return not self.explained and not self.left

    @property
    def error(self) -> str:
        """What the user sees of the failure."""
        return "\n".join(issue.message for issue in self.run.issues if issue.type == "error")

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the errors."""
        return tuple(issue.properties.get("code", "") for issue in self.run.issues if issue.type == "error")


class NotReady(Exception):  # noqa: N818 - says what became of the exhibit
    """Version 1 does not run, so that nothing can be shown."""


def show(exhibit: Exhibit, azure: LocalAzure, folder: Path) -> Shown:
    """Run an exhibit on a local Azure that is emptied for it; raises NotReady."""
    began = time.monotonic()
    azure.reset()
    with a_pipeline(azure, folder) as pipeline:
        _version_1(exhibit, pipeline)
        run = _version_2(exhibit, pipeline)
        left = tuple(_left(exhibit, pipeline, run))
        azure.settle(pipeline.site)
    return Shown(
        exhibit=exhibit,
        run=run,
        explained=tuple(_explained(exhibit, run)),
        left=left,
        seconds=time.monotonic() - began,
    )


def _version_1(exhibit: Exhibit, pipeline: Pipeline) -> None:
    site = pipeline.site
    pipeline.azure.use_log(site, exhibit.log)
    site.instances = exhibit.instances
    if exhibit.login:
        pipeline.azure.require_login(site)
    merged = {**site.settings, **exhibit.settings}
    site.settings = {name: value for name, value in merged.items() if value is not None}
    run = pipeline.run(exhibit.inputs, build_id="1")
    # Another exhibit may have pushed the tag before: then a log without digests leaves version 1 unverified.
    if not run.result.startswith("Succeeded") or not _answers(pipeline):
        raise NotReady(f"{exhibit.name}: version 1 ended {run.result}\n{run.log}\n{_asked(pipeline)}")


def _version_2(exhibit: Exhibit, pipeline: Pipeline) -> TaskRun:
    pipeline.edit("Hello", "Bonjour")
    for name, text in exhibit.files.items():
        (pipeline.sources / name).write_text(text)
    inputs = {"verifyTimeoutMinutes": exhibit.minutes, **exhibit.inputs}
    inputs |= exhibit.broken(pipeline) if exhibit.broken else {}
    watch = _Watch(exhibit, pipeline)
    if exhibit.meanwhile:  # so that it comes before the change of the app, however quick the task is
        pipeline.azure.faults.script(r"PATCH management\.azure\.com|POST .*/restart", status=None, delay=1.0)
    run = pipeline.run(inputs, on_line=watch.see, build_id="2")
    if watch.mishap:
        raise watch.mishap
    return run


class _Watch:
    """Makes things happen at their moment of the second run."""

    def __init__(self, exhibit: Exhibit, pipeline: Pipeline) -> None:
        self._events = {"##[group]Update ": exhibit.meanwhile, "Rolling back to ": exhibit.on_rollback}
        self._pipeline = pipeline
        self._digest = ""
        self.mishap: Exception | None = None

    def see(self, line: str) -> None:
        """Look at a line of the run; a mishap is kept, since the run has to be read to its end."""
        if found := re.search(r" is (sha256:[0-9a-f]{64})$", line):
            self._digest = found.group(1)
        try:
            for begin, event in self._events.items():
                if event and line.startswith(begin):
                    event(self._pipeline, self._digest)
        except Exception as mishap:  # noqa: BLE001 - raised again where the run was started
            self.mishap = mishap


def _explained(exhibit: Exhibit, run: TaskRun) -> Iterator[str]:
    errors = [issue for issue in run.issues if issue.type == "error"]
    codes = [issue.properties.get("code", "") for issue in errors]
    if (run.result, codes) != ("Failed", [exhibit.code]):
        yield f"the run ended {run.result} with {', '.join(codes) or 'no error'}, right is {exhibit.code}"
    told = "\n".join(issue.message for issue in errors)
    yield from (f"it does not name {word!r}" for word in exhibit.words if word not in told)
    shown = "\n".join([run.log, *run.lines, *run.variables.values(), *(text for _, text in run.summaries)])
    yield from (f"the output has {word!r}" for word in exhibit.never if word in shown)
    forged = [line for line in run.log.splitlines() if "##vso[" in line]
    yield from (f"not disarmed: {line}" for line in forged)
    if "forged" in run.variables.values():
        yield f"a variable was set by the container: {dict(run.variables)}"
    if run.unknown_commands:
        yield f"the output has commands that the agent does not know: {run.unknown_commands}"


def _left(exhibit: Exhibit, pipeline: Pipeline, run: TaskRun) -> Iterator[str]:
    if not _answers(pipeline):
        yield f"the old version does not answer: {_asked(pipeline)}"
    told, changed = run.variables.get("runningImage", ""), exhibit.old in _put_back(run)
    if told.startswith(exhibit.old) != (exhibit.ending != "still serves"):
        yield f"runningImage is {told!r}"
    configured = pipeline.site.config["linuxFxVersion"]
    if not configured.startswith(f"DOCKER|{exhibit.old}"):
        yield f"the app is configured with {configured}"
    if exhibit.ending != "still serves" and changed != (exhibit.ending == "rolled back"):
        yield f"the output {'says' if changed else 'does not say'} a rollback to {exhibit.old}"
    yield from (f"not served: {call}" for call in pipeline.azure.unexpected)
    pipeline.azure.unexpected.clear()


def _put_back(run: TaskRun) -> str:
    """Return the line that says what was rolled back to; empty when there is none."""
    return next((line for line in run.log.splitlines() if "rolled back to " in line), "")


def _answers(pipeline: Pipeline) -> bool:
    """Tell whether the old version answers every one of some calls; a moment of the change back is waited out."""
    deadline = time.monotonic() + _ANSWER_LIMIT
    while True:
        if (answers := _asked(pipeline)) and all(_is_old(*one) for one in answers):
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)


def _asked(pipeline: Pipeline) -> list[tuple[int, str]]:
    """Return what every container that serves answers, past the platform's front end."""
    return pipeline.azure.ask_each(pipeline.site, "/api/HttpTriggerSample?name=you") * _ANSWERS


def _is_old(status: int, text: str) -> bool:
    return status == 200 and text.startswith("Hello, you")
