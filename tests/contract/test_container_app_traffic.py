"""Multiple revision mode, in whole runs: who gets which traffic, and when."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import pytest

from pytask.errors import Cancelled, TaskFailure
from pytask.errors.azure import AzureFailing, Forbidden
from pytask.errors.container_app import RevisionNotReady, RevisionWithoutFunctions, TrafficChanged
from pytask.errors.start import StartFailure, Unverified
from pytask.journal import Journal
from pytask.report.outputs import outputs
from pytask.report.state import describe_state
from pytask.report.summary import summary
from pytask.targets.target import UseImage
from tests.contract.builders.paper import Cabinet, PaperBuilder
from tests.contract.foreign import REGISTRY, a_world
from tests.contract.targets.container_app import FORBIDDEN, FUNCTIONS, Created, ScriptedContainerApp, a_container
from tests.contract.targets.scene import BEFORE, NEW, NO_REGISTRY, PLAN, THEIRS
from tests.contract.test_whole_run import Scene, _registry
from tests.scripted import OURS as DIGEST
from tests.scripted import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.contract.targets.shelf import Shelf

OURS = f"{REGISTRY}/shop:7"
FIRST, OLDER = "shop--0000001", "shop--0000000"
LATEST = {"latestRevision": True, "weight": 100}


def named(name: str, weight: int, **more: str) -> dict[str, Any]:
    return {"revisionName": name, "weight": weight, **more}


@pytest.fixture
def app() -> ScriptedContainerApp:
    made = ScriptedContainerApp()
    made.use_several_revisions()
    return made


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, app: ScriptedContainerApp) -> Iterator[Scene]:
    cabinet = Cabinet()
    cabinet.tags["6"] = cabinet.file("application/vnd.oci.image.manifest.v1+json", b"{}")["digest"]
    with a_world(monkeypatch, tmp_path) as world:
        world.answers[REGISTRY] = partial(_registry, cabinet)
        yield Scene(tmp_path, cast("Shelf", app), cabinet, io.StringIO(), Journal(lambda _: None))


def run(scene: Scene, **inputs: str) -> Journal:
    return scene.run(PaperBuilder(scene.cabinet), **inputs)


def fails(app: ScriptedContainerApp, fate: str) -> None:
    """Have the new image, and only that, come to a bad end."""
    app.good = {BEFORE}
    if fate == "no functions":
        app.answers("GET functions", lambda _: Answer(body=FUNCTIONS if app.image() == BEFORE else {"value": []}))
    else:
        app.new_image(fate)


def ours(app: ScriptedContainerApp) -> str:
    return next(one.name for one in app.revisions if one.template["containers"][0]["image"] == OURS)


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


# Refused, lost, cancelled


def test_a_release_that_is_refused_says_that_the_new_revision_gets_no_traffic(
    scene: Scene, app: ScriptedContainerApp
) -> None:
    def refuse(_at: float) -> Answer:
        app.refuse()
        return Answer(body=FUNCTIONS)

    app.answers("GET functions", refuse)
    with pytest.raises(Forbidden):
        run(scene)
    state = describe_state(scene.journal)
    assert f"shop is configured with {OURS} (previously {BEFORE}); it gets no traffic\n" in state
    assert (app.image(), outputs(scene.journal)["runningImage"]) == (OURS, BEFORE)


def test_a_release_whose_answer_is_lost_may_have_been_done(scene: Scene, app: ScriptedContainerApp) -> None:
    def lose(_at: float) -> Answer:
        app.lose_the_answer()
        return Answer(body=FUNCTIONS)

    app.answers("GET functions", lose)
    with pytest.raises(TaskFailure):
        run(scene)
    assert "it is not known whether it gets traffic" in describe_state(scene.journal)
    assert outputs(scene.journal)["runningImage"] == ""


def test_a_release_whose_answer_was_lost_once_is_sent_again(scene: Scene, app: ScriptedContainerApp) -> None:
    def lose(_at: float) -> Answer:
        app.loses_once = True
        return Answer(body=FUNCTIONS)

    app.answers("GET functions", lose)
    run(scene)
    app.find()
    assert app.served[-1] == {ours(app): 100}


def test_a_release_that_azure_gives_up_is_not_called_done(scene: Scene, app: ScriptedContainerApp) -> None:
    def give_up(_at: float) -> Answer:
        app.operation = Answer(200, {"status": "Failed", "error": {"code": "X", "message": "no capacity"}})
        return Answer(body=FUNCTIONS)

    app.answers("GET functions", give_up)
    with pytest.raises(AzureFailing) as caught:
        run(scene)
    assert "no capacity" in caught.value.detail
    assert "it is not known whether it gets traffic" in describe_state(scene.journal)


def test_a_run_that_is_cancelled_before_the_release_sends_nothing_and_says_who_has_the_traffic(
    scene: Scene, app: ScriptedContainerApp
) -> None:
    def cancel(_at: float) -> Answer:
        app.clock.cancelled.set()
        return Answer(body=FUNCTIONS)

    app.answers("GET functions", cancel)
    with pytest.raises(Cancelled):
        run(scene)
    app.clock.cancelled.clear()
    app.find()
    assert app.served == [{FIRST: 100}]
    assert len(app.writes()) == 1
    assert "it gets no traffic\nto move traffic to it by hand: az containerapp" in describe_state(scene.journal)


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


def test_an_update_whose_answer_is_lost_says_that_the_traffic_may_be_given_by_name(
    scene: Scene, app: ScriptedContainerApp
) -> None:
    app.lose_the_answer()
    with pytest.raises(TaskFailure):
        run(scene)
    command = "az containerapp ingress traffic set --name shop --resource-group g --revision-weight latest=100"
    assert describe_state(scene.journal).endswith(
        f"\nits traffic may now be assigned to revisions by name; to distribute it as before: {command}"
    )


def test_an_update_whose_answer_is_lost_says_nothing_of_traffic_that_it_does_not_touch(
    scene: Scene, app: ScriptedContainerApp
) -> None:
    app.use_several_revisions(named(FIRST, 100))
    app.lose_the_answer()
    with pytest.raises(TaskFailure):
        run(scene)
    assert "traffic" not in describe_state(scene.journal)
