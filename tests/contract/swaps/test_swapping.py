"""Whole runs that swap: what is sent and said, and that nothing unverified reaches production."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytask.errors.start import ContainerExits, Unverified
from pytask.errors.swap import SlotChanged, SlotsNotExchanged, SlotUnverified, SwapPullDiffers
from pytask.report.outputs import outputs
from pytask.report.state import describe_state
from pytask.report.summary import summary
from tests.contract.builders.paper import PaperBuilder
from tests.contract.swaps.runs import BY_HAND, BY_IDENTITY, OURS, deploy_and_swap, deploy_to_slot, swap
from tests.contract.targets.scene import BEFORE, THEIRS
from tests.contract.targets.slots import SWAP, ScriptedSlots

if TYPE_CHECKING:
    from tests.contract.test_whole_run import Scene


def test_a_verified_slot_is_swapped_and_production_verified(scene: Scene, slots: ScriptedSlots) -> None:
    journal = deploy_and_swap(scene)
    told, log = outputs(journal), scene.log.getvalue()
    assert slots.images() == (OURS, BEFORE)
    assert told["imageReference"] == told["runningImage"] == OURS
    assert (told["previousImage"], told["verification"], told["functions"]) == (BEFORE, "verified", "hello")
    assert told["AppServiceApplicationUrl"] == "https://shop.azurewebsites.net"
    assert slots.writes() == ["PATCH slots/staging/config/web", SWAP]
    assert "Verified: both configurations, swap, Functions host, functions" in log
    assert f"swapped  production {BEFORE} → {OURS}" in log
    assert "✅ shop: runs the new image" in summary(journal)


def test_a_swap_is_sent_to_the_slot_with_production_as_its_target(scene: Scene, slots: ScriptedSlots) -> None:
    deploy_and_swap(scene)
    sent = [body for call, body in slots.sent if call == SWAP]
    assert sent == [{"targetSlot": "production", "preserveVnet": True}]


@pytest.mark.parametrize("name", ["staging", "Staging", "STAGING"])
def test_a_slot_is_found_by_its_name_in_any_case(scene: Scene, slots: ScriptedSlots, name: str) -> None:
    slots.name = name
    journal = scene.run(PaperBuilder(scene.cabinet), slotName=name, swapWithProduction="true")
    assert outputs(journal)["verification"] == "verified"
    assert slots.images() == (OURS, BEFORE)


def test_a_slot_that_does_not_start_never_reaches_production(scene: Scene, slots: ScriptedSlots) -> None:
    slots.crashes = {OURS}
    scene.cabinet.tags["6"] = scene.cabinet.file("application/vnd.oci.image.manifest.v1+json", b"{}")["digest"]
    with pytest.raises(ContainerExits):
        deploy_and_swap(scene)
    told = outputs(scene.journal)
    assert slots.images() == (BEFORE, BEFORE)
    assert SWAP not in slots.writes()
    assert (told["previousImage"], told["runningImage"], told["verification"]) == (BEFORE, BEFORE, "failed")
    state = describe_state(scene.journal)
    assert state.startswith(f"rolled back to {BEFORE}")
    assert f"shop was not swapped: production still has {BEFORE}" in state
    assert BY_HAND not in state


@pytest.mark.parametrize("when", ["warn", "fail"])
def test_an_unverified_slot_is_not_swapped(scene: Scene, slots: ScriptedSlots, when: str) -> None:
    slots.hidden = True
    with pytest.raises(SlotUnverified if when == "warn" else Unverified):
        deploy_and_swap(scene, whenUnverified=when)
    assert slots.images() == (BEFORE, OURS)
    assert SWAP not in slots.writes()
    told = outputs(scene.journal)
    assert (told["runningImage"], told["verification"]) == (BEFORE, "unverified")
    state = describe_state(scene.journal)
    assert f"production still has {BEFORE}\nto swap by hand: {BY_HAND}" in state


def test_an_unverified_slot_is_swapped_where_the_step_accepts_it(scene: Scene, slots: ScriptedSlots) -> None:
    slots.hidden = True
    journal = deploy_and_swap(scene, whenUnverified="succeed")
    assert slots.images() == (OURS, BEFORE)
    assert outputs(journal)["verification"] == "verified"


def test_a_slot_that_somebody_changes_before_the_swap_is_not_swapped(scene: Scene, slots: ScriptedSlots) -> None:
    def somebody_deploys() -> None:
        slots.slots["staging"].image = THEIRS

    slots.does["GET slots/staging/functions"].extend([lambda: None, somebody_deploys])
    with pytest.raises(SlotChanged):
        deploy_and_swap(scene)
    assert SWAP not in slots.writes()
    assert slots.images() == (BEFORE, THEIRS)


def test_slots_that_are_not_exchanged_after_a_swap_are_left_alone(scene: Scene, slots: ScriptedSlots) -> None:
    original = slots.exchange

    def exchange_and_change() -> None:
        original()
        slots.slots[""].image = THEIRS

    slots.exchange = exchange_and_change  # type: ignore[method-assign]
    with pytest.raises(SlotsNotExchanged):
        deploy_and_swap(scene)
    assert len(slots.swaps) == 1
    assert describe_state(scene.journal).startswith("someone else has changed shop or shop (slot staging)")
    assert outputs(scene.journal)["verification"] == "failed"


def test_without_azures_record_a_swap_is_not_verified(scene: Scene, slots: ScriptedSlots) -> None:
    slots.shows_status = False
    journal = deploy_and_swap(scene)
    assert slots.images() == (OURS, BEFORE)
    assert outputs(journal)["verification"] == "unverified"


def test_a_swap_without_verification_reads_both_configurations(scene: Scene, slots: ScriptedSlots) -> None:
    deploy_to_slot(scene, slots)
    journal = swap(scene, verify="false")
    assert slots.images() == (OURS, BEFORE)
    assert (outputs(journal)["verification"], outputs(journal)["runningImage"]) == ("skipped", OURS)


def test_two_slots_with_the_same_image_are_swapped_and_verified_by_azures_record(
    scene: Scene, slots: ScriptedSlots
) -> None:
    deploy_and_swap(scene)
    journal = deploy_and_swap(scene)
    assert slots.images() == (OURS, OURS)
    assert outputs(journal)["verification"] == "verified"
    assert len(slots.swaps) == 2


def test_a_slot_that_is_unchanged_is_swapped_without_a_write_to_it(scene: Scene, slots: ScriptedSlots) -> None:
    deploy_to_slot(scene, slots, deployBy="digest")
    journal = deploy_and_swap(scene, deployBy="digest", whenUnchanged="skip")
    assert slots.writes() == [SWAP]
    assert outputs(journal)["verification"] == "verified"
    assert "✅ shop: runs the new image" in summary(journal)


def test_a_slot_that_cannot_pull_is_explained_and_production_stays(scene: Scene, slots: ScriptedSlots) -> None:
    slots.slots["staging"].config = dict(BY_IDENTITY)
    with pytest.raises(SwapPullDiffers):
        deploy_and_swap(scene)
    assert slots.writes() == []
    assert outputs(scene.journal)["previousImage"] == BEFORE
