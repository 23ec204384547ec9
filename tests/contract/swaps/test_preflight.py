"""What keeps two slots from being swapped is found before anything is written, and what a swap moves is told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytask.access.setup import PullSetup
from pytask.errors.container_app import ContainerAppHasNoSlots
from pytask.errors.swap import HostIdsCollide, SlotSwapsItself, SwapPullDiffers
from pytask.model import PullAccess, PullPlan, WantedSettings
from pytask.targets.find import find_slots
from pytask.targets.site.slots.preflight import host_id
from tests.contract.targets.container_app import ScriptedContainerApp
from tests.contract.targets.scene import NO_REGISTRY, PLAN
from tests.scripted import Answer, found_site

if TYPE_CHECKING:
    from pytask.targets.target import Snapshot
    from tests.contract.targets.slots import ScriptedSlots

BY_IDENTITY = {"acrUseManagedIdentityCreds": True}
SWAPS = replace(PLAN, swap=True)
FORBIDDEN = Answer(403, {"error": {"code": "AuthorizationFailed", "message": "no"}})


def preflight(slots: ScriptedSlots, plan: object = SWAPS) -> Snapshot:
    """Check both slots as a run does."""
    assert isinstance(plan, type(PLAN))
    pair = slots.pair()
    found = pair.preflight(plan, NO_REGISTRY, pair.slot.preflight(plan, NO_REGISTRY), deploys=True)
    assert slots.writes() == []
    return found


def test_production_is_found_beside_its_slot(slots: ScriptedSlots) -> None:
    found = preflight(slots)
    assert (found.app.title, found.app.slot, found.app.image) == ("shop", "", slots.images()[0])
    assert found.pull == PullSetup()


def test_a_slot_that_azure_swaps_by_itself_is_refused(slots: ScriptedSlots) -> None:
    slots.slots["staging"].config["autoSwapSlotName"] = "production"
    with pytest.raises(SlotSwapsItself) as caught:
        preflight(slots)
    assert "--slot staging --disable" in caught.value.tell(caught.value.fix)


@pytest.mark.parametrize(
    ("production", "slot"),
    [
        (BY_IDENTITY, {}),
        ({}, BY_IDENTITY),
        (BY_IDENTITY, {**BY_IDENTITY, "acrUserManagedIdentityID": "one"}),
        ({**BY_IDENTITY, "acrUserManagedIdentityID": "two"}, {**BY_IDENTITY, "acrUserManagedIdentityID": "one"}),
    ],
)
def test_slots_that_pull_in_different_ways_are_refused(
    slots: ScriptedSlots, production: dict[str, object], slot: dict[str, object]
) -> None:
    slots.slots[""].config, slots.slots["staging"].config = dict(production), dict(slot)
    with pytest.raises(SwapPullDiffers) as caught:
        preflight(slots)
    assert "appPullAccess to managedIdentity" in caught.value.tell(caught.value.fix)


@pytest.mark.parametrize("config", [{}, BY_IDENTITY, {**BY_IDENTITY, "acrUserManagedIdentityID": "ONE"}])
def test_slots_that_pull_in_the_same_way_are_not(slots: ScriptedSlots, config: dict[str, object]) -> None:
    slots.slots[""].config = dict(config)
    slots.slots["staging"].config = {name: str(one).lower() if one == "ONE" else one for name, one in config.items()}
    preflight(slots)


def test_an_identity_that_no_property_uses_does_not_differ(slots: ScriptedSlots) -> None:
    slots.slots["staging"].config = {"acrUserManagedIdentityID": "unused", "acrUseManagedIdentityCreds": False}
    preflight(slots)


def test_a_step_that_sets_up_pull_access_writes_productions_part_before_the_swap(slots: ScriptedSlots) -> None:
    pair = slots.pair()
    snapshot = replace(preflight(slots), pull=PullSetup(properties={**BY_IDENTITY, "acrUserManagedIdentityID": ""}))
    assert pair.set_up_pull(snapshot) == ("acrUseManagedIdentityCreds",)
    assert slots.writes() == ["PATCH config/web"]
    assert slots.slots[""].config == BY_IDENTITY
    assert pair.set_up_pull(snapshot) == ()
    assert slots.writes() == ["PATCH config/web"]


def test_one_host_id_in_one_storage_account_is_refused(slots: ScriptedSlots) -> None:
    for slot in slots.slots.values():
        slot.settings.update({"AzureFunctionsWebHost__hostid": "same", "AzureWebJobsStorage": "one account"})
    with pytest.raises(HostIdsCollide):
        preflight(slots)
    slots.slots["staging"].settings["AzureWebJobsStorage"] = "another"
    preflight(slots)
    slots.slots["staging"].settings.update({"AzureWebJobsStorage": "one account"})
    slots.slots["staging"].settings.update({"AzureFunctionsWebHost:hostid": "same-staging"})
    del slots.slots["staging"].settings["AzureFunctionsWebHost__hostid"]
    preflight(slots)


def test_a_host_id_that_the_step_sets_counts(slots: ScriptedSlots) -> None:
    for slot in slots.slots.values():
        slot.settings.update({"AzureFunctionsWebHost__hostid": "same", "AzureWebJobsStorage": "one account"})
    preflight(slots, replace(SWAPS, settings=WantedSettings(values={"AzureFunctionsWebHost__hostid": "staging"})))


@pytest.mark.parametrize(
    ("name", "slot", "expected"),
    [
        ("shop", "", "shop"),
        ("shop", "Staging", "shop-staging"),
        ("a" * 32, "staging", "a" * 32),
        ("a" * 31, "staging", "a" * 31),
        ("A" * 30, "staging", "a" * 30 + "-s"),
        ("a" * 40, "", "a" * 32),
    ],
)
def test_a_host_id_is_cut_after_32_characters(name: str, slot: str, expected: str) -> None:
    assert host_id(found_site(name=name, slot=slot), {}) == expected


def test_what_a_swap_moves_and_what_stays_is_told_by_name(slots: ScriptedSlots) -> None:
    slots.slots[""].settings.update({"ONLY_PRODUCTION": "secret-one", "AzureWebJobsSecretStorageType": "files"})
    slots.slots["staging"].settings.update({"ONLY_SLOT": "secret-two", "AzureWebJobsSecretStorageType": "files"})
    told = "\n".join(preflight(slots, replace(SWAPS, settings=WantedSettings(values={"NEW": "x"}))).notes)
    assert "settings that stay with their slot: AzureWebJobsStorage" in told
    assert "only production has, and that move to the slot: ONLY_PRODUCTION" in told
    assert "only the slot has, and that move to production: NEW, ONLY_SLOT" in told
    assert "a swap resets the function keys" in told
    assert "secret" not in told


def test_what_the_connection_may_not_read_is_told(slots: ScriptedSlots) -> None:
    slots.scripts["GET config/slotConfigNames"].append(FORBIDDEN)
    assert "which settings stay with their slot is not known" in "\n".join(preflight(slots).notes)
    slots.scripts["POST config/appsettings/list"].append(FORBIDDEN)
    assert "cannot be compared" in "\n".join(preflight(slots).notes)


def test_an_app_on_container_apps_has_nothing_to_swap() -> None:
    with pytest.raises(ContainerAppHasNoSlots):
        find_slots(ScriptedContainerApp().find())


@pytest.mark.parametrize("access", [PullAccess.KEEP, PullAccess.ADMIN_USER])
def test_only_a_managed_identity_is_set_up_in_production(slots: ScriptedSlots, access: PullAccess) -> None:
    slots.slots[""].config = dict(BY_IDENTITY)
    pair = slots.pair()
    slot = pair.slot.preflight(SWAPS, NO_REGISTRY)
    with pytest.raises(SwapPullDiffers):
        pair.preflight(replace(SWAPS, pull=PullPlan(access=access)), NO_REGISTRY, slot, deploys=True)
