"""A cancellation lets the answer to a change arrive, and nothing begins after it."""

from __future__ import annotations

import pytest

from pytask.clock import Clock
from pytask.errors import Cancelled


def change(clock: Clock, recorded: list[str], *, refused: bool = False) -> None:
    """Send a change; the run is cancelled before its answer is there."""
    with clock.until_answered():
        assert clock.awaits.is_set()
        clock.cancelled.set()
        if refused:
            raise ValueError("refused")
        recorded.append("the answer")


def test_a_cancellation_during_a_change_takes_effect_once_its_answer_is_recorded() -> None:
    clock, recorded = Clock(), list[str]()
    with pytest.raises(Cancelled):
        change(clock, recorded)
    assert recorded == ["the answer"]
    assert not clock.awaits.is_set()


def test_no_change_begins_after_a_cancellation() -> None:
    clock, recorded = Clock(), list[str]()
    clock.cancelled.set()
    with pytest.raises(Cancelled):
        change(clock, recorded)
    assert not recorded


def test_a_change_that_is_refused_after_a_cancellation_says_why() -> None:
    clock = Clock()
    with pytest.raises(ValueError, match="refused"):
        change(clock, [], refused=True)
    assert not clock.awaits.is_set()
