"""An image that fails takes no traffic: what is restored, and what is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytask.errors.container_app import RevisionNotReady, RevisionWithoutFunctions, TrafficChanged
from pytask.errors.start import StartFailure
from pytask.report.state import describe_state
from tests.contract.targets.container_app import FUNCTIONS, ScriptedContainerApp
from tests.contract.targets.scene import BEFORE, THEIRS
from tests.contract.traffic.runs import FIRST, LATEST, OLDER, OURS, fails, named, ours, run
from tests.scripted import Answer

if TYPE_CHECKING:
    from tests.contract.test_whole_run import Scene


@pytest.mark.parametrize("fate", ["crashes", "stays away", "no functions"])
@pytest.mark.parametrize(
    "before",
    [
        [LATEST],
        [named(FIRST, 100)],
        [named(OLDER, 80), LATEST | {"weight": 20}],
        [named(OLDER, 80), named(FIRST, 20, label="x")],
    ],
)
def test_an_image_that_fails_takes_no_traffic_and_what_was_before_is_restored(
    scene: Scene, app: ScriptedContainerApp, fate: str, before: list[dict[str, Any]]
) -> None:
    app.use_several_revisions(*before)
    fails(app, fate)
    with pytest.raises(StartFailure):
        run(scene)
    back = app.revisions[-1].name
    app.find()
    assert not any(ours(app) in one for one in app.served)
    assert (app.image(), app.traffic) == (BEFORE, before)
    takes = any(one.get("latestRevision") for one in before)
    assert app.active() == [FIRST, *([back] if takes else [])]
    assert all(one.get(OLDER, 0) == app.served[0].get(OLDER, 0) for one in app.served)
    assert describe_state(scene.journal).startswith(f"rolled back to {BEFORE} and verified")


def test_a_rollback_whose_revision_does_not_start_either_leaves_the_traffic_with_the_one_that_served(
    scene: Scene, app: ScriptedContainerApp
) -> None:
    app.new_image("crashes")
    with pytest.raises(StartFailure):
        run(scene)
    assert app.served == [{FIRST: 100}]
    assert "does not run that either" in describe_state(scene.journal)


def test_a_rollback_without_ingress_leaves_the_revisions_active_that_were(
    scene: Scene, app: ScriptedContainerApp
) -> None:
    app.configuration["ingress"] = None
    fails(app, "crashes")
    with pytest.raises(StartFailure):
        run(scene)
    assert (app.image(), app.active()) == (BEFORE, [FIRST])


def test_an_app_that_was_never_ready_has_nothing_that_could_keep_the_traffic(
    scene: Scene, app: ScriptedContainerApp
) -> None:
    app.revisions[0].at = -0.0
    app.revisions[0].template["containers"][0]["image"] = THEIRS
    app.new_image("stays away")
    app.good = {OURS}
    run(scene)
    assert app.traffic == [LATEST]
    assert "no ready revision" in scene.log.getvalue()


# Somebody else


@pytest.mark.parametrize("what", ["moves the traffic", "makes a revision"])
def test_what_somebody_else_does_during_the_verification_is_left_alone_and_nothing_is_released(
    scene: Scene, app: ScriptedContainerApp, what: str
) -> None:
    def meanwhile(_at: float) -> Answer:
        if what == "moves the traffic":
            app.configuration["ingress"]["traffic"] = [named(OLDER, 100)]
        elif len(app.revisions) < 3:
            app._revise({**app.template, "revisionSuffix": "theirs", "scale": {"maxReplicas": 3}}, 0.0)
        return Answer(body=FUNCTIONS)

    app.answers("GET functions", meanwhile)
    with pytest.raises(TrafficChanged):
        run(scene)
    assert not any(set(one) - {FIRST, OLDER} for one in app.served)
    assert "it gets no traffic" in describe_state(scene.journal)


def test_traffic_that_somebody_else_has_moved_is_not_rolled_back_over(scene: Scene, app: ScriptedContainerApp) -> None:
    fails(app, "no functions")

    def meanwhile(_at: float) -> Answer:
        app.configuration["ingress"]["traffic"] = [named(OLDER, 100)]
        return Answer(body={"value": []})

    app.answers("GET functions", meanwhile)
    with pytest.raises(RevisionWithoutFunctions):
        run(scene)
    assert app.traffic == [named(OLDER, 100)]
    assert "someone else has changed the app's traffic" in describe_state(scene.journal)


def test_a_revision_that_may_not_be_deactivated_is_named_with_the_command(
    scene: Scene, app: ScriptedContainerApp
) -> None:
    fails(app, "stays away")
    app.refuses_to = ["deactivate"]
    with pytest.raises(RevisionNotReady):
        run(scene)
    command = f"az containerapp revision deactivate --name shop --resource-group g --revision {ours(app)}"
    assert any(command in line for line in app.said)
    assert (app.image(), app.traffic) == (BEFORE, [LATEST])
