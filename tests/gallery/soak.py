"""`npm run soak`: many deployments in a row on an Azure as recorded, each held against what may be said of it.

Each must be *verified*, or *unverified* exactly where the platform's word is no evidence: a start from a copy that the
machine had, of a tag that was there before, in a log that names no digest. None is false: whatever is said, every
container that serves is one that was started for this deployment and answers with its text, by calls of our own.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tests.agent.under_test import ROOT
from tests.local_azure.azure import LocalAzure
from tests.pipeline import a_pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.agent.running_task import TaskRun
    from tests.local_azure.logs.platform_log import Dialect
    from tests.pipeline import Pipeline

Verdict = Literal["verified", "unverified"]

_SLOW = "40"
"""Seconds of the platform that a slow start takes: two of this machine's."""
_EVERY_OTHER = 2
_PATH = "/api/HttpTriggerSample?name=you"
_SMOKE_TEST = {"smokeTestPath": _PATH, "smokeTestStatus": "200"}


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
    login: bool = False
    """Authentication is on, which brings one more container of the platform's."""
    unchanged: bool = False
    """Every other deployment has the source of the one before, so that the machine has its image already."""
    inputs: Mapping[str, str] = field(default_factory=dict)

    def expected(self, number: int) -> Verdict:
        """Return what may be said of the deployment with that number, counted from 1."""
        cached_tag = self.unchanged and number % _EVERY_OTHER == 0 and self.inputs.get("deployBy") != "digest"
        return "unverified" if cached_tag and self.log == "2025" else "verified"


_SAME_TAG = {"tags": "stable"}
_BY_DIGEST = {"deployBy": "digest"}
CHAPTERS = (
    Chapter(name="by tag, classic"),
    Chapter(name="by tag, 2025", log="2025", slow=True),
    Chapter(name="by digest, classic, smoke test", inputs={**_BY_DIGEST, **_SMOKE_TEST}),
    Chapter(name="by digest, 2025, smoke test", log="2025", inputs={**_BY_DIGEST, **_SMOKE_TEST}),
    Chapter(name="Authentication, classic", login=True, slow=True),
    Chapter(name="Authentication, 2025", log="2025", login=True),
    Chapter(name="two instances, classic", instances=2, slow=True),
    Chapter(name="two instances, 2025", log="2025", instances=2),
    Chapter(name="scale-out, classic", scales_out=True),
    Chapter(name="scale-out, 2025", log="2025", scales_out=True, slow=True),
    Chapter(name="the same tag, classic, cached", unchanged=True, inputs=_SAME_TAG),
    Chapter(name="the same tag, 2025, cached", log="2025", unchanged=True, inputs=_SAME_TAG),
    Chapter(name="by digest, 2025, cached", log="2025", unchanged=True, inputs={**_BY_DIGEST, **_SAME_TAG}),
)


class Deployments:
    """The deployments of one chapter."""

    def __init__(self, chapter: Chapter, pipeline: Pipeline) -> None:
        self._chapter = chapter
        self._pipeline = pipeline
        self._greeting = "Hello"
        self._count = 0
        pipeline.azure.use_log(pipeline.site, chapter.log)
        pipeline.site.instances = chapter.instances
        if chapter.login:
            pipeline.azure.require_login(pipeline.site)

    def deploy(self, number: int) -> tuple[TaskRun, list[str]]:
        """Change the source, or leave it, and deploy it; gives the run and what was wrong."""
        pipeline, answers, self._count = self._pipeline, list[str](), self._count + 1
        before = set(pipeline.azure.containers(pipeline.site))
        self._edit(number)
        if self._chapter.slow:
            pipeline.site.settings["SANDBOX_START_SECONDS"] = _SLOW if number % _EVERY_OTHER else "0"

        def watch(line: str) -> None:
            if line.startswith("##[group]Verify") and self._scales_out(number):
                pipeline.azure.scale_out(pipeline.site)
            elif line.startswith(("Verified: ", "Unverified")):  # in the very moment in which the task says so
                answers.extend(self._answers(before))

        run = pipeline.run(self._chapter.inputs, on_line=watch, build_id=str(number))
        answers += self._answers(before)
        return run, list(self._wrong(run, answers))

    @property
    def expected(self) -> Verdict:
        """What may be said of the latest deployment."""
        return self._chapter.expected(self._count)

    def _edit(self, number: int) -> None:
        if self._chapter.unchanged and self._count % _EVERY_OTHER == 0:
            return
        before, self._greeting = self._greeting, f"Greeting {number}"
        self._pipeline.edit(before, self._greeting)

    def _scales_out(self, number: int) -> bool:
        serves = self._pipeline.azure.serving(self._pipeline.site) is not None
        return self._chapter.scales_out and number % _EVERY_OTHER == 0 and serves

    def _answers(self, before: set[str]) -> list[str]:
        """Return what every container that serves answers, with those that served before the deployment marked."""
        azure, site = self._pipeline.azure, self._pipeline.site
        names = azure.containers(site)
        answers = [f"{status} {text}" for status, text in azure.ask_each(site, _PATH)]
        return [*(answers or ["nothing"]), *(f"{name}, which served before" for name in names if name in before)]

    def _wrong(self, run: TaskRun, answers: list[str]) -> Iterator[str]:
        said = (run.result, run.variables.get("verification"))
        right = ("Succeeded" if self.expected == "verified" else "SucceededWithIssues", self.expected)
        if said != right:
            yield f"the run ended {said}, right is {right}\n{run.log}"
        others = {answer for answer in answers if not answer.startswith(f"200 {self._greeting}, you")}
        yield from (f"a container answered {answer}" for answer in sorted(others))
        yield from (f"not served: {call}" for call in self._pipeline.azure.unexpected)
        self._pipeline.azure.unexpected.clear()


def main() -> int:
    """Deploy as often as asked; give the exit code."""
    parser = argparse.ArgumentParser(prog="npm run soak --", description=__doc__)
    parser.add_argument("--runs", type=int, default=50, metavar="N", help="how many deployments (50)")
    parser.add_argument("--only", default="", metavar="TEXT", help="chapters with this text in their name")
    given = parser.parse_args()
    chapters = [chapter for chapter in CHAPTERS if given.only in chapter.name]
    failed, runs = 0, given.runs
    with (
        tempfile.TemporaryDirectory(prefix="soak-") as folder,
        LocalAzure(folder=Path(folder) / "azure", cache=ROOT / ".cache") as azure,
    ):
        for index, chapter in enumerate(chapters):
            numbers = range(runs * index // len(chapters) + 1, runs * (index + 1) // len(chapters) + 1)
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
    word = "FAILED" if wrong else f"{deployments.expected}, and answers"
    digest = run.variables.get("imageDigest", "")[:19]
    _say(f"{number:>3}  {time.monotonic() - began:4.1f} s  {digest:<19}  {word:<23}  {chapter}")
    for complaint in wrong:
        _say(f"     {complaint}")
    return bool(wrong)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - this is its output


if __name__ == "__main__":
    sys.exit(main())
