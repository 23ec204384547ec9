"""Inputs become typed records; every mistake is told, all at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytask.errors import ManyFailures
from pytask.errors.agent import AgentVariableMissing
from pytask.inputs import read_plan
from pytask.inputs.image import source_labels
from pytask.model import (
    AppAddress,
    AppPlan,
    Build,
    BuildPushDeploy,
    CertificateIdentity,
    Check,
    Cloud,
    Command,
    DeployBy,
    Destination,
    Digest,
    ExistingImage,
    FederatedIdentity,
    ImageReference,
    KeyIdentity,
    ManagedIdentity,
    PullAccess,
    PullPlan,
    Recipe,
    RegistryAddress,
    RegistryHost,
    Secret,
    ServiceConnection,
    SmokeTest,
    Swap,
    VerifyPlan,
    WhenUnchanged,
    WhenUnverified,
)
from tests.local_azure.state.client_certificate import new_client_certificate
from tests.plans import app_of, building, deploying, pushing

if TYPE_CHECKING:
    from pathlib import Path

    from pytask.model import Plan

ID = "0a1b2c3d-0000-4000-8000-00000000abcd"
CERTIFICATE = {
    f"ENDPOINT_AUTH_PARAMETER_{ID}_AUTHENTICATIONTYPE": "spnCertificate",
    f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALKEY": "",
    f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALCERTIFICATE": new_client_certificate().pem,
}


def an_environment(sources: Path, **inputs: str) -> dict[str, str]:
    """Return the environment of a step with the inputs given and a service connection with a key."""
    (sources / "Dockerfile").write_text("FROM scratch\n")
    given = {
        "azureSubscription": ID.upper(),
        "azureContainerRegistry": "contoso.azurecr.io",
        "appName": "my-app",
        **inputs,
    }
    return {
        "SYSTEM_DEFAULTWORKINGDIRECTORY": str(sources),
        "BUILD_REPOSITORY_NAME": "My Repo",
        "BUILD_BUILDID": "77",
        f"ENDPOINT_URL_{ID}": "https://management.azure.com/",
        f"ENDPOINT_AUTH_SCHEME_{ID}": "ServicePrincipal",
        f"ENDPOINT_AUTH_PARAMETER_{ID}_TENANTID": "the-tenant",
        f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALID": "the-client",
        f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALKEY": "the-key",
        f"ENDPOINT_DATA_{ID}_SUBSCRIPTIONID": "the-subscription",
        f"ENDPOINT_DATA_{ID}_SUBSCRIPTIONNAME": "Contoso",
        f"ENDPOINT_DATA_{ID}_ACTIVEDIRECTORYSERVICEENDPOINTRESOURCEID": "https://management.core.windows.net/",
        **{f"INPUT_{name.upper()}": value for name, value in given.items()},
    }


def read(environment: dict[str, str]) -> Plan:
    return read_plan(environment, Secret)


def built(environment: dict[str, str]) -> tuple[Recipe, Destination]:
    plan = read(environment)
    assert isinstance(plan, BuildPushDeploy)
    return plan.recipe, plan.names


def deployed(environment: dict[str, str]) -> tuple[AppPlan, VerifyPlan | None]:
    app = app_of(read(environment))
    return app, app.verify


def connected(environment: dict[str, str]) -> ServiceConnection:
    connection = read(environment).connection
    assert connection
    return connection


def codes(environment: dict[str, str]) -> list[str]:
    with pytest.raises(ManyFailures) as caught:
        read(environment)
    return [failure.code for failure in caught.value.failures]


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


def test_the_connection_is_found_whatever_the_case_of_its_id(tmp_path: Path) -> None:
    connection = connected(an_environment(tmp_path))
    assert connection.id == ID
    assert connection.cloud.arm_url == "https://management.azure.com"
    assert connection.cloud.arm_scope == "https://management.core.windows.net//.default"
    assert connection.identity == KeyIdentity(client_id="the-client", secret=Secret("the-key"))


def test_a_federated_connection_needs_no_key(tmp_path: Path) -> None:
    environment = an_environment(tmp_path) | {f"ENDPOINT_AUTH_SCHEME_{ID}": "WorkloadIdentityFederation"}
    del environment[f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALKEY"]
    assert isinstance(connected(environment).identity, FederatedIdentity)


def test_the_tag_that_is_deployed_comes_first(tmp_path: Path) -> None:
    _, destination = built(an_environment(tmp_path, imageName="team/api:v1", tags="latest\nv1, extra"))
    assert destination.tags == ("v1", "latest", "extra")
    assert built(an_environment(tmp_path, tags="a,b"))[1].tags == ("a", "b")


def test_the_registry_may_stand_in_the_image_name(tmp_path: Path) -> None:
    _, destination = built(an_environment(tmp_path, imageName="fabrikam.azurecr.io/x", azureContainerRegistry=""))
    assert destination.registry == RegistryAddress(name="fabrikam", login_server=RegistryHost("fabrikam.azurecr.io"))


def test_a_registry_by_name_agrees_with_its_own_host(tmp_path: Path) -> None:
    _, destination = built(an_environment(tmp_path, imageName="contoso.azurecr.io/x", azureContainerRegistry="Contoso"))
    assert destination.registry == RegistryAddress(name="contoso")


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


def test_without_a_build_there_is_no_tag_to_fall_back_to(tmp_path: Path) -> None:
    environment = an_environment(tmp_path)
    del environment["BUILD_BUILDID"]
    assert codes(environment) == ["tag-missing"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALKEY": ""}, "connection-incomplete"),
        ({f"ENDPOINT_DATA_{ID}_SUBSCRIPTIONID": ""}, "connection-incomplete"),
        ({f"ENDPOINT_AUTH_PARAMETER_{ID}_TENANTID": ""}, "connection-incomplete"),
        ({f"ENDPOINT_AUTH_PARAMETER_{ID}_TENANTID": "contoso/x"}, "connection-incomplete"),
        ({f"ENDPOINT_URL_{ID}": "http://management.azure.com"}, "connection-incomplete"),
        ({f"ENDPOINT_DATA_{ID}_ACTIVEDIRECTORYAUTHORITY": "http://login"}, "connection-incomplete"),
        ({f"ENDPOINT_AUTH_SCHEME_{ID}": "PublishProfile"}, "connection-scheme-unsupported"),
        ({f"ENDPOINT_AUTH_PARAMETER_{ID}_AUTHENTICATIONTYPE": "spnCertificate"}, "connection-incomplete"),
        ({**CERTIFICATE, f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALCERTIFICATE": "x"}, "certificate-incomplete"),
        (
            {f"ENDPOINT_DATA_{ID}_SUBSCRIPTIONID": "", f"ENDPOINT_DATA_{ID}_SCOPELEVEL": "ManagementGroup"},
            "connection-of-no-subscription",
        ),
    ],
)
def test_a_connection_that_cannot_be_used_says_why(tmp_path: Path, changed: dict[str, str], code: str) -> None:
    assert codes(an_environment(tmp_path) | changed) == [code]


def test_a_connection_of_old_without_a_scheme_is_a_service_principal(tmp_path: Path) -> None:
    connection = connected(an_environment(tmp_path) | {f"ENDPOINT_AUTH_SCHEME_{ID}": ""})
    assert isinstance(connection.identity, KeyIdentity)


def test_a_connection_with_a_certificate_needs_no_key(tmp_path: Path) -> None:
    connection = connected(an_environment(tmp_path) | CERTIFICATE)
    assert isinstance(connection.identity, CertificateIdentity)
    assert len(connection.identity.certificates) == 1


@pytest.mark.parametrize("client", ["", "the-user-assigned-one"])
def test_a_managed_identity_needs_neither_key_nor_principal(tmp_path: Path, client: str) -> None:
    changed = {
        f"ENDPOINT_AUTH_SCHEME_{ID}": "ManagedServiceIdentity",
        f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALID": "",
        f"ENDPOINT_AUTH_PARAMETER_{ID}_SERVICEPRINCIPALKEY": "",
        f"ENDPOINT_DATA_{ID}_MSICLIENTID": client,
    }
    assert connected(an_environment(tmp_path) | changed).identity == ManagedIdentity(client_id=client)


def test_the_page_of_a_connection_is_where_one_edits_it(tmp_path: Path) -> None:
    environment = an_environment(tmp_path)
    assert connected(environment).page == "Project settings > Service connections"
    environment |= {"SYSTEM_COLLECTIONURI": "https://dev.azure.com/contoso/", "SYSTEM_TEAMPROJECT": "My Functions"}
    page = f"https://dev.azure.com/contoso/My%20Functions/_settings/adminservices?resourceId={ID}"
    assert connected(environment).page == page


@pytest.mark.parametrize(
    ("data", "url", "expected"),
    [
        ({}, "https://management.azure.com/", Cloud(
            arm_url="https://management.azure.com",
            authority_url="https://login.microsoftonline.com",
            arm_scope="https://management.azure.com//.default",
        )),
        (
            {
                "environment": "AzureUSGovernment",
                "environmentAuthorityUrl": "https://login.microsoftonline.us/",
                "activeDirectoryServiceEndpointResourceId": "https://management.core.usgovcloudapi.net/",
            },
            "https://management.usgovcloudapi.net/",
            Cloud(
                arm_url="https://management.usgovcloudapi.net",
                authority_url="https://login.microsoftonline.us",
                arm_scope="https://management.core.usgovcloudapi.net//.default",
            ),
        ),
        ({"environment": "AzureUSGovernment"}, "https://management.usgovcloudapi.net/", Cloud(
            arm_url="https://management.usgovcloudapi.net",
            authority_url="",
            arm_scope="https://management.usgovcloudapi.net//.default",
        )),
        ({"environment": "AzureStack"}, "https://management.local.azurestack.external/", Cloud(
            arm_url="https://management.local.azurestack.external", authority_url="", arm_scope=""
        )),
        (
            {
                "environment": "AzureStack",
                "environmentAuthorityUrl": "https://adfs.local.azurestack.external/adfs/",
                "activeDirectoryServiceEndpointResourceId": "https://management.adfs.azurestack.local/1",
            },
            "https://management.local.azurestack.external",
            Cloud(
                arm_url="https://management.local.azurestack.external",
                authority_url="https://adfs.local.azurestack.external",
                arm_scope="https://management.adfs.azurestack.local/1/.default",
                adfs=True,
            ),
        ),
        (
            {"environment": "AzureStack", "enableAdfsAuthentication": "true"},
            "https://management.local.azurestack.external",
            Cloud(arm_url="https://management.local.azurestack.external", authority_url="", arm_scope="", adfs=True),
        ),
    ],
)  # fmt: skip
def test_the_cloud_is_what_the_connection_says(tmp_path: Path, data: dict[str, str], url: str, expected: Cloud) -> None:
    environment = an_environment(tmp_path) | {f"ENDPOINT_URL_{ID}": url}
    del environment[f"ENDPOINT_DATA_{ID}_ACTIVEDIRECTORYSERVICEENDPOINTRESOURCEID"]
    environment |= {f"ENDPOINT_DATA_{ID}_{name.upper()}": value for name, value in data.items()}
    assert connected(environment).cloud == expected


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


def test_labels_name_the_source_without_anybodys_credentials() -> None:
    labels = source_labels(
        {"BUILD_REPOSITORY_URI": "https://me:pw@dev.azure.com/c/p/_git/r", "BUILD_SOURCEVERSION": "abc"}
    )
    assert dict(labels) == {
        "org.opencontainers.image.source": "https://dev.azure.com/c/p/_git/r",
        "org.opencontainers.image.revision": "abc",
    }


def test_labels_can_be_left_out(tmp_path: Path) -> None:
    environment = an_environment(tmp_path, addSourceLabels="False") | {"BUILD_SOURCEVERSION": "abc"}
    assert built(environment)[0].labels == ()


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


def test_a_scheme_before_an_image_is_taken_off_and_said(tmp_path: Path) -> None:
    for command in ("buildPushDeploy", "deploy"):
        plan = read(an_environment(tmp_path, command=command, imageName="https://contoso.azurecr.io/app:7"))
        assert "imageName: https:// was removed, because an image name has no scheme" in plan.notes
    assert building(read(an_environment(tmp_path, imageName="https://contoso.azurecr.io/app"))).names.references == (
        "contoso.azurecr.io/app:77",
    )


def test_a_branch_in_a_tag_is_told_as_a_tag(tmp_path: Path) -> None:
    with pytest.raises(ManyFailures) as caught:
        read(an_environment(tmp_path, imageName="app:refs/heads/main"))
    assert [str(failure) for failure in caught.value.failures] == ["tag-invalid: 'refs/heads/main' is not a tag"]


def test_a_registry_by_name_beside_another_login_server_is_left_to_resource_manager(tmp_path: Path) -> None:
    environment = an_environment(tmp_path, azureContainerRegistry="contoso", imageName="contoso-h4sh.azurecr.io/app")
    destination = pushing(read(environment)).names
    assert (destination.host, destination.image_host) == (None, RegistryHost("contoso-h4sh.azurecr.io"))


@pytest.mark.parametrize(
    ("name", "tags", "reference"),
    [
        ("docker.io/team/app:v1", "", "docker.io/team/app:v1"),
        ("https://contoso.azurecr.io/app:v1", "", "contoso.azurecr.io/app:v1"),
        ("app@sha256:" + "a" * 64, "", "contoso.azurecr.io/app@sha256:" + "a" * 64),
        ("app:v1@sha256:" + "a" * 64, "", "contoso.azurecr.io/app:v1@sha256:" + "a" * 64),
        ("app", "v2", "contoso.azurecr.io/app:v2"),
        ("app", "", "contoso.azurecr.io/app:77"),
    ],
)
def test_an_image_that_exists_is_named_in_any_form(tmp_path: Path, name: str, tags: str, reference: str) -> None:
    plan = read(an_environment(tmp_path, command="deploy", imageName=name, tags=tags))
    assert deploying(plan).image == ExistingImage(reference=ImageReference.parse(reference))


def test_a_record_names_the_image_unless_the_input_does(tmp_path: Path) -> None:
    digest = "sha256:" + "b" * 64
    record = {"imageReference": "contoso.azurecr.io/app:9", "imageDigest": digest}
    (tmp_path / "out.json").write_text(json.dumps(record))
    environment = an_environment(tmp_path, command="deploy", recordFile=str(tmp_path / "out.json"))
    recorded = ImageReference(host=RegistryHost("contoso.azurecr.io"), repository="app", tag="9", digest=Digest(digest))
    assert deploying(read(environment)).image == ExistingImage(reference=recorded)
    named = deploying(read(environment | {"INPUT_IMAGENAME": "other:1"})).image
    assert named.reference.repository == "other"
    (tmp_path / "out.json").write_text(json.dumps({**record, "imageDigest": ""}))
    assert codes(environment) == ["record-without-image"]


def test_a_record_file_that_is_the_checkout_itself_reads_as_not_given(tmp_path: Path) -> None:
    assert read(an_environment(tmp_path, recordFile=str(tmp_path))).record_file is None


def test_the_slot_and_the_smoke_test_are_read(tmp_path: Path) -> None:
    environment = an_environment(tmp_path, slotName="staging", smokeTestPath="api/x", smokeTestStatus="200, 3xx")
    deploy, verification = deployed(environment)
    assert deploy.app.slot == "staging"
    assert verification
    assert verification.smoke_test == SmokeTest(path="/api/x", statuses=("200", "3xx"))
    assert deployed(an_environment(tmp_path, verify="false"))[1] is None
    assert deployed(an_environment(tmp_path, slotName="Production"))[0].app.slot == ""


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
