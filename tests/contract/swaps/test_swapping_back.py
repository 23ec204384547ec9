"""Production that fails after the swap: when it is swapped back, and when it is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytask.errors.start import NoFunctions, SmokeTestFailed
from pytask.errors.swap import SlotsNotExchanged
from pytask.report.outputs import outputs
from pytask.report.state import describe_state
from pytask.report.summary import summary
from tests.contract.swaps.runs import BY_HAND, OURS, deploy_and_swap
from tests.contract.targets.scene import BEFORE, THEIRS
from tests.scripted import Answer

if TYPE_CHECKING:
    from tests.contract.targets.slots import ScriptedSlots
    from tests.contract.test_whole_run import Scene


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
