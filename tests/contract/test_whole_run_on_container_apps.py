"""A whole run that deploys to a Functions app on Container Apps: what is written, said and restored."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, cast

import pytest

from pytask.errors.container_app import ContainerImageNotSet, ImageRefused
from pytask.errors.start import ContainerExits
from pytask.journal import Journal
from pytask.report.outputs import outputs
from pytask.report.state import describe_state
from pytask.report.summary import summary
from tests.contract.builders.paper import Cabinet, PaperBuilder
from tests.contract.foreign import REGISTRY, a_world
from tests.contract.targets.container_app import ScriptedContainerApp, a_replica
from tests.contract.targets.scene import BEFORE, THEIRS
from tests.contract.test_whole_run import Scene, _registry
from tests.scripted import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.contract.targets.shelf import Shelf

OURS = f"{REGISTRY}/shop:7"


@pytest.fixture
def app() -> ScriptedContainerApp:
    return ScriptedContainerApp()


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, app: ScriptedContainerApp) -> Iterator[Scene]:
    cabinet = Cabinet()
    with a_world(monkeypatch, tmp_path) as world:
        world.answers[REGISTRY] = partial(_registry, cabinet)
        yield Scene(tmp_path, cast("Shelf", app), cabinet, io.StringIO(), Journal(lambda _: None))


def test_an_image_is_built_pushed_deployed_and_verified(scene: Scene, app: ScriptedContainerApp) -> None:
    journal = scene.run(PaperBuilder(scene.cabinet), appSettings="COLOR=green")
    told, log = outputs(journal), scene.log.getvalue()
    assert app.image() == told["imageReference"] == told["runningImage"] == OURS
    assert (told["previousImage"], told["verification"], told["functions"]) == (BEFORE, "verified", "HttpExample")
    assert "Verified: configuration, image of the revision, ready replicas, functions" in log
    assert "settings  COLOR changed" in log
    assert "side by side" in log
    assert "Inspected in" in log
    assert "layers read" not in log
    assert "✅ shop: runs the new image" in summary(journal)
    assert len(app.writes()) == 1


def test_what_runs_is_unknown_where_the_previous_image_may_still_serve(scene: Scene, app: ScriptedContainerApp) -> None:
    app.answers("GET functions", Answer(404, {"error": {"code": "X"}}))
    told = outputs(scene.run(PaperBuilder(scene.cabinet)))
    assert (told["verification"], told["runningImage"], app.image()) == ("unverified", "", OURS)


def test_an_image_that_does_not_start_is_rolled_back_and_the_old_one_verified(
    scene: Scene, app: ScriptedContainerApp
) -> None:
    app.new_image("crashes")
    app.good = {BEFORE}
    app.crash_details = "Container 'shop' was terminated with exit code '1'"
    scene.cabinet.tags["6"] = scene.cabinet.file("application/vnd.oci.image.manifest.v1+json", b"{}")["digest"]
    with pytest.raises(ContainerExits):
        scene.run(PaperBuilder(scene.cabinet), appSettings="COLOR=green")
    state = describe_state(scene.journal)
    assert state.startswith(f"rolled back to {BEFORE} and verified")
    assert "COLOR restored" in state
    assert app.image() == BEFORE
    assert dict(app.find().app.environment)["COLOR"] == "blue"


def test_an_image_that_azure_refuses_changes_nothing(scene: Scene, app: ScriptedContainerApp) -> None:
    error = {
        "code": "InvalidParameterValueInContainerTemplate",
        "message": "Field 'template.containers.shop.image' is invalid: MANIFEST_UNKNOWN",
    }
    app.refusals = [Answer(400, {"error": error})]
    with pytest.raises(ImageRefused):
        scene.run(PaperBuilder(scene.cabinet))
    assert app.image() == BEFORE
    assert describe_state(scene.journal) == (
        f"{OURS} is in the registry; shop was not changed\n"
        f"to continue by hand: az containerapp update --name shop --resource-group g --image {OURS}"
    )


def test_a_change_by_someone_else_meanwhile_is_left_alone(scene: Scene, app: ScriptedContainerApp) -> None:
    app.somebody_follows_with = THEIRS
    with pytest.raises(ContainerImageNotSet):
        scene.run(PaperBuilder(scene.cabinet))
    assert app.image() == THEIRS
    assert describe_state(scene.journal).startswith("someone else has changed shop")


@pytest.mark.parametrize("verify", ["true", "false"])
def test_the_same_image_once_more_makes_a_new_revision(scene: Scene, app: ScriptedContainerApp, verify: str) -> None:
    scene.run(PaperBuilder(scene.cabinet), verify=verify)
    scene.run(PaperBuilder(scene.cabinet), verify=verify)
    names = [one.name for one in app.revisions]
    assert len(set(names)) == len(names) == 3


def test_what_is_unchanged_is_skipped_when_it_is_pinned(scene: Scene, app: ScriptedContainerApp) -> None:
    inputs = {"deployBy": "digest", "whenUnchanged": "skip"}
    scene.run(PaperBuilder(scene.cabinet), **inputs)
    scene.run(PaperBuilder(scene.cabinet), **inputs)
    assert len(app.writes()) == 1
    assert "already runs" in scene.log.getvalue()


def test_a_check_tells_the_revision_and_writes_nothing(scene: Scene, app: ScriptedContainerApp) -> None:
    app.replicas = [a_replica(ready=True), a_replica(ready=False)]
    scene.run(PaperBuilder(scene.cabinet), command="check")
    log = scene.log.getvalue()
    assert "revision   shop--0000001: Provisioned, RunningAtMaxScale, Healthy" in log
    assert "replicas   1 of 2 ready" in log
    assert app.writes() == []
