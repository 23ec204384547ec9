"""A run that is cancelled between two changes: whatever was not sent any more is not said to have been sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import ServiceResponseError, ServiceResponseTimeoutError

from pytask.cloud.arm import ArmCall
from pytask.errors import Cancelled, TaskFailure
from pytask.journal import Action, Journal
from pytask.model import PushedImage, RegistryHost, WantedSettings
from pytask.report.state import describe_state
from pytask.targets.site.settings import change_settings
from pytask.targets.site.update import point_at

if TYPE_CHECKING:
    from azure.core.rest import HttpRequest, HttpResponse

    from pytask.cloud.arm import Arm
    from tests.contract.arm_site import Site

IMAGE = PushedImage(registry=RegistryHost.parse("r.azurecr.io"), repository="app", tags=("2",), digest=None)
WANTED = WantedSettings(values={"COLOR": "green"})


@pytest.fixture
def journal() -> Journal:
    return Journal(lambda _: None)


def updated(site: Site, arm: Arm, journal: Journal) -> None:
    """Do what an update does, and record it as a run does."""
    found = site.found()
    journal.add(found)
    journal.add(IMAGE)
    with journal.attempt(Action.UPDATE):
        change_settings(arm, found, WANTED, site.settings, journal)
        point_at(arm, found, "r/app:2", None, instances=None, beside={})


@pytest.mark.parametrize("moment", ["before", "after"])
def test_settings_that_were_written_are_told_and_an_image_that_was_not_sent_is_not(
    site: Site, arm: Arm, journal: Journal, moment: str
) -> None:
    {"before": site.before, "after": site.after}[moment]["PUT appsettings"].append(arm.http.clock.cancelled.set)
    with pytest.raises(Cancelled):
        updated(site, arm, journal)
    assert (site.writes, site.settings["COLOR"]) == (["PUT appsettings"], "green")
    assert (journal.left_open(Action.UPDATE), journal.left_open(Action.SETTINGS)) == ((), ("COLOR",))
    assert "the change to" not in describe_state(journal)
    assert "COLOR may have been written" in describe_state(journal)


def test_an_image_that_was_not_sent_after_confirmed_settings_is_not_said_to_be_sent(
    site: Site, arm: Arm, journal: Journal
) -> None:
    site.after["POST list"].extend([lambda: None, arm.http.clock.cancelled.set])
    with pytest.raises(Cancelled):
        updated(site, arm, journal)
    assert site.writes == ["PUT appsettings"]
    assert (journal.left_open(Action.UPDATE), journal.left_open(Action.SETTINGS)) == ((), ())
    assert "COLOR added" in describe_state(journal)


def test_a_run_that_is_cancelled_before_its_first_change_has_changed_nothing(
    site: Site, arm: Arm, journal: Journal
) -> None:
    site.after["POST list"].append(arm.http.clock.cancelled.set)
    with pytest.raises(Cancelled):
        updated(site, arm, journal)
    assert site.writes == []
    assert "app was not changed" in describe_state(journal)


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_of_calls_that_are_interrupted_only_a_write_leaves_something_open(arm: Arm, method: str) -> None:
    def interrupted(*_: object, **__: object) -> HttpResponse:
        raise Cancelled

    cut = replace(arm, http=replace(arm.http, sender=interrupted))
    with pytest.raises(Cancelled) as caught:
        cut.send(ArmCall(method, "/x", doing="see"))
    assert caught.value.leaves_open is (method == "PATCH")


@pytest.mark.parametrize("fault", [Cancelled, ServiceResponseError("cut off"), ServiceResponseTimeoutError("late")])
def test_settings_that_are_only_read_leave_nothing_open_although_that_is_a_post(
    site: Site, arm: Arm, journal: Journal, fault: BaseException
) -> None:
    """Azure lists settings by POST, because they are secrets."""
    sender = arm.http.sender

    def interrupted(sent: HttpRequest, **options: object) -> HttpResponse:
        if sent.method == "POST":
            raise fault
        return sender(sent, **options)

    cut = replace(arm, http=replace(arm.http, sender=interrupted))
    with pytest.raises((Cancelled, TaskFailure)):
        updated(site, cut, journal)
    assert site.writes == []
    assert (journal.left_open(Action.UPDATE), journal.left_open(Action.SETTINGS)) == ((), ())
    assert "app was not changed" in describe_state(journal)


@pytest.mark.parametrize(("method", "leaves_open"), [("GET", False), ("PATCH", True)])
def test_of_calls_that_are_waiting_to_be_sent_again_only_a_write_leaves_something_open(
    arm: Arm, method: str, leaves_open: bool
) -> None:
    def lost(*_: object, **__: object) -> HttpResponse:
        arm.http.clock.cancelled.set()
        raise ServiceResponseError("cut off")

    cut = replace(arm, http=replace(arm.http, sender=lost))
    with pytest.raises(Cancelled) as caught:
        cut.send(ArmCall(method, "/x", doing="see"))
    assert caught.value.leaves_open is leaves_open


def test_a_restart_that_is_not_sent_after_a_change_leaves_the_change_open(
    site: Site, arm: Arm, journal: Journal
) -> None:
    site.after["PATCH web"].append(arm.http.clock.cancelled.set)
    beside = {"publicNetworkAccess": "Disabled"}
    with pytest.raises(Cancelled), journal.attempt(Action.UPDATE):
        point_at(arm, site.found(), "r/app:1", None, instances=None, beside=beside)
    assert site.writes == ["PATCH web"]
    assert journal.left_open(Action.UPDATE)
