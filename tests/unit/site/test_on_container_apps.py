"""Function Apps of Microsoft.Web in a Container Apps environment: what is sent, seen and told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytask.cloud.poll import Seen
from pytask.errors.app import AppOnContainerApps
from pytask.errors.azure import OperationInProgress
from pytask.errors.start import ImageNotSet
from pytask.journal import Journal
from pytask.model import Digest, PullAccess, PullPlan, RegistryHost, SmokeTest, Verdict
from pytask.targets.target import UseImage
from pytask.verification import verify_watch
from tests.contract.targets.scene import BEFORE, NEW, NO_REGISTRY, PLAN, THEIRS, VERIFY
from tests.contract.targets.site import ScriptedSiteOnContainerApps
from tests.scripted import OURS, SENT_AT, Answer

if TYPE_CHECKING:
    from pytask.model import AppPlan, Verification
    from pytask.registry.images import ImageSource
    from pytask.targets.site.site import SiteUpdate

ANOTHER = replace(NO_REGISTRY, host=RegistryHost("other.azurecr.io"))


@pytest.fixture
def site() -> ScriptedSiteOnContainerApps:
    return ScriptedSiteOnContainerApps()


def updated(site: ScriptedSiteOnContainerApps, plan: AppPlan = PLAN, source: ImageSource = NO_REGISTRY) -> SiteUpdate:
    target = site.find()
    change = UseImage(reference=NEW, digest=OURS, fresh_tag=True, plan=plan)
    return target.update(change, target.preflight(plan, source), Journal(lambda _: None))


def verified(
    site: ScriptedSiteOnContainerApps, update: SiteUpdate, smoke_test: SmokeTest | None = None
) -> Verification:
    def digest_now(_reference: str) -> Seen[Digest]:
        return Seen(OURS)

    watch = site.find().watch(update, replace(VERIFY, smoke_test=smoke_test), digest_now=digest_now)
    return verify_watch(watch, clock=site.clock, timeouts=site.timeouts, say=site.said.append)


@pytest.mark.parametrize("polls", [0, 1, 9])
@pytest.mark.parametrize("status", [200, 202])
def test_a_change_is_followed_to_its_end_however_azure_answers(
    site: ScriptedSiteOnContainerApps, polls: int, status: int
) -> None:
    site.polls = polls
    if status == 200:
        site.answers("PATCH config/web", Answer(body={"id": "/config/web", "properties": {"reserved": None}}))
    updated(site)
    assert site.image() == NEW
    assert sum("operationresults" in call for _, call in site.calls) == (max(polls, 1) if status == 202 else 0)


def test_another_operation_is_waited_for(site: ScriptedSiteOnContainerApps) -> None:
    site.busy = 3
    updated(site)
    assert site.image() == NEW


def test_an_operation_that_does_not_end_is_named(site: ScriptedSiteOnContainerApps) -> None:
    site.busy = 99
    with pytest.raises(OperationInProgress) as caught:
        updated(site)
    assert "StartContainerAppOperation" in caught.value.detail
    assert "CreatedTime: 11/27/2026" in caught.value.detail
    assert (caught.value.leaves_open, site.image()) == (False, BEFORE)


def test_the_configuration_is_verified_and_the_rest_is_not_with_the_reason(site: ScriptedSiteOnContainerApps) -> None:
    found = verified(site, updated(site), SmokeTest(path="/api/x", statuses=("2xx",)))
    assert [name for name, _ in found.passed] == ["configuration"]
    assert found.verdict is Verdict.UNVERIFIED
    gaps = dict(found.unavailable)
    assert set(gaps) == {"image digest", "restarted host", "functions", "smoke test"}
    assert "Container Apps environment" in gaps["image digest"]
    assert "Container Apps environment" in gaps["restarted host"]


def test_what_azure_does_not_have_there_is_not_asked_for_and_not_waited_for(site: ScriptedSiteOnContainerApps) -> None:
    began = site.clock.monotonic()
    verified(site, updated(site))
    asked = {call for _, call in site.calls}
    assert not asked & {"POST containerlogs", "GET hostruntime/admin/host/status", "GET instances"}
    assert site.clock.monotonic() - began < 60


@pytest.mark.parametrize("fate", ["crashes", "stays away", "cannot be seen"])
def test_an_image_that_nobody_sees_is_not_rolled_back(site: ScriptedSiteOnContainerApps, fate: str) -> None:
    site.new_image(fate)
    assert verified(site, updated(site)).verdict is Verdict.UNVERIFIED


def test_an_image_that_someone_else_sets_meanwhile_is_seen(site: ScriptedSiteOnContainerApps) -> None:
    update = updated(site)
    site.somebody_uses(THEIRS)
    with pytest.raises(ImageNotSet):
        verified(site, update)


def test_properties_that_azure_shows_as_null_are_not_called_changed(site: ScriptedSiteOnContainerApps) -> None:
    plan = replace(PLAN, configuration={"alwaysOn": True})
    site.answers("GET config/web", lambda _: Answer(body={"properties": {"linuxFxVersion": f"DOCKER|{site.image()}"}}))
    update = updated(site, plan)
    assert update.changed == ("alwaysOn",)
    assert [name for name, _ in verified(site, update).passed] == ["configuration"]


@pytest.mark.parametrize("access", [PullAccess.MANAGED_IDENTITY, PullAccess.ADMIN_USER])
def test_pull_access_is_not_set_up_there(site: ScriptedSiteOnContainerApps, access: PullAccess) -> None:
    with pytest.raises(AppOnContainerApps):
        updated(site, replace(PLAN, pull=PullPlan(access=access)), ANOTHER)
    assert (site.image(), site.writes()) == (BEFORE, [])


def test_what_the_app_signs_in_with_is_not_guessed(site: ScriptedSiteOnContainerApps) -> None:
    updated(site, source=ANOTHER)
    assert site.image() == NEW


def test_the_preflight_says_what_is_different_and_sets_no_storage(site: ScriptedSiteOnContainerApps) -> None:
    site.answers("POST config/appsettings/list", Answer(body={"properties": {"A": "b"}}))
    target = site.find()
    snapshot = target.preflight(PLAN, NO_REGISTRY)
    assert any("stays unverified" in note for note in snapshot.notes)
    assert not snapshot.limits_ids
    assert target.pending(PLAN, snapshot) == ()


def test_a_write_of_45_seconds_is_within_the_limits(site: ScriptedSiteOnContainerApps) -> None:
    recorded = 45
    assert site.timeouts.http_read > recorded * 1.3
    assert site.timeouts.http_total > recorded * 2
    assert site.clock.monotonic() == SENT_AT
