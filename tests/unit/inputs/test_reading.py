"""Inputs become typed records; every mistake is told, all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytask.errors import ManyFailures
from pytask.errors.agent import AgentVariableMissing
from pytask.model import (
    AppAddress,
    AppPlan,
    Build,
    Check,
    Command,
    DeployBy,
    PullAccess,
    PullPlan,
    SmokeTest,
    VerifyPlan,
    WhenUnchanged,
    WhenUnverified,
)
from tests.plans import building
from tests.unit.inputs.environments import an_environment, built, codes, deployed, read

if TYPE_CHECKING:
    from pathlib import Path


def test_three_inputs_are_enough(tmp_path: Path) -> None:
    plan = read(an_environment(tmp_path))
    recipe, destination = built(an_environment(tmp_path))
    assert plan.command is Command.BUILD_PUSH_DEPLOY
    assert building(plan).names.references == ("contoso.azurecr.io/myrepo:77",)
    assert destination.tags == ("77",)
    assert (recipe.dockerfile, recipe.context, recipe.platform) == (tmp_path / "Dockerfile", tmp_path, "linux/amd64")
    assert plan.notes == ("imageName: 'My Repo' was changed to 'myrepo', as registries require",)
    deploy, verification = deployed(an_environment(tmp_path))
    assert deploy == AppPlan(
        app=AppAddress(name="my-app"), deploy_by=DeployBy.TAG, when_unchanged=WhenUnchanged.DEPLOY, verify=verification
    )
    assert verification == VerifyPlan(
        seconds=600, smoke_test=None, when_unverified=WhenUnverified.WARN, roll_back=True, annotate=True
    )


def test_an_empty_input_means_its_default(tmp_path: Path) -> None:
    empty = dict.fromkeys(["imageName", "tags", "platform", "verify", "verifyTimeoutMinutes", "dockerFile"], "")
    assert read(an_environment(tmp_path, **empty)) == read(an_environment(tmp_path))


def test_all_mistakes_are_told_at_once_and_each_names_its_input(tmp_path: Path) -> None:
    environment = an_environment(
        tmp_path, tags="a/b", platform="amd64", verify="maybe", verifyTimeoutMinutes="-1", appName=""
    )
    with pytest.raises(ManyFailures) as caught:
        read(environment)
    told = {failure.code: failure.tell("{input}") for failure in caught.value.failures}
    assert told == {
        "tag-invalid": "tags",
        "input-required": "appName",
        "platform-invalid": "platform",
        "input-not-boolean": "verify",
        "input-not-minutes": "verifyTimeoutMinutes",
    }


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"azureSubscription": "$(connection)"}, "connection-not-expanded"),
        ({"imageName": "$(image.name)"}, "variable-not-expanded"),
        ({"azureSubscription": "nobody"}, "connection-not-found"),
        ({"azureSubscription": ""}, "input-required"),
        ({"azureContainerRegistry": ""}, "input-required"),
        ({"azureContainerRegistry": "?"}, "registry-invalid"),
        ({"imageName": "fabrikam.azurecr.io/x"}, "image-host-differs"),
        ({"imageName": "-"}, "image-name-invalid"),
        ({"imageName": "a@sha256:0"}, "image-digest-not-buildable"),
        ({"appName": "a_b"}, "app-name-invalid"),
        ({"buildArgs": "x"}, "build-argument-invalid"),
        ({"arguments": "'"}, "arguments-unreadable"),
        ({"arguments": "--push"}, "argument-refused"),
        ({"dockerFile": "none"}, "dockerfile-not-found"),
        ({"buildContext": "none"}, "context-not-found"),
        ({"command": "destroy"}, "input-not-a-choice"),
        ({"slotName": "my slot"}, "slot-invalid"),
        ({"appPullAccess": "managedIdentity", "pullIdentity": "id-pull"}, "pull-identity-invalid"),
        ({"smokeTestPath": "https://x"}, "smoke-path-invalid"),
        ({"smokeTestStatus": "20"}, "smoke-status-invalid"),
        ({"command": "deploy", "imageName": "app:1", "azureContainerRegistry": ""}, "registry-needed"),
        ({"command": "deploy", "imageName": "", "recordFile": "none.json"}, "record-unreadable"),
    ],
)
def test_a_mistake_has_its_own_code(tmp_path: Path, inputs: dict[str, str], code: str) -> None:
    assert codes(an_environment(tmp_path, **inputs)) == [code]


def test_a_variable_left_in_free_text_is_noted_and_no_mistake(tmp_path: Path) -> None:
    inputs = read(an_environment(tmp_path, buildArgs="A=$(later)"))
    assert "buildArgs contains $(later), but there is no such variable" in inputs.notes


def test_outside_a_job_the_missing_variable_is_named(tmp_path: Path) -> None:
    environment = an_environment(tmp_path)
    del environment["SYSTEM_DEFAULTWORKINGDIRECTORY"]
    with pytest.raises(AgentVariableMissing, match=r"System\.DefaultWorkingDirectory"):
        read(environment)


def test_an_identity_to_pull_with_is_named_by_either_id(tmp_path: Path) -> None:
    client = "1A2B3C4D-0000-4000-8000-00000000ABCD"
    resource = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-pull"
    for written, understood in (("", ""), (client, client.lower()), (f"{resource}/", resource)):
        environment = an_environment(tmp_path, appPullAccess="managedidentity", pullIdentity=written)
        assert deployed(environment)[0].pull == PullPlan(access=PullAccess.MANAGED_IDENTITY, identity=understood)
    assert read(an_environment(tmp_path, pullIdentity=client)).notes[-1].startswith("pullIdentity is used only")
    assert deployed(an_environment(tmp_path))[0].pull == PullPlan(access=PullAccess.KEEP, identity="")


def test_a_build_needs_neither_azure_nor_an_app(tmp_path: Path) -> None:
    nothing = {"azureSubscription": "", "azureContainerRegistry": "", "appName": ""}
    plan = read(an_environment(tmp_path, command="build", **nothing))
    assert isinstance(plan, Build)
    assert plan.connection is None
    assert building(plan).names.references == ("myrepo:77",)


def test_a_check_needs_neither_an_image_nor_docker(tmp_path: Path) -> None:
    environment = an_environment(tmp_path, command="CHECK", azureContainerRegistry="", imageName="")
    (tmp_path / "Dockerfile").unlink()
    plan = read(environment)
    assert isinstance(plan, Check)


def test_the_slot_and_the_smoke_test_are_read(tmp_path: Path) -> None:
    environment = an_environment(tmp_path, slotName="staging", smokeTestPath="api/x", smokeTestStatus="200, 3xx")
    deploy, verification = deployed(environment)
    assert deploy.app.slot == "staging"
    assert verification
    assert verification.smoke_test == SmokeTest(path="/api/x", statuses=("200", "3xx"))
    assert deployed(an_environment(tmp_path, verify="false"))[1] is None
    assert deployed(an_environment(tmp_path, slotName="Production"))[0].app.slot == ""
