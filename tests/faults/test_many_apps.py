"""The whole program deploys to many apps of the local Azure, over real sockets, in a process of its own."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.faults.paper_azure import PaperAzure
from tests.faults.runs import run
from tests.faults.scenes import NEW, REPOSITORY, Scene
from tests.faults.stage import Stage, arrange

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.local_azure.state.site import Site

DEPLOYS = Scene(name="many apps", inputs={"command": "buildPushDeploy", "verifyTimeoutMinutes": "5"})
"""Without anything to wait for long: the clock of these runs skips such waits, for all threads at once."""
MORE = 11


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperAzure]:
    with PaperAzure(tmp_path_factory.mktemp("azure")) as azure:
        yield azure


@pytest.fixture
def stage(azure: PaperAzure) -> Stage:
    return arrange(DEPLOYS, azure)


def add_apps(stage: Stage) -> dict[str, Site]:
    """Create further apps that run the old image."""
    image = f"{stage.host}/{REPOSITORY}:1"
    names = [f"shop-{number:02}" for number in range(MORE)]
    return {name: stage.azure.add_running_app(name, image, pull="managed_identity") for name in names}


def test_every_app_runs_the_image_and_their_lines_are_apart(stage: Stage, tmp_path: Path) -> None:
    apps = add_apps(stage)
    done = run(replace(stage, inputs={**stage.inputs, "moreApps": "\n".join(apps)}), tmp_path / "run")
    assert done.result == "Succeeded", done.log[-3000:]
    new = stage.azure.store(stage.host).tags(REPOSITORY)[NEW]
    assert {name: stage.azure.running(site) for name, site in apps.items()} == dict.fromkeys(apps, new)
    assert f"{MORE + 1} apps: {MORE + 1} verified" in done.log
    assert done.variables["verification"] == "verified"
    assert {one["result"] for one in json.loads(done.record)["apps"]} == {"verified"}
    group = done.log.partition(f"Deploy to {MORE} more apps")[2].partition(f"{MORE + 1} apps:")[0]
    told = [line for line in group.splitlines() if line.strip() and not line.lstrip().startswith(("(", "#"))]
    assert {line.split()[0] for line in told} == set(apps)


def test_one_that_is_missing_is_found_before_anything_is_pushed(stage: Stage, tmp_path: Path) -> None:
    apps = add_apps(stage)
    more = "\n".join([*apps, "missing"])
    done = run(replace(stage, inputs={**stage.inputs, "moreApps": more}), tmp_path / "run")
    assert (done.result, done.code) == ("Failed", "app-not-found")
    assert NEW not in stage.azure.store(stage.host).tags(REPOSITORY)
    assert done.state == "nothing was pushed and nothing was changed"
