"""Functions apps on Container Apps, with real containers as replicas: who answers during a run, and afterward."""

from __future__ import annotations

import threading
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.hurried import hurried_task
from tests.pipeline import a_pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.agent.running_task import TaskRun
    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.state.container_app import ContainerApp
    from tests.pipeline import Pipeline

HELLO, BONJOUR = (f"{word}, you. This HTTP triggered function executed successfully." for word in ("Hello", "Bonjour"))
NEVER_LISTENS = "FROM mcr.microsoft.com/azure-functions/python:4-python3.11\nENTRYPOINT []\nCMD sleep 600\n"
EXITS = "FROM mcr.microsoft.com/azure-functions/python:4-python3.11\nENTRYPOINT []\nCMD exit 3\n"
FIRST = "contoso.azurecr.io/hello-function:first"


@dataclass
class Answers:
    """What a caller got, of each change the first."""

    seen: list[tuple[int, str]] = field(default_factory=list)

    def add(self, answer: tuple[int, str]) -> None:
        """Keep an answer that is another than the one before."""
        if answer not in self.seen[-1:]:
            self.seen.append(answer)


@pytest.fixture
def pipeline(azure: LocalAzure, tmp_path: Path) -> Iterator[Pipeline]:
    task = hurried_task(tmp_path, settled_failure=5.0, longest_poll=1.0, progress=1.0, host_pause=0.5)
    with a_pipeline(azure, tmp_path, task=task) as one:
        run = one.run(command="buildAndPush", appName="", tags="first")
        assert run.result == "Succeeded", run.log
        yield one


def an_app(pipeline: Pipeline, *, multiple: bool) -> ContainerApp:
    app = pipeline.azure.add_native_app("shop", image=FIRST, registry=pipeline.registry, multiple=multiple)
    pipeline.azure.grant(pipeline.principal, "Container Apps Contributor", app.id)
    return app


def deploy(pipeline: Pipeline) -> TaskRun:
    return pipeline.run(appName="shop", timeout=180, build_id=uuid.uuid4().hex[:8], verifyTimeoutMinutes="0.5")


@contextmanager
def calling(pipeline: Pipeline, app: ContainerApp) -> Iterator[Answers]:
    """Call the app by its own name, all the time."""
    answers, done = Answers(), threading.Event()

    def call() -> None:
        key = {"x-functions-key": app.keys.host}
        while not done.is_set():
            answers.add(pipeline.azure.get(f"https://{app.host}/api/HttpTriggerSample?name=you", headers=key))
            time.sleep(0.05)

    caller = threading.Thread(target=call)
    caller.start()
    try:
        yield answers
    finally:
        done.set()
        caller.join()


@pytest.mark.parametrize("multiple", [False, True], ids=["single", "multiple"])
def test_callers_get_the_old_answer_and_then_the_new_one_and_never_an_error(pipeline: Pipeline, multiple: bool) -> None:
    app = an_app(pipeline, multiple=multiple)
    pipeline.edit("Hello", "Bonjour")
    with calling(pipeline, app) as answers:
        run = deploy(pipeline)
        time.sleep(1)
    assert run.result == "Succeeded", run.log
    assert answers.seen == [(200, HELLO), (200, BONJOUR)]
    assert (run.variables["verification"], run.variables["functions"]) == ("verified", "HttpTriggerSample")
    assert "Verified: configuration, image of the revision, ready replicas, functions" in run.log
    assert ("traffic  latest 100 %" in run.log) is multiple
    assert [one.active for one in app.revisions] == [multiple, True]


@pytest.mark.parametrize("multiple", [False, True], ids=["single", "multiple"])
@pytest.mark.parametrize(
    ("dockerfile", "codes"),
    [(NEVER_LISTENS, {"revision-probe-fails", "revision-not-ready"}), (EXITS, {"container-exits"})],
    ids=["never ready", "exits"],
)
def test_an_image_that_does_not_get_ready_takes_no_traffic_and_is_rolled_back(
    pipeline: Pipeline, dockerfile: str, codes: set[str], multiple: bool
) -> None:
    app = an_app(pipeline, multiple=multiple)
    traffic = list(app.traffic)
    (pipeline.sources / "Dockerfile").write_text(dockerfile, encoding="utf-8")
    with calling(pipeline, app) as answers:
        run = deploy(pipeline)
    assert run.result == "Failed", run.log
    (issue,) = [one for one in run.issues if one.type == "error"]
    assert issue.properties["code"] in codes, run.log
    assert f"rolled back to {FIRST} and verified" in run.log
    assert answers.seen == [(200, HELLO)]
    assert (app.template["containers"][0]["image"], app.traffic) == (FIRST, traffic)
    assert [one.calls for one in app.revisions if one.image != FIRST] == [0]
    ended = time.monotonic() + 20
    while any(one.active for one in app.revisions if one.image != FIRST) and time.monotonic() < ended:
        time.sleep(0.1)
    assert [one.active for one in app.revisions if one.image != FIRST] == [False]


def test_an_image_that_the_registry_refuses_changes_nothing(pipeline: Pipeline) -> None:
    app = an_app(pipeline, multiple=True)
    assert app.identity
    pipeline.azure.revoke(app.identity, "AcrPull")
    run = deploy(pipeline)
    (issue,) = [one for one in run.issues if one.type == "error"]
    assert issue.properties["code"] == "container-app-refuses-image", run.log
    assert (app.template["containers"][0]["image"], len(app.revisions)) == (FIRST, 1)


def test_a_function_app_in_an_environment_gets_its_image_and_is_unverified(pipeline: Pipeline) -> None:
    site = pipeline.azure.add_app("shop", kind="container_apps", image=FIRST, registry=pipeline.registry)
    pipeline.azure.grant(pipeline.principal, "Website Contributor", site.id)
    pipeline.edit("Hello", "Bonjour")
    run = pipeline.run(appName="shop", build_id=uuid.uuid4().hex[:8], appSettings="COLOR=green")
    assert run.result == "SucceededWithIssues", run.log
    assert (run.variables["verification"], run.variables["runningImage"]) == ("unverified", site.image)
    assert "Azure does not show it for an app in a Container Apps environment" in run.log
    assert site.settings["COLOR"] == "green"
    pipeline.azure.settle(site)
    key = {"x-functions-key": site.keys.host}
    assert pipeline.azure.get(f"{site.url}/api/HttpTriggerSample?name=you", headers=key) == (200, BONJOUR)
