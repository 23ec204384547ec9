"""Flags, properties and settings of an app, and swaps of its slots."""

from __future__ import annotations

import pytest

from dev.mover.arguments import OWN_INPUTS
from dev.mover.tasks import REFUSED_PROPERTIES, SITE_PROPERTIES
from pytask.targets.site import site_properties
from tests.unit.moving.old_steps import BUILD, DEPLOY, PUSH, SWAP, job, move, only, steps_in, tasks


def test_flags_with_an_input_of_their_own_go_there() -> None:
    flags = "--no-cache --secret id=a,src=b --secret=id=c,env=D --platform linux/arm64 --build-arg A=$(b)"
    moved, told = move(job(f"{BUILD}    arguments: {flags}\n", PUSH, DEPLOY))
    assert only(moved)["arguments"] == "--no-cache --build-arg A=$(b)"
    assert only(moved)["buildSecrets"] == "a,src=b\nc,env=D\n"
    assert only(moved)["platform"] == "linux/arm64"
    assert "--secret in arguments becomes buildSecrets" in told


def test_properties_with_an_input_of_their_own_go_there() -> None:
    told = "    configurationStrings: -alwaysOn true -acrUseManagedIdentityCreds true -linuxFxVersion DOCKER|a\n"
    moved, _ = move(job(DEPLOY + told))
    assert (only(moved)["configurationStrings"], only(moved)["appPullAccess"]) == ("-alwaysOn true", "managedIdentity")


def test_the_mover_knows_each_property_that_the_program_knows() -> None:
    names = (*site_properties.SWITCHES, *site_properties.NUMBERS, *site_properties.TEXTS, *site_properties.CHOICES)
    known = {name.lower() for name in (*names, *site_properties.LISTS, *site_properties.OBJECTS)}
    assert known == SITE_PROPERTIES
    assert {name.lower() for name in site_properties.REFUSED} == REFUSED_PROPERTIES | set(OWN_INPUTS)


@pytest.mark.parametrize("text", ["-A:B 1", "-A 1 -B-C 2", '-A "x -y:z" -D: 3'])
def test_a_setting_whose_name_the_new_step_refuses_leaves_the_step_as_it_is(text: str) -> None:
    step = job(f"{DEPLOY}    appSettings: '{text}'\n")
    moved, told = move(step)
    assert moved == step
    assert "in appSettings is not allowed on Linux" in told


@pytest.mark.parametrize("text", ['-A "-x:y" -B 1', "-A -1", "A:B=1", '-A.B__C "x" -URL https://a.b/c-d:e'])
def test_a_setting_whose_value_only_looks_like_such_a_name_moves(text: str) -> None:
    assert tasks(move(job(f"{DEPLOY}    appSettings: '{text}'\n"))[0]) == ["deploy"]


@pytest.mark.parametrize(
    "value",
    [
        "-acrUseManagedIdentityCreds $(x)",
        "-connectionStrings a",
        "-acrUserManagedIdentityID a",
        "-noSuchThing a",
        "'-phpVersion: 7'",
    ],
)
def test_a_property_that_the_new_step_refuses_leaves_the_step_as_it_is(value: str) -> None:
    text = job(f"{DEPLOY}    configurationStrings: {value}\n")
    moved, told = move(text)
    assert moved == text
    assert "left:" in told


def test_a_swap_of_an_app_that_the_file_deploys_to_moves() -> None:
    moved, told = move(job(DEPLOY, SWAP))
    assert tasks(moved) == ["deploy", "swap"]
    assert list(steps_in(moved))[1]["inputs"] == {
        "command": "swap",
        "azureSubscription": "contoso-azure",
        "appName": "hello-function",
        "resourceGroupName": "rg",
        "slotName": "staging",
    }
    assert "swapped back if it does not run the image" in told
    assert move(moved)[0] == moved


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("hello-function", "other"), "--function-app 'other'"),
        (("staging", "production"), "swaps a slot into production"),
        (("staging", "staging\n    SwapWithProduction: false\n    TargetSlot: warm"), "it swaps with the slot warm"),
        (("staging", "staging\n    Action: Complete Swap"), "no swap with preview"),
        (("staging", "staging\n    ${{ if a }}:\n      PreserveVnet: true"), "depends on a template expression"),
    ],
)
def test_a_swap_that_the_new_step_cannot_do_is_left_with_the_reason(change: tuple[str, str], why: str) -> None:
    swap = SWAP.replace(*change)
    moved, told = move(job(DEPLOY, swap))
    assert moved.endswith(swap)
    assert why in told


def test_what_else_the_old_task_does_to_an_app_is_no_swap() -> None:
    stop = SWAP.replace("staging", "staging\n    Action: Stop Azure App Service")
    assert tasks(move(job(DEPLOY, stop))[0]) == ["deploy", "AzureAppServiceManage@0"]
