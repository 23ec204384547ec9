"""Multiple revision mode, in whole runs: who gets which traffic, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytask.errors.start import StartFailure, Unverified
from pytask.journal import Journal
from pytask.report.outputs import outputs
from pytask.report.state import describe_state
from pytask.report.summary import summary
from pytask.targets.target import UseImage
from tests.contract.targets.container_app import FORBIDDEN, FUNCTIONS, Created, ScriptedContainerApp, a_container
from tests.contract.targets.scene import BEFORE, NEW, NO_REGISTRY, PLAN, THEIRS
from tests.contract.traffic.runs import FIRST, LATEST, OLDER, OURS, fails, named, ours, run
from tests.scripted import OURS as DIGEST
from tests.scripted import Answer

if TYPE_CHECKING:
    from tests.contract.test_whole_run import Scene


def test_the_new_revision_gets_its_traffic_once_it_is_verified_and_not_before(
    scene: Scene, app: ScriptedContainerApp
) -> None:
    journal = run(scene)
    app.find()
    assert app.served == [{FIRST: 100}, {ours(app): 100}]
    assert app.traffic == [LATEST]
    assert [call.split()[0] for _, call in app.calls].count("PATCH") == 2
    log = scene.log.getvalue()
    assert log.index("Verified:") < log.index("traffic  latest 100 %")
    assert "the new revision gets no traffic before it is verified" in log
    told = outputs(journal)
    assert (told["verification"], told["runningImage"]) == ("verified", OURS)
    assert "✅ shop: runs the new image" in summary(journal)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([LATEST], [LATEST]),
        ([named(FIRST, 100)], [named("NEW", 100)]),
        ([named(OLDER, 80), named(FIRST, 20)], [named(OLDER, 80), named("NEW", 20)]),
        ([named(OLDER, 80), {"latestRevision": True, "weight": 20}], [named(OLDER, 80), LATEST | {"weight": 20}]),
        ([named(FIRST, 100, label="blue")], [named("NEW", 100), named(FIRST, 0, label="blue")]),
        ([LATEST, named(FIRST, 0, label="blue")], [LATEST, named(FIRST, 0, label="blue")]),
        ([LATEST | {"label": "live"}], [LATEST | {"label": "live"}]),
        ([LATEST | {"weight": "100"}], [LATEST | {"weight": "100"}]),
        ([named(OLDER, 100)], [named("NEW", 100)]),
    ],
)
def test_the_traffic_is_distributed_as_before_with_the_new_revision_in_its_place(
    scene: Scene, app: ScriptedContainerApp, before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> None:
    app.use_several_revisions(*before)
    run(scene)
    new = ours(app)
    assert app.traffic == [one | ({"revisionName": new} if one.get("revisionName") == "NEW" else {}) for one in after]
    assert sum(app.served[0].values()) == 100
    assert all(sum(one.values()) == 100 for one in app.served)
    assert [new in one for one in app.served] == [False, True]


def test_a_revision_that_has_no_share_to_take_gets_none_and_the_log_says_so(
    scene: Scene, app: ScriptedContainerApp
) -> None:
    before = [named(OLDER, 60), named("shop--000000a", 40)]
    app.use_several_revisions(*before)
    run(scene)
    assert app.traffic == before
    assert "the new revision gets no traffic, even once it is verified" in scene.log.getvalue()


@pytest.mark.parametrize("when", ["warn", "fail", "succeed"])
def test_an_unverified_revision_gets_traffic_only_where_the_step_says_so(
    scene: Scene, app: ScriptedContainerApp, when: str
) -> None:
    app.answers("GET functions", Answer(404, {"error": {"code": "X"}}))
    try:
        journal = run(scene, whenUnverified=when)
    except Unverified:
        assert when == "fail"
        journal = scene.journal
    app.find()
    assert any(ours(app) in one for one in app.served) is (when == "succeed")
    told = outputs(journal)
    assert (told["verification"], told["runningImage"]) == ("unverified", OURS if when == "succeed" else BEFORE)
    command = "az containerapp ingress traffic set --name shop --resource-group g --revision-weight latest=100"
    assert (command in scene.log.getvalue()) is (when == "warn")
    assert (f"it gets no traffic\nto move traffic to it by hand: {command}\n" in describe_state(journal)) is (
        when != "succeed"
    )
    assert ("deployed without traffic" in summary(journal)) is (when != "succeed")


def test_without_a_verification_the_traffic_stays_as_it_is_configured(scene: Scene, app: ScriptedContainerApp) -> None:
    run(scene, verify="false")
    assert app.traffic == [LATEST]
    assert len(app.writes()) == 1
    assert "verify is false" in scene.log.getvalue()


def test_an_app_without_ingress_has_no_traffic_to_hold_back(scene: Scene, app: ScriptedContainerApp) -> None:
    app.configuration["ingress"] = None
    run(scene)
    assert len(app.writes()) == 1


def test_a_revision_that_pulls_again_takes_the_place_of_the_one_before(app: ScriptedContainerApp) -> None:
    target, journal = app.find(), Journal(lambda _: None)
    change = UseImage(reference=NEW, digest=DIGEST, fresh_tag=True, plan=PLAN)
    update = target.update(change, target.preflight(PLAN, NO_REGISTRY), journal)
    again = target.update_again(update)
    app.clock.sleep(60)
    assert app.active() == [FIRST, again.revision]
    assert app.served == [{FIRST: 100}]
    target.release(again)
    app.find()
    assert app.served == [{FIRST: 100}, {again.revision: 100}]


def test_an_unchanged_image_that_was_held_back_is_deployed_again(scene: Scene, app: ScriptedContainerApp) -> None:
    app.answers("GET functions", Answer(403, FORBIDDEN.body))
    inputs = {"deployBy": "digest", "whenUnchanged": "skip"}
    run(scene, **inputs)
    app.answers("GET functions", Answer(body=FUNCTIONS))
    run(scene, **inputs)
    app.find()
    assert app.served[-1] == {app.revisions[-1].name: 100}
    written = len(app.writes())
    run(scene, **inputs)
    assert len(app.writes()) == written


def test_a_run_after_a_rollback_gives_the_new_revision_the_share_that_the_one_before_would_have_had(
    scene: Scene, app: ScriptedContainerApp
) -> None:
    old = {**app.template, "containers": [a_container(image=THEIRS)]}
    app.revisions.insert(0, Created(OLDER, old, -1000.0))
    before = [named(OLDER, 80), named(FIRST, 20)]
    app.use_several_revisions(*before)
    fails(app, "crashes")
    with pytest.raises(StartFailure):
        run(scene)
    assert app.traffic == before
    app.new_image("runs")
    run(scene, tags="9")
    assert app.traffic == [named(OLDER, 80), named(app.revisions[-1].name, 20)]


def test_revisions_with_traffic_that_have_one_image_are_not_mistaken_for_each_other(
    scene: Scene, app: ScriptedContainerApp
) -> None:
    app.revisions.insert(0, Created(OLDER, app.template, -1000.0))
    before = [named(OLDER, 80), named(FIRST, 20)]
    app.use_several_revisions(*before)
    fails(app, "crashes")
    with pytest.raises(StartFailure):
        run(scene)
    app.new_image("runs")
    run(scene, tags="9")
    assert app.traffic == before
