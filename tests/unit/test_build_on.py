"""Where the image is built: what the inputs say, and what must go with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytask.errors.acr_build import AcrBuildNeedsAzure, AcrBuildNeedsRegistry, AcrFlagUnavailable
from pytask.model import AcrTasks, Build, BuildAndPush, BuildPushDeploy, RegistryAddress, RegistryHost
from pytask.report.plan import render_plan
from tests.unit.inputs.environments import an_environment, codes, read
from tests.unit.test_registry_inputs import OTHER, by_password

if TYPE_CHECKING:
    from pathlib import Path

CONTOSO = RegistryAddress(name="contoso", login_server=RegistryHost("contoso.azurecr.io"))


def acr_of(environment: dict[str, str]) -> AcrTasks | None:
    plan = read(environment)
    assert isinstance(plan, Build | BuildAndPush | BuildPushDeploy)
    return plan.acr


def test_this_agent_builds_unless_the_step_says_otherwise(tmp_path: Path) -> None:
    assert acr_of(an_environment(tmp_path)) is None
    assert acr_of(an_environment(tmp_path, buildOn="Agent")) is None


@pytest.mark.parametrize("command", ["build", "buildAndPush", "buildPushDeploy"])
def test_the_registry_that_the_image_is_for_builds_it(tmp_path: Path, command: str) -> None:
    environment = an_environment(tmp_path, command=command, buildOn="acr", acrAgentPool="pool1")
    assert acr_of(environment) == AcrTasks(registry=CONTOSO, agent_pool="pool1")
    assert "on      ACR Tasks of contoso.azurecr.io, on its agent pool pool1" in render_plan(read(environment))


def test_a_registry_by_its_name_is_left_to_resource_manager(tmp_path: Path) -> None:
    found = acr_of(an_environment(tmp_path, buildOn="acr", azureContainerRegistry="contoso"))
    assert found
    assert found.registry.login_server is None


def test_an_image_that_is_not_pushed_needs_a_registry_too(tmp_path: Path) -> None:
    environment = an_environment(tmp_path, command="build", buildOn="acr", azureContainerRegistry="")
    assert codes(environment) == [AcrBuildNeedsRegistry.code]
    named = an_environment(
        tmp_path, command="build", buildOn="acr", azureContainerRegistry="", imageName="contoso.azurecr.io/shop"
    )
    found = acr_of(named)
    assert found
    assert found.registry.login_server == RegistryHost("contoso.azurecr.io")


def test_a_password_does_not_lead_to_resource_manager(tmp_path: Path) -> None:
    own = {"containerRegistry": OTHER, "azureContainerRegistry": "", "buildOn": "acr"}
    quay = an_environment(tmp_path, **own) | by_password("https://quay.io")
    assert codes(quay) == [AcrBuildNeedsAzure.code]
    alone = an_environment(tmp_path, **own, command="buildAndPush", azureSubscription="") | by_password(
        "https://contoso.azurecr.io"
    )
    assert codes(alone) == [AcrBuildNeedsAzure.code]
    beside = an_environment(tmp_path, **own) | by_password("https://contoso.azurecr.io")
    assert acr_of(beside), "azureSubscription leads there"


@pytest.mark.parametrize("flag", ["--ssh default", "--build-context lib=../lib", "--allow network.host"])
def test_a_flag_about_this_machine_is_a_mistake_there(tmp_path: Path, flag: str) -> None:
    assert codes(an_environment(tmp_path, buildOn="acr", arguments=flag)) == [AcrFlagUnavailable.code]
    assert acr_of(an_environment(tmp_path, arguments=flag)) is None


def test_a_flag_that_means_the_same_everywhere_is_none(tmp_path: Path) -> None:
    flags = "--pull --no-cache --build-context base=docker-image://alpine:3"
    assert acr_of(an_environment(tmp_path, buildOn="acr", arguments=flags))


def test_an_agent_pool_without_acr_is_noted(tmp_path: Path) -> None:
    plan = read(an_environment(tmp_path, acrAgentPool="pool1"))
    assert "acrAgentPool is ignored: this agent builds (buildOn: agent)" in plan.notes


def test_an_unknown_place_is_a_mistake(tmp_path: Path) -> None:
    assert codes(an_environment(tmp_path, buildOn="cloud")) == ["input-not-a-choice"]
