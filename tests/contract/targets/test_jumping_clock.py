"""A clock of the agent that is wrong, or is set during the run, changes no verdict and no time limit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest

from pytask.errors.start import StartFailure
from tests.contract.targets.scene import BEFORE, NEW
from tests.contract.targets.site import ScriptedSite
from tests.contract.targets.test_every_kind import updated, verified
from tests.scripted import BEGAN, Answer, ScriptedClock

if TYPE_CHECKING:
    from pytask.model import Verification

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class JumpingClock(ScriptedClock):
    """A clock whose time of day is set forward or back, before the update or during the verification."""

    jump: float = 0.0
    after: float = 0.0
    """Seconds after the update."""

    def now(self) -> datetime:
        """Return the time of day on this agent."""
        there = ScriptedClock.now(self)
        return there + timedelta(seconds=self.jump) if there >= BEGAN + timedelta(seconds=self.after) else there


def a_site(jump: float, after: float, fate: str) -> ScriptedSite:
    site = ScriptedSite()
    site.clock = JumpingClock(jump=jump, after=after)
    site.new_image(fate)

    def dated(at: float) -> Answer:
        """Answer with the time of day at Azure, which is the right one, as every answer of Azure does."""
        date = format_datetime(BEGAN + timedelta(seconds=at), usegmt=True)
        return Answer(body={"properties": site.config}, headers={"Date": date})

    site.answers("PATCH config/web", dated)
    return site


def outcome(site: ScriptedSite) -> tuple[Verification | str, float]:
    """Return how a verification ends, and after how many seconds."""
    target = site.find()
    update = updated(target)
    began = site.clock.monotonic()
    try:
        told: Verification | str = verified(site, target, update)
    except StartFailure as failure:
        told = failure.code
    return told, site.clock.monotonic() - began


@pytest.mark.parametrize("fate", ["runs", "crashes", "stays away", "cannot be seen"])
@pytest.mark.parametrize("jump", [HOUR, -HOUR])
@pytest.mark.parametrize("after", [-HOUR, 2.0])
def test_a_clock_that_is_an_hour_off_changes_nothing(fate: str, jump: float, after: float) -> None:
    assert outcome(a_site(jump, after, fate)) == outcome(a_site(0, 0, fate))


def test_the_outcomes_differ_by_what_becomes_of_the_image() -> None:
    """So that the test before compares something."""
    assert BEFORE != NEW
    told = {str(outcome(a_site(HOUR, 2.0, fate))[0]) for fate in ("runs", "crashes", "cannot be seen")}
    assert len(told) == 3
