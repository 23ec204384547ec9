"""What a step that swaps needs, excludes and does not use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytask.model import PullPlan, Swap
from tests.plans import app_of
from tests.unit.inputs.environments import an_environment, codes, read

if TYPE_CHECKING:
    from pathlib import Path

TO_SWAP = {"command": "swap", "slotName": "staging"}


def test_a_swap_needs_a_slot(tmp_path: Path) -> None:
    for slot in ("", "production", "Production"):
        assert codes(an_environment(tmp_path, **{**TO_SWAP, "slotName": slot})) == ["swap-needs-slot"]
        assert codes(an_environment(tmp_path, slotName=slot, swapWithProduction="true")) == ["swap-needs-slot"]


def test_a_swap_with_production_excludes_further_apps_and_needs_the_verification(tmp_path: Path) -> None:
    given = {"slotName": "staging", "swapWithProduction": "true", "moreApps": "other", "verify": "false"}
    assert codes(an_environment(tmp_path, **given)) == ["swap-of-many-apps", "swap-needs-verification"]
    assert app_of(read(an_environment(tmp_path, slotName="staging", swapWithProduction="true"))).swap
    assert not app_of(read(an_environment(tmp_path, slotName="staging"))).swap


def test_a_swap_tells_what_it_does_not_use_and_refuses_none_of_it(tmp_path: Path) -> None:
    unused = {"appSettings": "not=valid\nno", "moreApps": "x", "swapWithProduction": "true", "arguments": "-t x"}
    plan = read(an_environment(tmp_path, **TO_SWAP, **unused, appPullAccess="adminUser", buildArgs=""))
    assert isinstance(plan, Swap)
    told = next(note for note in plan.notes if note.startswith("command: swap does not use"))
    names = "swapWithProduction, moreApps, appSettings, arguments, appPullAccess: adminUser"
    assert told == f"command: swap does not use {names}"
    assert (app_of(plan).settings.values, app_of(plan).pull) == ({}, PullPlan())


@pytest.mark.parametrize(
    ("inputs", "image"),
    [
        ({"imageName": "shop"}, None),
        ({}, None),
        ({"imageName": "shop:7"}, "contoso.azurecr.io/shop:7"),
        ({"imageName": "shop", "tags": "7"}, "contoso.azurecr.io/shop:7"),
        ({"imageName": f"shop@sha256:{'1' * 64}"}, f"contoso.azurecr.io/shop@sha256:{'1' * 64}"),
    ],
)
def test_a_swap_is_of_a_named_image_or_of_whatever_the_slot_runs(
    tmp_path: Path, inputs: dict[str, str], image: str | None
) -> None:
    plan = read(an_environment(tmp_path, **TO_SWAP, **inputs))
    assert isinstance(plan, Swap)
    assert (str(plan.image.reference) if plan.image else None) == image
    assert any("whatever the slot runs is swapped" in note for note in plan.notes) is (image is None)
