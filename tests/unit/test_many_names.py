"""Thousands of settings: the log names some of them, and says how many more there are."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from pytask.agent.console import Console
from pytask.clock import Clock
from pytask.errors.foreign import listed
from pytask.journal import Action, Journal, MadeSticky
from pytask.model import Moment, SettingsBack, SettingsChange, WantedSettings
from pytask.report.log import tell
from pytask.report.plan import render_plan
from pytask.report.settings import settings_now
from tests.unit.growth import grows_linearly
from tests.unit.test_plan import a_plan

NAMES = tuple(f"SETTING_NUMBER_{number:04}" for number in range(5_000))
VALUES = dict.fromkeys(NAMES, "x")
NOW = Moment(at=datetime(2026, 1, 1, tzinfo=timezone.utc), sent_at=7.0)
CHANGE = SettingsChange(written=VALUES, before={}, now=VALUES, kept=NAMES, lost=NAMES, again=True, moment=NOW)
EVENTS = (
    CHANGE,
    replace(CHANGE, before=dict.fromkeys(NAMES, "y")),
    replace(CHANGE, now={}),
    MadeSticky(NAMES),
    SettingsBack(names=NAMES, stayed=NAMES, moment=NOW),
)
MOST = 4_000
"""Characters of all that is said of one event."""


def test_few_names_are_all_named_and_of_many_their_number_is_told() -> None:
    assert listed(NAMES[:3]) == "SETTING_NUMBER_0000, SETTING_NUMBER_0001, SETTING_NUMBER_0002"
    assert listed(NAMES).endswith("SETTING_NUMBER_0019 and 4,980 more")
    assert len(listed(["x" * 100_000])) < 200


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_with_thousands_of_settings_is_told_in_a_few_lines(event: SettingsChange) -> None:
    written = io.StringIO()
    tell(event, Console(written, Clock()))
    journal = Journal(lambda _: None)
    with pytest.raises(ZeroDivisionError), journal.attempt(Action.SETTINGS, listed(NAMES)):
        raise ZeroDivisionError
    journal.add(event)
    assert len(written.getvalue()) < MOST
    assert "more" in settings_now(journal)
    assert len(settings_now(journal)) < MOST


def test_a_plan_with_thousands_of_settings_names_a_few() -> None:
    plan = a_plan()
    app = replace(plan.app, settings=WantedSettings(values=VALUES, sticky=NAMES), configuration=VALUES)
    told = render_plan(replace(plan, app=app))
    assert "5000 app settings" in told
    assert len(told) < MOST


def test_the_time_that_it_takes_grows_with_the_number_only() -> None:
    def changed(size: int) -> object:
        values = {f"NAME_{number}": "x" for number in range(size)}
        one = SettingsChange(written=values, before=dict.fromkeys(values, "y"), now=values, moment=NOW)
        return one.changed, one.added, one.overwritten

    assert grows_linearly(changed, small=1_000)
