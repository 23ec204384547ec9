"""What a run says that is canceled around a swap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytask.errors import Cancelled
from pytask.report.outputs import outputs
from pytask.report.state import describe_state
from tests.contract.swaps.runs import BY_HAND, LOOK, OURS, deploy_and_swap
from tests.contract.targets.scene import BEFORE
from tests.contract.targets.slots import POLL, ScriptedSlots

if TYPE_CHECKING:
    from tests.contract.test_whole_run import Scene


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
