"""A site's configuration is read again before it is changed, unless it was just read."""

from __future__ import annotations

import pytest

from tests.contract.targets.scene import BEFORE, THEIRS
from tests.contract.targets.site import ScriptedSite
from tests.contract.targets.test_every_kind import updated

READING = "GET config/web"


@pytest.fixture
def site() -> ScriptedSite:
    return ScriptedSite()


def test_a_site_that_was_just_read_is_not_read_again(site: ScriptedSite) -> None:
    target = site.find()
    site.clock.sleep(site.timeouts.fresh - 0.1)
    assert updated(target).app.image == BEFORE
    assert len(site.asked(READING)) == 1


def test_a_site_that_was_read_before_the_push_is_read_again(site: ScriptedSite) -> None:
    target = site.find()
    site.clock.sleep(site.timeouts.fresh)
    site.somebody_uses(THEIRS)
    assert updated(target).app.image == THEIRS
    assert len(site.asked(READING)) == 2


def test_a_reading_is_as_old_as_the_call_for_it(site: ScriptedSite) -> None:
    answer = site.routes[READING]

    def slowly(at: float) -> object:
        site.clock.sleep(site.timeouts.fresh)
        return answer(at)

    site.answers(READING, slowly)  # type: ignore[arg-type] # the same answer, later
    updated(site.find())
    assert len(site.asked(READING)) == 2
