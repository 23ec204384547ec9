"""Releases and updates that are refused, lost, given up or canceled, and what is said of the traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytask.errors import Cancelled, TaskFailure
from pytask.errors.azure import AzureFailing, Forbidden
from pytask.report.outputs import outputs
from pytask.report.state import describe_state
from tests.contract.targets.container_app import FUNCTIONS, ScriptedContainerApp
from tests.contract.targets.scene import BEFORE
from tests.contract.traffic.runs import FIRST, OURS, named, ours, run
from tests.scripted import Answer

if TYPE_CHECKING:
    from tests.contract.test_whole_run import Scene


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
