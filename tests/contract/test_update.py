"""Pointing the app at an image, over a real connection: what is sent, and what is read back."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from pytask.errors import TaskFailure
from pytask.errors.start import ImageNotSet, PropertyNotSet
from pytask.model import Moment
from pytask.targets.site.confirm import confirm_configuration, was_confirmed
from pytask.targets.site.update import point_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.cloud.arm import Arm
    from tests.contract.arm_site import Site


def test_only_what_differs_is_sent_and_all_of_it_with_the_image(site: Site, arm: Arm) -> None:
    beside = {"alwaysOn": True, "appCommandLine": ""}
    update = point_at(arm, site.found(), "r/app:2", None, instances=None, beside=beside)
    assert (site.writes, site.sent) == (["PATCH web"], [{"linuxFxVersion": "DOCKER|r/app:2", "alwaysOn": True}])
    assert (update.changed, update.restarted) == (("alwaysOn",), False)
    confirm_configuration(arm, update)


def test_the_same_image_with_another_configuration_is_written_and_not_restarted_besides(site: Site, arm: Arm) -> None:
    update = point_at(arm, site.found(), "r/app:1", None, instances=None, beside={"alwaysOn": True})
    assert site.writes == ["PATCH web"]
    assert not update.restarted


def test_the_same_image_with_the_same_configuration_is_restarted(site: Site, arm: Arm) -> None:
    update = point_at(arm, site.found(), "r/app:1", None, instances=None, beside={"alwaysOn": False})
    assert site.writes == ["POST restart"]
    assert update.restarted


@pytest.mark.parametrize("settings", [True, False])
def test_a_property_of_the_front_end_restarts_nothing_so_that_something_else_must(
    site: Site, arm: Arm, *, settings: bool
) -> None:
    moment = Moment(at=datetime(2026, 1, 1, tzinfo=timezone.utc), sent_at=7.0) if settings else None
    beside = {"publicNetworkAccess": "Disabled"}
    update = point_at(arm, site.found(), "r/app:1", None, instances=None, beside=beside, settings=moment)
    assert site.writes == (["PATCH web"] if settings else ["PATCH web", "POST restart"])
    assert update.restarted is not settings
    assert (update.sent_at == 7.0) is settings


def test_an_answer_that_has_the_image_confirms_it(site: Site, arm: Arm) -> None:
    assert was_confirmed(point_at(arm, site.found(), "r/app:2", None, instances=None, beside={"alwaysOn": False}))


def test_what_was_changed_besides_is_read_back(site: Site, arm: Arm) -> None:
    assert not was_confirmed(point_at(arm, site.found(), "r/app:2", None, instances=None, beside={"alwaysOn": True}))


@pytest.mark.parametrize("answered", [{}, {"linuxFxVersion": None}, {"linuxFxVersion": "DOCKER|r/app:1"}])
def test_an_answer_without_the_image_confirms_nothing(site: Site, arm: Arm, answered: Mapping[str, object]) -> None:
    update = point_at(arm, site.found(), "r/app:2", None, instances=None, beside={})
    assert not was_confirmed(replace(update, answered=answered))


@pytest.mark.parametrize("answer", [b"", b"<html>", b"{}", b"[]", b'{"properties": 1}'])
def test_an_answer_that_cannot_be_read_confirms_nothing(site: Site, arm: Arm, answer: bytes) -> None:
    site.says = answer
    assert not was_confirmed(point_at(arm, site.found(), "r/app:2", None, instances=None, beside={}))


def test_a_property_that_azure_does_not_keep_is_told(site: Site, arm: Arm) -> None:
    site.keeps.add("alwaysOn")
    beside = {"alwaysOn": True, "numberOfWorkers": 2}
    update = point_at(arm, site.found(), "r/app:2", None, instances=None, beside=beside)
    with pytest.raises(PropertyNotSet) as caught:
        confirm_configuration(arm, update)
    assert caught.value.names == "alwaysOn"
    site.config["linuxFxVersion"] = "DOCKER|of somebody else"
    with pytest.raises(ImageNotSet):
        confirm_configuration(arm, update)


def test_the_same_image_is_not_restarted_where_its_settings_have_just_been_changed(site: Site, arm: Arm) -> None:
    moment = Moment(at=datetime(2026, 1, 1, tzinfo=timezone.utc), sent_at=7.0)
    update = point_at(arm, site.found(), "r/app:1", None, instances=None, beside={}, settings=moment)
    assert site.calls == []
    assert (update.written, update.sent_at, update.restarted) == (moment.at, moment.sent_at, False)
    other = point_at(arm, site.found(), "r/app:2", None, instances=None, beside={}, settings=moment)
    assert site.writes == ["PATCH web"]
    assert other.sent_at > moment.sent_at


def test_what_azure_did_while_it_took_its_time_to_answer_counts_as_after_the_change(site: Site, arm: Arm) -> None:
    site.before["PATCH web"].append(lambda: time.sleep(1.2))
    before = datetime.now(timezone.utc)
    update = point_at(arm, site.found(), "r/app:2", None, instances=None, beside={})
    assert before - timedelta(seconds=2) < update.written <= before


def test_a_refused_restart_after_a_written_property_does_not_mean_that_nothing_changed(site: Site, arm: Arm) -> None:
    site.refusals["POST restart"].append(403)
    with pytest.raises(TaskFailure) as caught:
        point_at(arm, site.found(), "r/app:1", None, instances=None, beside={"publicNetworkAccess": "Disabled"})
    assert caught.value.leaves_open
    site.refusals["POST restart"].append(403)
    with pytest.raises(TaskFailure) as caught:
        point_at(arm, site.found(), "r/app:1", None, instances=None, beside={})
    assert not caught.value.leaves_open
