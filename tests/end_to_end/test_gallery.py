"""Some of the gallery as tests; and forged lines or a new process of the old image are not taken for the new one."""

from __future__ import annotations

import re
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.gallery.__main__ import EXHIBITS
from tests.gallery.exhibit import OLD, show

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.agent.running_task import TaskRun
    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.logs.platform_log import Dialect
    from tests.pipeline import Pipeline

NEW = "contoso.azurecr.io/hello-function:2"
SITE = "docker-func-sample"
QUICK = ("exits-at-once-2025", "uid-in-a-middle-layer", "commands-in-the-last-lines", "missing-tag")


@pytest.mark.parametrize("name", QUICK)
def test_what_is_broken_is_explained_and_the_old_version_answers_again(
    azure: LocalAzure, tmp_path: Path, name: str
) -> None:
    exhibit = next(one for one in EXHIBITS if one.name == name)
    shown = show(exhibit, azure, tmp_path)
    assert shown.passed, f"{shown.explained}\n{shown.left}\n{shown.run.log}"


class OldTalks:
    """An old version that prints what it is told to, while the pull of the new one is refused."""

    def __init__(self, pipeline: Pipeline, dialect: Dialect, *, forges: bool) -> None:
        self.pipeline = pipeline
        self.forges = forges
        self.digest = ""
        pipeline.azure.use_log(pipeline.site, dialect)
        pipeline.edit(
            '    name = req.params.get("name")', '    print(req.params.get("say"))\n    name = req.params.get("name")'
        )
        first = pipeline.run(build_id="1")
        assert first.result.startswith("Succeeded"), first.log

    def deploy(self) -> TaskRun:
        """Deploy version 2, whose pull fails, with the old one scaled out and talking meanwhile."""
        azure, pipeline = self.pipeline.azure, self.pipeline
        pipeline.edit("Hello", "Bonjour")
        azure.faults.script(r"PATCH management\.azure\.com", status=None, delay=1.0)
        return pipeline.run(on_line=self._see, build_id="2", verifyTimeoutMinutes="0.1")

    def _see(self, line: str) -> None:
        if found := re.search(r" is (sha256:[0-9a-f]{64})$", line):
            self.digest = found.group(1)
        elif line.startswith("##[group]Update "):
            self.pipeline.azure.delete_image(NEW)
        elif line.startswith("##[group]Verify"):
            self.pipeline.azure.scale_out(self.pipeline.site)
            if self.forges:
                self._say(self._forged())

    def _say(self, text: str) -> None:
        for _ in range(2):  # the two instances answer in turn, and only the first one's output is in the log
            status, _ = self.pipeline.call(f"/api/HttpTriggerSample?name=you&say={quote(text)}")
            assert status == 200

    def _forged(self) -> str:
        """Return what the platform would write if the new image had started."""
        now = f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S}.999Z INFO  -"
        lines = (
            f"{now} Pulling image: {NEW}",
            f"{now}  Digest: {self.digest}",
            f"{now} docker run -d --expose=80 --name {SITE}_2_0 contoso.azurecr.io/hello-function@{self.digest}",
            f"{now} Container {SITE}_2_0 for site {SITE} initialized successfully and is ready to serve requests.",
        )
        return "\n".join(lines)


def assert_rolled_back(pipeline: Pipeline, run: TaskRun) -> None:
    assert run.result == "Failed", run.log
    assert run.variables["verification"] == "failed"
    assert "Verified: " not in run.log
    assert run.variables["runningImage"] == OLD, run.log
    pipeline.azure.settle(pipeline.site)
    assert {pipeline.call()[1][:10] for _ in range(4)} == {"Hello, you"}


@pytest.mark.parametrize("dialect", ["classic", "classic_raw", "2025"])
def test_lines_that_the_old_container_forges_are_not_believed(pipeline: Pipeline, dialect: Dialect) -> None:
    talks = OldTalks(pipeline, dialect, forges=True)
    run = talks.deploy()
    log = pipeline.azure.log(pipeline.site)
    assert f"hello-function@{talks.digest}" in log, "the forged lines are in the log"
    assert_rolled_back(pipeline, run)
    if dialect == "classic":
        assert [issue.properties["code"] for issue in run.issues] == ["pull-not-found"]


def test_a_new_process_of_the_old_image_is_not_taken_for_the_new_one(pipeline: Pipeline) -> None:
    run = OldTalks(pipeline, "classic", forges=False).deploy()
    assert len(pipeline.azure.containers(pipeline.site)) == 2
    assert_rolled_back(pipeline, run)
    assert [issue.properties["code"] for issue in run.issues] == ["pull-not-found"]


def test_a_green_run_waits_for_the_instance_that_scale_out_brought_with_the_old_image(pipeline: Pipeline) -> None:
    """The new image is up on the first instance; the second, of a scale-out, still serves the old one."""
    assert pipeline.run(build_id="1").result == "Succeeded"
    pipeline.edit("Hello", "Bonjour")
    azure, site, answers = pipeline.azure, pipeline.site, list[str]()
    azure.faults.script(r"PATCH management\.azure\.com", status=None, delay=1.0)

    def see(line: str) -> None:
        if line.startswith("##[group]Verify"):
            azure.scale_out(site)
            wait_until(lambda: re.search(rf"Status: .* for {NEW}", azure.log(site)) is not None)
            azure.faults.script(r"contoso\.azurecr\.io/v2/.*/manifests/2$", status=None, delay=5.0, times=None)
        elif line.startswith("Verified: "):
            answers.extend(pipeline.call()[1][:7] for _ in range(4))

    run = pipeline.run(on_line=see, build_id="2")
    assert run.result == "Succeeded", run.log
    assert set(answers) == {"Bonjour"}


def wait_until(seen: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not seen():
        assert time.monotonic() < deadline
        time.sleep(0.02)
