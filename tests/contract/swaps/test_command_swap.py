"""A swap of its own, of a slot that an earlier run has filled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytask.errors.start import StartFailure
from pytask.errors.swap import SlotHasNoImage, SlotRunsAnotherImage, SlotUnverified
from pytask.report.outputs import outputs
from pytask.report.state import describe_state
from tests.contract.builders.paper import PaperBuilder
from tests.contract.foreign import REGISTRY
from tests.contract.swaps.runs import OURS, deploy_to_slot, swap
from tests.contract.targets.scene import BEFORE
from tests.contract.targets.slots import SWAP, ScriptedSlots
from tests.scripted import Answer

if TYPE_CHECKING:
    from tests.contract.test_whole_run import Scene


def test_a_slot_that_was_verified_before_is_swapped_after_a_look_at_its_health(
    scene: Scene, slots: ScriptedSlots
) -> None:
    deploy_to_slot(scene, slots)
    journal = swap(scene)
    told, log = outputs(journal), scene.log.getvalue()
    assert slots.images() == (OURS, BEFORE)
    assert slots.writes() == [SWAP]
    assert told["imageReference"] == told["runningImage"] == OURS
    assert told["imageDigest"] == scene.cabinet.tags["7"]
    assert (told["previousImage"], told["verification"]) == (BEFORE, "verified")
    assert "host       Running" in log
    assert "whatever the slot runs is swapped" in log


def test_a_named_image_by_digest_is_swapped_when_the_slot_has_it(scene: Scene, slots: ScriptedSlots) -> None:
    deploy_to_slot(scene, slots, deployBy="digest")
    digest = scene.cabinet.tags["7"]
    slots.slots["staging"].updated = -900
    journal = swap(scene, imageName=f"{REGISTRY}/shop@{digest}")
    assert outputs(journal)["verification"] == "verified"
    assert outputs(journal)["imageReference"] == f"{REGISTRY}/shop@{digest}"


def test_a_recorded_image_is_what_the_slot_must_run(scene: Scene, slots: ScriptedSlots) -> None:
    deploy_to_slot(scene, slots, deployBy="digest")
    digest = scene.cabinet.tags["7"]
    slots.slots["staging"].updated = -900
    (scene.folder / "record.json").write_text(f'{{"imageReference": "{OURS}", "imageDigest": "{digest}"}}')
    scene.cabinet.tags["6"] = scene.cabinet.file("application/vnd.oci.image.manifest.v1+json", b"{}")["digest"]
    assert outputs(swap(scene, recordFile="record.json"))["verification"] == "verified"
    with pytest.raises(SlotRunsAnotherImage) as caught:
        swap(scene, recordFile="record.json")  # the slot has production's former image now
    assert "production is configured with" in caught.value.found
    assert len(slots.swaps) == 1


def test_a_tag_is_not_enough_when_the_log_does_not_say_what_was_started(scene: Scene, slots: ScriptedSlots) -> None:
    deploy_to_slot(scene, slots)
    slots.slots["staging"].updated = -900
    with pytest.raises(SlotUnverified, match="slot-unverified"):
        swap(scene, imageName="shop:7", azureContainerRegistry=REGISTRY)
    assert slots.writes() == []
    assert (
        describe_state(scene.journal)
        == f"neither image was changed: shop (slot staging) has {OURS}, and production has {BEFORE}"
    )
    assert outputs(swap(scene, imageName="shop:7", whenUnverified="succeed"))["runningImage"] == OURS


def test_a_slot_that_is_down_is_not_swapped(scene: Scene, slots: ScriptedSlots) -> None:
    deploy_to_slot(scene, slots)
    slots.scripts["GET slots/staging/hostruntime/admin/host/status"].extend([Answer(503, "")] * 9)
    with pytest.raises((SlotUnverified, StartFailure)):
        swap(scene)
    assert slots.writes() == []


def test_a_slot_without_an_image_is_not_swapped(scene: Scene, slots: ScriptedSlots) -> None:
    slots.slots["staging"].image = ""
    with pytest.raises(SlotHasNoImage):
        swap(scene)
    assert slots.writes() == []


def test_a_check_of_a_step_that_swaps_looks_at_both_slots_and_writes_nothing(
    scene: Scene, slots: ScriptedSlots
) -> None:
    scene.run(PaperBuilder(scene.cabinet), command="check", slotName="staging", swapWithProduction="true")
    assert f"with production, which runs {BEFORE}" in scene.log.getvalue()
    assert slots.writes() == []


def test_a_slot_that_is_still_starting_is_not_swapped_although_its_old_host_answers(
    scene: Scene, slots: ScriptedSlots
) -> None:
    deploy_to_slot(scene, slots)
    slots.fates["staging", OURS] = "never gets ready"
    with pytest.raises(SlotUnverified):
        swap(scene, imageName="shop:7")
    assert slots.writes() == []


def test_a_slot_whose_last_start_failed_is_not_swapped_although_its_old_host_answers(
    scene: Scene, slots: ScriptedSlots
) -> None:
    deploy_to_slot(scene, slots)
    slots.fates["staging", OURS] = "crashes"
    slots.clock.sleep(60)
    with pytest.raises(SlotUnverified):
        swap(scene)
    assert slots.writes() == []
