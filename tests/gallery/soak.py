"""`npm run soak`: many deployments in a row, each changed, each checked by calls of our own once it is verified.

No green run whose app answers with anything but the new text on every instance, and no red one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.sandbox.local_azure import LocalAzure
from tests.sandbox.pipeline import a_pipeline
from tests.sandbox.under_test import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.sandbox.pipeline import Pipeline
    from tests.sandbox.platform_log import Dialect
    from tests.sandbox.running_task import TaskRun

_SLOW = "40"
"""Seconds of the platform that a slow start takes: two of this machine's."""
_CALLS_FOR_EACH_INSTANCE = 3
_EVERY_OTHER = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Chapter:
    """Some of the deployments: one app, one after the other."""

    name: str
    log: Dialect = "classic"
    instances: int = 1
    slow: bool = False
    """Every other start is a slow one."""
    scales_out: bool = False
    """Every other deployment meets a scale-out at the beginning of its verification."""
    inputs: Mapping[str, str] = field(default_factory=dict)


CHAPTERS = (
    Chapter(name="classic log"),
    Chapter(name="log of 2025", log="2025", slow=True),
    Chapter(name="two instances", instances=2, slow=True),
    Chapter(name="two instances, log of 2025", instances=2, log="2025"),
    Chapter(name="scale-out in the verification", scales_out=True),
    Chapter(name="scale-out in the verification, log of 2025", scales_out=True, log="2025", slow=True),
    Chapter(name="the same tag again", inputs={"tags": "stable"}, slow=True),
    Chapter(
        name="by digest, with a smoke test",
        inputs={"deployBy": "digest", "smokeTestPath": "/api/HttpTriggerSample?name=you", "smokeTestStatus": "200"},
    ),
)


class Deployments:
    """The deployments of one chapter."""

    def __init__(self, chapter: Chapter, pipeline: Pipeline) -> None:
        self._chapter = chapter
        self._pipeline = pipeline
        self._greeting = "Hello"
        pipeline.azure.use_log(pipeline.site, chapter.log)
        pipeline.site.instances = chapter.instances

    def deploy(self, number: int) -> tuple[TaskRun, list[str]]:
        """Change the source and deploy it; gives the run and what was wrong."""
        pipeline, answers = self._pipeline, list[str]()
        before, self._greeting = self._greeting, f"Greeting {number}"
        pipeline.edit(before, self._greeting)
        if self._chapter.slow:
            pipeline.site.settings["SANDBOX_START_SECONDS"] = _SLOW if number % _EVERY_OTHER else "0"

        def watch(line: str) -> None:
            if line.startswith("##[group]Verify") and self._scales_out(number):
                pipeline.azure.scale_out(pipeline.site)
            elif line.startswith("Verified: "):  # in the very moment in which the task says so
                answers.extend(self._answers())

        run = pipeline.run(self._chapter.inputs, on_line=watch, build_id=str(number))
        answers += self._answers()
        return run, list(self._wrong(run, answers))

    def _scales_out(self, number: int) -> bool:
        return self._chapter.scales_out and number % _EVERY_OTHER == 0 and self._greeting_serves()

    def _greeting_serves(self) -> bool:
        return self._pipeline.azure.serving(self._pipeline.site) is not None

    def _answers(self) -> list[str]:
        instances = len(self._pipeline.azure.containers(self._pipeline.site))
        calls = (self._pipeline.call() for _ in range(_CALLS_FOR_EACH_INSTANCE * max(1, instances)))
        return [f"{status} {text}" for status, text in calls]

    def _wrong(self, run: TaskRun, answers: list[str]) -> Iterator[str]:
        ended = (run.result, run.variables.get("verification"))
        if ended != ("Succeeded", "verified"):
            yield f"the run ended {ended[0]}, {ended[1]}\n{run.log}"
        if "Verified: " not in run.log:
            yield "the task did not say that it is verified"
        others = {answer for answer in answers if not answer.startswith(f"200 {self._greeting}, you")}
        yield from (f"the app answered {answer}" for answer in others)
        yield from (f"not served: {call}" for call in self._pipeline.azure.unexpected)
        self._pipeline.azure.unexpected.clear()


def main() -> int:
    """Deploy as often as asked; give the exit code."""
    parser = argparse.ArgumentParser(prog="npm run soak --", description=__doc__)
    parser.add_argument("--runs", type=int, default=50, metavar="N", help="how many deployments (50)")
    runs = parser.parse_args().runs
    failed = 0
    with (
        tempfile.TemporaryDirectory(prefix="soak-") as folder,
        LocalAzure(folder=Path(folder) / "azure", cache=ROOT / ".cache") as azure,
    ):
        for index, chapter in enumerate(CHAPTERS):
            numbers = range(runs * index // len(CHAPTERS) + 1, runs * (index + 1) // len(CHAPTERS) + 1)
            azure.reset()
            with a_pipeline(azure, Path(folder) / str(index)) as pipeline:
                deployments = Deployments(chapter, pipeline)
                failed += sum(_told(deployments, number, chapter.name) for number in numbers)
    _say(f"\n{runs - failed} passed, {failed} failed")
    return 1 if failed else 0


def _told(deployments: Deployments, number: int, chapter: str) -> bool:
    """Deploy once and say how it went; tells whether something was wrong."""
    began = time.monotonic()
    run, wrong = deployments.deploy(number)
    word = "FAILED" if wrong else "verified and answers"
    digest = run.variables.get("imageDigest", "")[:19]
    _say(f"{number:>3}  {time.monotonic() - began:4.1f} s  {digest:<19}  {word:<18}  {chapter}")
    for complaint in wrong:
        _say(f"     {complaint}")
    return bool(wrong)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - this is its output


if __name__ == "__main__":
    sys.exit(main())
