"""Refusals, lost answers and slowness of Azure around a swap."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import ServiceRequestError, ServiceResponseError

from pytask.errors.azure import Forbidden, OperationInProgress
from pytask.errors.network import HostUnknown
from pytask.errors.swap import SwapFailed, SwapUnfinished
from pytask.report.outputs import outputs
from pytask.report.state import describe_state
from pytask.report.summary import summary
from tests.contract.swaps.runs import BY_HAND, FORBIDDEN, LOOK, OURS, deploy_and_swap
from tests.contract.targets.scene import BEFORE
from tests.contract.targets.slots import BUSY, PING, POLL, SWAP, ScriptedSlots
from tests.scripted import Answer

if TYPE_CHECKING:
    from tests.contract.test_whole_run import Scene


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
