"""Someone else changes the app between this run's preflight and its update, or swap: it is said, and nothing is lost.

Neither `Microsoft.Web` nor `Microsoft.App` accepts a condition (`If-Match`), so the app is read just before the change.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from tests.faults.paper_azure import PaperAzure
from tests.faults.runs import run
from tests.faults.scenes import NEW, OLD, REPOSITORY, Scene
from tests.faults.stage import arrange

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.runs import Run
    from tests.faults.stage import Stage

HOST = "contoso.azurecr.io"
BEFORE, OURS, THEIRS = (f"{HOST}/{REPOSITORY}:{tag}" for tag in (OLD, NEW, "3"))
SAID = f"from {BEFORE} to {THEIRS}"
INPUTS = {"command": "buildPushDeploy", "verifyTimeoutMinutes": "1"}
SETS = {**INPUTS, "appSettings": "COLOR=green"}


@dataclass(frozen=True, kw_only=True)
class Moment:
    """When someone else acts, in a scene."""

    scene: Scene
    call: str
    """They act once this call was answered, or with `after=False` just before."""
    nth: int
    after: bool = True


_CONFIGURATION = r"GET .*/config/web"
"""Read in the preflight, and again just before the update."""
_LIST = r"POST .*/config/appsettings/list"
_APP = r"GET .*/containerApps/shop-capp(\?|$)"
MOMENTS = {
    "site": Moment(scene=Scene(name="site", inputs=INPUTS), call=_CONFIGURATION, nth=2, after=False),
    "site, before its settings": Moment(scene=Scene(name="settings", inputs=SETS), call=_LIST, nth=2),
    "site, after its settings": Moment(scene=Scene(name="settings", inputs=SETS), call=_LIST, nth=3),
    "slot": Moment(scene=Scene(name="slot", slot="staging", inputs=INPUTS), call=_CONFIGURATION, nth=2, after=False),
    "container app": Moment(scene=Scene(name="app", on_container_apps=True, inputs=INPUTS), call=_APP, nth=1),
    "revisions": Moment(
        scene=Scene(name="many", on_container_apps=True, several_revisions=True, inputs=INPUTS), call=_APP, nth=1
    ),
}


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperAzure]:
    with PaperAzure(tmp_path_factory.mktemp("azure")) as azure:
        yield azure


def overtaken(azure: PaperAzure, scene: Scene, call: str, nth: int, *, after: bool = True) -> Stage:
    """Have someone else set another image at that call."""
    stage, left = arrange(scene, azure), [nth]
    azure.store(HOST).put(REPOSITORY, ("3",), b"of someone else\n")
    new = azure.store(HOST).tags(REPOSITORY).get(NEW)
    azure.crash_where(lambda digest: scene.crashes and digest == (new or azure.store(HOST).tags(REPOSITORY).get(NEW)))

    def act() -> None:
        left[0] -= 1
        if not left[0]:
            use_theirs(stage)

    azure.faults.meanwhile(call, act, after=after, times=nth)
    return stage


def use_theirs(stage: Stage) -> None:
    """Set the other image, as another run does."""
    app = stage.container_app
    if app is None:
        stage.site.config["linuxFxVersion"] = f"DOCKER|{THEIRS}"
        return
    (container,) = app.template["containers"]
    app.revisions.append(
        replace(
            app.revisions[-1],
            name=f"{app.name}--theirs",
            template={**app.template, "containers": [{**container, "image": THEIRS}], "revisionSuffix": "theirs"},
            digest=stage.azure.store(HOST).tags(REPOSITORY)["3"],
        )
    )


def image_now(stage: Stage) -> str:
    return stage.container_app.image if stage.container_app else stage.site.image or ""


def overtaken_run(azure: PaperAzure, folder: Path, moment: Moment, *, crashes: bool = False) -> tuple[Stage, Run]:
    stage = overtaken(azure, replace(moment.scene, crashes=crashes), moment.call, moment.nth, after=moment.after)
    return stage, run(stage, folder / "run")


@pytest.mark.parametrize("name", MOMENTS)
def test_an_image_that_someone_else_has_set_just_before_the_update_is_named(
    azure: PaperAzure, tmp_path: Path, name: str
) -> None:
    stage, done = overtaken_run(azure, tmp_path, MOMENTS[name])
    assert done.result == "Succeeded", done.log[-3000:]
    assert SAID in done.log
    assert (image_now(stage), done.variables["previousImage"]) == (OURS, THEIRS)


@pytest.mark.parametrize("name", MOMENTS)
def test_a_rollback_restores_the_image_that_someone_else_has_set_and_not_the_one_before_it(
    azure: PaperAzure, tmp_path: Path, name: str
) -> None:
    stage, done = overtaken_run(azure, tmp_path, MOMENTS[name], crashes=True)
    assert done.result == "Failed", done.log[-3000:]
    assert SAID in done.log
    assert f"rolled back to {THEIRS}" in done.state
    assert image_now(stage) == THEIRS


@pytest.mark.parametrize("name", ["site", "container app"])
def test_a_run_that_nobody_overtakes_says_nothing_of_others(azure: PaperAzure, tmp_path: Path, name: str) -> None:
    done = run(arrange(MOMENTS[name].scene, azure), tmp_path / "run")
    assert (done.result, "someone else" in done.log) == ("Succeeded", False), done.log[-3000:]


SWAPS = Scene(
    name="swap",
    slot="staging",
    inputs={"command": "swap", "imageName": OURS, "verifyTimeoutMinutes": "1"},
)
LOOKED_AT = r"POST .*/slots/staging/containerlogs"
"""The slot is checked after the preflight, and before both are read for the swap."""


def test_an_image_that_production_got_just_before_a_swap_is_named_and_lies_in_the_slot(
    azure: PaperAzure, tmp_path: Path
) -> None:
    stage = overtaken(azure, SWAPS, LOOKED_AT, 1)
    done = run(stage, tmp_path / "run")
    assert done.result == "Succeeded", done.log[-3000:]
    assert SAID in done.log
    assert stage.slot
    assert (stage.site.image, stage.slot.image, done.variables["previousImage"]) == (OURS, THEIRS, THEIRS)


def test_a_slot_that_got_another_image_just_before_a_swap_is_not_swapped(azure: PaperAzure, tmp_path: Path) -> None:
    stage = arrange(SWAPS, azure)
    slot = stage.slot
    assert slot
    azure.faults.meanwhile(LOOKED_AT, lambda: slot.config.update(linuxFxVersion=f"DOCKER|{THEIRS}"), after=True)
    done = run(stage, tmp_path / "run")
    assert (done.code, stage.site.image, slot.image) == ("slot-changed", BEFORE, THEIRS), done.log[-3000:]


@pytest.mark.parametrize("which", ["slot", "production"])
def test_an_image_that_comes_between_the_last_look_and_the_swap_is_left_alone(
    azure: PaperAzure, tmp_path: Path, which: str
) -> None:
    stage = arrange(SWAPS, azure)
    assert stage.slot
    site, other = (stage.slot, stage.site) if which == "slot" else (stage.site, stage.slot)
    azure.faults.meanwhile("POST .*/slotsswap", lambda: site.config.update(linuxFxVersion=f"DOCKER|{THEIRS}"))
    done = run(stage, tmp_path / "run")
    assert (done.result, done.code) == ("Failed", "slots-not-exchanged"), done.log[-3000:]
    assert other.image == THEIRS
    assert THEIRS in done.log
    assert len([one for one in azure.calls if one.path.endswith("/slotsswap")]) == 1
