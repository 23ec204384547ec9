"""A slot and production with real containers: one build, verified in the slot, swapped, and swapped back when bad."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import requests

from tests.end_to_end.hurried import hurried_task
from tests.end_to_end.test_failures import the_error
from tests.pipeline import a_pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.state.state import Site
    from tests.pipeline import Pipeline

SWAPS = {"slotName": "staging", "swapWithProduction": "true", "resourceGroupName": "rg-func"}
SMOKE = {"smokeTestPath": "/api/HttpTriggerSample?name=Ada"}


@dataclass(slots=True)
class Caller:
    """Somebody who calls production every 50 ms."""

    answers: list[str] = field(default_factory=list)
    """Each status with the first word of the body."""

    def call(self, pipeline: Pipeline, session: requests.Session) -> None:
        """Call once."""
        url = f"https://{pipeline.site.host}/api/HttpTriggerSample?name=you"
        answer = session.get(url, headers={"x-functions-key": pipeline.site.keys.host}, timeout=30)
        self.answers.append(f"{answer.status_code} {answer.text.partition(',')[0]}")


@contextmanager
def a_caller(pipeline: Pipeline) -> Iterator[Caller]:
    """Return a caller who calls for the time of the block."""
    caller, over, session = Caller(), threading.Event(), requests.Session()
    session.trust_env = False
    session.proxies["https"] = pipeline.azure.environment["HTTPS_PROXY"]
    session.verify = pipeline.azure.environment["REQUESTS_CA_BUNDLE"]

    def run() -> None:
        while not over.wait(0.05):
            caller.call(pipeline, session)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield caller
        time.sleep(0.5)
    finally:
        over.set()
        thread.join()


@pytest.fixture
def running(azure: LocalAzure, tmp_path: Path) -> Iterator[tuple[Pipeline, Site]]:
    """Return a pipeline whose production runs an image, and an empty slot of it."""
    limits = {"swap_poll": 0.3, "functions_cache": 1.0, "settled_failure": 2.0}
    with a_pipeline(azure, tmp_path, task=hurried_task(tmp_path, **limits)) as pipeline:
        assert pipeline.run(tags="one").variables["verification"] == "verified"
        slot = azure.add_slot(pipeline.site, "staging", settings=dict(pipeline.site.settings))
        azure.grant(pipeline.principal, "Website Contributor", slot.id)
        yield pipeline, slot


def test_callers_see_the_old_answer_or_the_new_one_and_never_an_error(running: tuple[Pipeline, Site]) -> None:
    pipeline, slot = running
    pipeline.edit("Hello", "Bonjour")
    with a_caller(pipeline) as caller:
        run = pipeline.run({**SWAPS, **SMOKE}, tags="two")
    assert (run.result, run.variables["verification"], run.issues) == ("Succeeded", "verified", ()), run.log
    assert run.variables["runningImage"].endswith(":two")
    assert run.variables["previousImage"].endswith(":one")
    assert run.variables["AppServiceApplicationUrl"] == pipeline.site.url
    assert set(caller.answers) == {"200 Hello", "200 Bonjour"}
    assert caller.answers == sorted(caller.answers, key="200 Hello".__ne__), "once new, always new"
    assert len(caller.answers) > 20
    assert slot.config["linuxFxVersion"].endswith(":one")


def test_a_slot_that_does_not_start_never_shows_in_production(running: tuple[Pipeline, Site]) -> None:
    pipeline, _ = running
    with (pipeline.sources / "Dockerfile").open("a") as file:
        file.write('\nENTRYPOINT ["/bin/sh", "-c", "echo no such module; exit 1"]\n')
    with a_caller(pipeline) as caller:
        run = pipeline.run(SWAPS, tags="bad", verifyTimeoutMinutes="0.3")
    assert the_error(run) == "container-exits"
    assert set(caller.answers) == {"200 Hello"}
    assert pipeline.site.config["linuxFxVersion"].endswith(":one")
    assert run.variables["runningImage"].endswith(":one")


def test_production_that_fails_after_the_swap_is_swapped_back(running: tuple[Pipeline, Site]) -> None:
    pipeline, slot = running
    pipeline.site.slot_names["appSettingNames"] = ["PLACE"]
    pipeline.site.settings["PLACE"], slot.settings["PLACE"] = "production", "staging"
    handler = 'return func.HttpResponse(f"Hello'
    pipeline.edit(
        handler, f'import os\n    if os.environ.get("PLACE") == "production": raise ValueError\n    {handler}'
    )
    run = pipeline.run({**SWAPS, **SMOKE}, tags="bad", verifyTimeoutMinutes="0.3")
    assert the_error(run) == "smoke-test-failed", run.log
    assert "swapped back: docker-func-sample is configured with" in run.log
    assert pipeline.site.config["linuxFxVersion"].endswith(":one")
    assert run.variables["runningImage"].endswith(":one")
    pipeline.azure.settle(pipeline.site)
    assert pipeline.call()[1].startswith("Hello")


def test_one_build_comes_to_the_slot_and_after_an_approval_to_production(running: tuple[Pipeline, Site]) -> None:
    pipeline, slot = running
    pipeline.edit("Hello", "Salut")
    deployed = pipeline.run(tags="three", slotName="staging", deployBy="digest", recordFile="out/record.json")
    assert deployed.variables["verification"] == "verified", deployed.log
    pushes = len(pipeline.registry.pushes)
    run = pipeline.run(
        {**SMOKE, "command": "swap", "slotName": "STAGING", "recordFile": "out/record.json", "imageName": ""}
    )
    assert (run.result, run.variables["verification"]) == ("Succeeded", "verified"), run.log
    assert run.variables["imageDigest"] == deployed.variables["imageDigest"]
    assert len(pipeline.registry.pushes) == pushes
    assert pipeline.call()[1].startswith("Salut")
    again = pipeline.run({"command": "swap", "slotName": "staging", "recordFile": "out/record.json", "imageName": ""})
    assert the_error(again) in {"slot-runs-another-image", "slot-unverified"}, again.log
    assert pipeline.call()[1].startswith("Salut")
    assert slot.config["linuxFxVersion"].endswith(":one")


def test_pull_access_is_set_up_in_both_slots(azure: LocalAzure, tmp_path: Path) -> None:
    task = hurried_task(tmp_path, swap_poll=0.3, functions_cache=1.0, role_propagation=1.0)
    with a_pipeline(azure, tmp_path, task=task, app_pull=None) as pipeline:
        slot = azure.add_slot(pipeline.site, "staging", pull=None)
        for scope in (pipeline.registry.id, slot.id):
            azure.grant(pipeline.principal, "Role Based Access Control Administrator", scope)
        azure.grant(pipeline.principal, "Website Contributor", slot.id)
        run = pipeline.run({**SWAPS, "appPullAccess": "managedIdentity"}, whenUnverified="succeed")
        assert run.result == "Succeeded", run.log
        for site in (pipeline.site, slot):
            assert site.identity is not None
            assert site.config["acrUseManagedIdentityCreds"] is True
        assert pipeline.call()[1].startswith("Hello")
