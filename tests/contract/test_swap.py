"""Whole runs that swap a slot with production: what is sent, what is said, and what each fault of a swap leads to."""

from __future__ import annotations

import io
import socket
from functools import partial
from typing import TYPE_CHECKING, cast

import pytest
from azure.core.exceptions import ServiceRequestError, ServiceResponseError

from pytask.errors import Cancelled
from pytask.errors.azure import Forbidden, OperationInProgress
from pytask.errors.network import HostUnknown
from pytask.errors.start import ContainerExits, NoFunctions, SmokeTestFailed, StartFailure, Unverified
from pytask.errors.swap import (
    SlotChanged,
    SlotHasNoImage,
    SlotRunsAnotherImage,
    SlotsNotExchanged,
    SlotUnverified,
    SwapFailed,
    SwapPullDiffers,
    SwapUnfinished,
)
from pytask.journal import Journal
from pytask.report.outputs import outputs
from pytask.report.state import describe_state
from pytask.report.summary import summary
from tests.contract.builders.paper import Cabinet, PaperBuilder
from tests.contract.foreign import REGISTRY, a_world
from tests.contract.targets.scene import BEFORE, THEIRS
from tests.contract.targets.slots import BUSY, PING, POLL, SWAP, ScriptedSlots
from tests.contract.test_whole_run import Scene, _registry
from tests.scripted import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.contract.targets.shelf import Shelf

OURS = f"{REGISTRY}/shop:7"
BY_HAND = "az functionapp deployment slot swap --name shop --resource-group g --slot staging --target-slot production"
LOOK = "az functionapp config container show --name shop --resource-group g"
FORBIDDEN = Answer(
    403,
    {
        "error": {
            "code": "AuthorizationFailed",
            "message": "The client does not have authorization to perform action "
            "'Microsoft.Web/sites/slots/slotsswap/action' over scope '/s'.",
        }
    },
)


@pytest.fixture
def slots() -> ScriptedSlots:
    return ScriptedSlots()


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, slots: ScriptedSlots) -> Iterator[Scene]:
    cabinet = Cabinet()
    with a_world(monkeypatch, tmp_path) as world:
        world.answers[REGISTRY] = partial(_registry, cabinet)
        slots.digest_of = lambda image: cabinet.tags.get(image.rpartition(":")[2], image.rpartition("@")[2])
        yield Scene(tmp_path, cast("Shelf", slots), cabinet, io.StringIO(), Journal(lambda _: None))


BY_IDENTITY = {"acrUseManagedIdentityCreds": True}


def deploy_and_swap(scene: Scene, **inputs: str) -> Journal:
    """Build, push, deploy to the slot, and swap."""
    return scene.run(PaperBuilder(scene.cabinet), slotName="staging", swapWithProduction="true", **inputs)


def swap(scene: Scene, **inputs: str) -> Journal:
    """Swap a slot that holds the new image since an earlier run."""
    given = {"command": "swap", "slotName": "staging", "imageName": "shop", "tags": "", **inputs}
    return scene.run(PaperBuilder(scene.cabinet), **given)


def deploy_to_slot(scene: Scene, slots: ScriptedSlots, **inputs: str) -> None:
    """Do what the earlier run did, and forget its calls and its log."""
    scene.run(PaperBuilder(scene.cabinet), slotName="staging", **inputs)
    slots.calls.clear()
    scene.log.truncate(0)


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


def test_production_that_fails_after_the_swap_is_swapped_back_and_verified(scene: Scene, slots: ScriptedSlots) -> None:
    slots.empty_in_production = {OURS}
    with pytest.raises(NoFunctions):
        deploy_and_swap(scene, verifyTimeoutMinutes="1")
    told = outputs(scene.journal)
    assert slots.images() == (BEFORE, OURS)
    assert len(slots.swaps) == 2
    assert (told["runningImage"], told["verification"]) == (BEFORE, "failed")
    assert describe_state(scene.journal) == (
        f"swapped back: shop is configured with {BEFORE} again and verified; shop (slot staging) has {OURS}"
    )
    assert "rolled back to the previous one" in summary(scene.journal, ("failed",))


def test_a_failed_smoke_test_of_production_swaps_back(scene: Scene, slots: ScriptedSlots) -> None:
    slots.answers("GET page", lambda _: Answer(500 if slots.images()[0] == OURS else 200, "sorry"))
    with pytest.raises(SmokeTestFailed):
        deploy_and_swap(scene, verifyTimeoutMinutes="1", smokeTestPath="/api/hello")
    assert slots.images() == (BEFORE, OURS)


def test_production_is_not_swapped_back_where_the_step_does_not_allow_it(scene: Scene, slots: ScriptedSlots) -> None:
    slots.empty_in_production = {OURS}
    with pytest.raises(NoFunctions):
        deploy_and_swap(scene, verifyTimeoutMinutes="1", rollbackOnFailure="false")
    assert slots.images() == (OURS, BEFORE)
    assert describe_state(scene.journal) == (
        f"shop is configured with {OURS} since the swap (previously {BEFORE}, which shop (slot staging) has now); "
        f"it was not swapped back: rollbackOnFailure is false\nto swap back by hand: {BY_HAND}"
    )


def test_a_swap_back_leaves_alone_what_somebody_else_has_changed(scene: Scene, slots: ScriptedSlots) -> None:
    slots.empty_in_production = {OURS}

    def somebody_deploys() -> None:
        slots.slots["staging"].image = THEIRS

    slots.does["GET functions"].extend([somebody_deploys] * 9)
    with pytest.raises((NoFunctions, SlotsNotExchanged)):
        deploy_and_swap(scene, verifyTimeoutMinutes="1")
    assert len(slots.swaps) == 1
    assert slots.images() == (OURS, THEIRS)


@pytest.mark.parametrize("status", [417, 400])
def test_a_swap_that_azure_gives_up_leaves_both_slots_as_they_were(
    scene: Scene, slots: ScriptedSlots, status: int
) -> None:
    slots.ends = lambda: Answer(status, PING)
    with pytest.raises(SwapFailed) as caught:
        deploy_and_swap(scene)
    assert "WEBSITE_SWAP_WARMUP_PING_PATH" in caught.value.tell(caught.value.fix)
    assert slots.images() == (BEFORE, OURS)
    told = outputs(scene.journal)
    assert (told["runningImage"], told["verification"]) == (BEFORE, "skipped")
    assert describe_state(scene.journal) == (
        f"shop (slot staging) is configured with {OURS}; shop was not swapped: production still has {BEFORE}\n"
        f"to swap by hand: {BY_HAND}"
    )
    assert "production was not swapped" in summary(scene.journal, ("failed",))


def test_a_refused_swap_changes_nothing(scene: Scene, slots: ScriptedSlots) -> None:
    slots.scripts[SWAP].append(FORBIDDEN)
    with pytest.raises(Forbidden) as caught:
        deploy_and_swap(scene)
    assert "Microsoft.Web/sites/slots/slotsswap/action" in caught.value.tell(caught.value.happened)
    assert slots.images() == (BEFORE, OURS)
    assert "was not swapped" in describe_state(scene.journal)


def test_a_busy_app_is_waited_for(scene: Scene, slots: ScriptedSlots) -> None:
    slots.scripts[SWAP].extend(
        [Answer(409, BUSY), Answer(409, {"Code": "Conflict"}), Answer(429, "", {"Retry-After": "7"})]
    )
    assert outputs(deploy_and_swap(scene))["verification"] == "verified"
    assert slots.images() == (OURS, BEFORE)
    assert slots.writes().count(SWAP) == 4


def test_an_app_that_stays_busy_is_given_up_after_half_an_hour(scene: Scene, slots: ScriptedSlots) -> None:
    slots.scripts[SWAP].extend([Answer(409, BUSY)] * 500)
    before = slots.clock.monotonic()
    with pytest.raises(OperationInProgress):
        deploy_and_swap(scene)
    assert 1800 <= slots.clock.monotonic() - before <= 2000
    assert "was not swapped" in describe_state(scene.journal)


@pytest.mark.parametrize(
    "lost",
    [
        [ServiceResponseError("closed")] * 4,
        [Answer(502, "<html>"), Answer(500, ""), Answer(429, ""), Answer(409, BUSY)],
        [Answer(409, {"Code": "Conflict"}), Answer(400, "<html>"), Answer(401, ""), Answer(405, "")],
        [Answer(404, {"error": {"code": "NotFound"}})],
        [Answer(403, {"error": {"code": "AuthorizationFailed", "message": "no"}})],
    ],
    ids=["cut off", "failing", "of somebody else", "forgotten", "not allowed"],
)
def test_lost_polls_are_settled_by_azures_own_record_of_the_swap(
    scene: Scene, slots: ScriptedSlots, lost: list[Answer | Exception]
) -> None:
    slots.scripts[POLL].extend(lost)
    assert outputs(deploy_and_swap(scene))["verification"] == "verified"
    assert slots.images() == (OURS, BEFORE)
    assert slots.writes().count(SWAP) == 1


def test_a_swap_whose_answer_is_lost_is_looked_for_and_never_sent_again(scene: Scene, slots: ScriptedSlots) -> None:
    slots.loses = {SWAP}
    assert outputs(deploy_and_swap(scene))["verification"] == "verified"
    assert slots.images() == (OURS, BEFORE)
    assert len(slots.swaps) == 1


@pytest.mark.parametrize("answer", [Answer(500, ""), Answer(503, ""), ServiceResponseError("closed")])
def test_a_swap_that_azure_shows_no_sign_of_stays_unknown(
    scene: Scene, slots: ScriptedSlots, answer: Answer | Exception
) -> None:
    slots.scripts[SWAP].append(answer)
    with pytest.raises(SwapUnfinished) as caught:
        deploy_and_swap(scene)
    assert "5 minutes" in str(caught.value.tell(caught.value.happened))
    assert slots.writes().count(SWAP) == 1
    told = outputs(scene.journal)
    assert (told["runningImage"], told["verification"]) == ("", "unverified")
    assert describe_state(scene.journal) == (
        f"the swap of shop was sent, but its result is not known: it may be configured with {OURS} or still with "
        f"{BEFORE}\nto see which: {LOOK}\nto swap by hand: {BY_HAND}"
    )
    assert "not known whether it was swapped" in summary(scene.journal, ("failed",))


def test_a_swap_that_was_never_sent_is_no_open_question(scene: Scene, slots: ScriptedSlots) -> None:
    unsent = ServiceRequestError("not sent")
    unsent.__cause__ = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    slots.scripts[SWAP].append(unsent)
    with pytest.raises(HostUnknown):
        deploy_and_swap(scene)
    assert "was not swapped" in describe_state(scene.journal)


def test_a_swap_has_half_an_hour_of_its_own(scene: Scene, slots: ScriptedSlots) -> None:
    slots.takes = 25 * 60
    assert outputs(deploy_and_swap(scene, verifyTimeoutMinutes="1"))["verification"] == "verified"
    slots.takes = 31 * 60
    with pytest.raises(SwapUnfinished):
        deploy_and_swap(scene, tags="8")
    assert "its result is not known" in describe_state(scene.journal)


def test_a_run_cancelled_during_a_swap_says_what_is_open_and_how_to_look(scene: Scene, slots: ScriptedSlots) -> None:
    slots.does[POLL].append(_cancel)
    with pytest.raises(Cancelled):
        deploy_and_swap(scene)
    told = describe_state(scene.journal)
    assert told.startswith("the swap of shop was sent, but its result is not known")
    assert f"to see which: {LOOK}" in told
    assert BY_HAND in told
    assert outputs(scene.journal)["runningImage"] == ""


def test_a_run_cancelled_after_the_swap_says_how_to_swap_back(scene: Scene, slots: ScriptedSlots) -> None:
    slots.does["GET functions"].append(_cancel)
    with pytest.raises(Cancelled):
        deploy_and_swap(scene)
    assert slots.images() == (OURS, BEFORE)
    told = describe_state(scene.journal)
    assert told.startswith(f"shop is configured with {OURS} since the swap")
    assert told.endswith(f"to swap back by hand: {BY_HAND}")


def test_a_run_cancelled_while_it_swaps_back_says_so(scene: Scene, slots: ScriptedSlots) -> None:
    slots.empty_in_production = {OURS}
    original = slots._go_on

    def go_on(since: float) -> None:
        original(since)
        if len(slots.swaps) == 2:
            _cancel()

    slots._go_on = go_on  # type: ignore[method-assign]
    with pytest.raises(Cancelled):
        deploy_and_swap(scene, verifyTimeoutMinutes="1")
    assert describe_state(scene.journal).startswith("the swap back of shop was sent, but its result is not known")


def _cancel() -> None:
    raise Cancelled


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


@pytest.mark.parametrize("answer", [Answer(200, "<html>"), Answer(200, "{}"), Answer(204, "")])
def test_an_answer_of_somebody_else_is_not_taken_for_a_swap(scene: Scene, slots: ScriptedSlots, answer: Answer) -> None:
    slots.scripts[SWAP].append(answer)
    with pytest.raises(SwapUnfinished) as caught:
        deploy_and_swap(scene)
    assert "the slots do not show it" in caught.value.detail
    assert slots.images() == (BEFORE, OURS)
    assert "its result is not known" in describe_state(scene.journal)


def test_an_answer_of_somebody_else_while_a_swap_goes_on_does_not_end_it(scene: Scene, slots: ScriptedSlots) -> None:
    slots.scripts[POLL].extend([Answer(200, "<html>"), Answer(204, "")])
    assert outputs(deploy_and_swap(scene))["verification"] == "verified"
    assert slots.images() == (OURS, BEFORE)


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


@pytest.mark.parametrize("status", [403, 404])
def test_a_swap_that_azure_gives_up_is_noticed_before_half_an_hour_where_its_operation_may_not_be_read(
    scene: Scene, slots: ScriptedSlots, status: int
) -> None:
    slots.ends = lambda: Answer(417, PING)
    slots.scripts[POLL].extend([Answer(status, {"error": {"code": "AuthorizationFailed", "message": "no"}})] * 99)
    before = slots.clock.monotonic()
    with pytest.raises(SwapFailed) as caught:
        deploy_and_swap(scene)
    assert "both slots are as before" in caught.value.detail
    assert slots.clock.monotonic() - before < 600
    assert "was not swapped" in describe_state(scene.journal)


def test_a_slow_swap_is_waited_for_where_its_operation_may_not_be_read(scene: Scene, slots: ScriptedSlots) -> None:
    slots.takes = 23 * 60
    slots.scripts[POLL].extend([Answer(403, {"error": {"code": "AuthorizationFailed", "message": "no"}})] * 99)
    assert outputs(deploy_and_swap(scene))["verification"] == "verified"
    assert slots.images() == (OURS, BEFORE)
