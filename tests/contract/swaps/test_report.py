"""What the reports of a run that swaps are about: one app with two parts of the journal, and changes left open."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytask.errors import Cancelled
from pytask.journal import AccessGiven, Action
from pytask.report.apps import rows_of
from pytask.report.outputs import as_json, outputs
from pytask.report.state import describe_state
from pytask.report.summary import summary
from tests.contract.swaps.runs import OURS, deploy_and_swap, deploy_to_slot, swap
from tests.contract.targets.scene import BEFORE
from tests.contract.targets.slots import POLL, SWAP, ScriptedSlots

if TYPE_CHECKING:
    from tests.contract.test_whole_run import Scene


def test_the_two_slots_of_a_swap_are_not_told_as_two_apps(scene: Scene) -> None:
    journal = deploy_and_swap(scene)
    assert len(journal.targets()) == 2
    assert rows_of(journal) == ()
    assert "| App |" not in summary(journal)
    assert "apps" not in json.loads(as_json(journal, {}, str, str))


def test_the_record_of_a_swap_is_productions_with_the_settings_that_came_from_the_slot(
    scene: Scene, slots: ScriptedSlots
) -> None:
    record = json.loads(as_json(deploy_and_swap(scene, appSettings="COLOR=green"), {}, str, str))
    assert record["app"].endswith("/sites/shop")
    assert (record["previousImage"], record["runningImage"], record["verification"]) == (BEFORE, OURS, "verified")
    assert record["settings"] == ["COLOR"]
    assert "swap" in record["checks"]
    assert slots.slots[""].settings["COLOR"] == "green"


def test_a_run_of_a_slot_alone_says_nothing_of_production(scene: Scene, slots: ScriptedSlots) -> None:
    deploy_to_slot(scene, slots)
    told = outputs(scene.journal)
    assert told["AppServiceApplicationUrl"] == "https://shop-staging.azurewebsites.net"
    assert (told["runningImage"], told["verification"]) == (OURS, "verified")


@pytest.mark.parametrize("command", ["deploy and swap", "swap"])
def test_a_swap_that_is_cancelled_while_it_is_only_read_about_stays_open(
    scene: Scene, slots: ScriptedSlots, command: str
) -> None:
    if command == "swap":
        deploy_to_slot(scene, slots)
    slots.does[POLL].append(slots.clock.cancelled.set)
    with pytest.raises(Cancelled):
        (swap if command == "swap" else deploy_and_swap)(scene)
    assert slots.writes().count(SWAP) == 1
    assert describe_state(scene.journal).startswith("the swap of shop was sent, but its result is not known")
    told = outputs(scene.journal)
    assert (told["runningImage"], told["verification"]) == ("", "unverified")


def test_a_swap_that_is_cancelled_before_it_is_sent_is_not_said_to_be_sent(scene: Scene, slots: ScriptedSlots) -> None:
    deploy_to_slot(scene, slots)
    slots.does["GET slots/staging/config/web"].extend([lambda: None, slots.clock.cancelled.set])
    with pytest.raises(Cancelled):
        swap(scene)
    assert slots.writes() == []
    assert not scene.journal.left_open(Action.SWAP)
    assert describe_state(scene.journal) == (
        f"neither image was changed: shop (slot staging) has {OURS}, and production has {BEFORE}"
    )
    assert outputs(scene.journal)["runningImage"] == BEFORE


def test_each_slot_has_its_own_pull_access_in_the_journal(scene: Scene) -> None:
    journal = deploy_and_swap(scene)
    slot, production = journal.targets()
    production.add(AccessGiven(done="production may pull"))
    assert slot.last(AccessGiven) is None
    assert production.last(AccessGiven) == journal.last(AccessGiven)
