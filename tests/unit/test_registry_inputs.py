"""Which registry is meant, and with which connection it is entered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytask.model import (
    Cloud,
    ExistingImage,
    FederatedIdentity,
    ImageReference,
    KeyIdentity,
    RegistryAddress,
    RegistryHost,
    RegistryLogin,
    Secret,
    ServiceConnection,
)
from pytask.registry.hosts import asked_at, asked_for, is_azure_registry
from pytask.report.plan import render_plan
from tests.plans import building, deploying, pushing
from tests.unit.inputs.environments import ID, an_environment, codes, read

if TYPE_CHECKING:
    from pathlib import Path

OTHER = "0b1b2c3d-0000-4000-8000-00000000abcd"
CONNECTED = {"containerRegistry": OTHER, "azureContainerRegistry": ""}
PROMOTED = {"command": "deploy", "imageName": "quay.io/a:1"}
STACK = Cloud(
    arm_url="https://management.local.azurestack.external",
    authority_url="https://login.microsoftonline.com",
    arm_scope="https://management.stack.onmicrosoft.com/guid/.default",
)


def a_docker_connection(
    *, scheme: str = "UsernamePassword", registrytype: str = "Others", **parameters: str
) -> dict[str, str]:
    """Return what the agent hands over of a Docker Registry connection."""
    return {
        f"ENDPOINT_URL_{OTHER}": "https://hub.docker.com/",
        f"ENDPOINT_AUTH_SCHEME_{OTHER}": scheme,
        f"ENDPOINT_DATA_{OTHER}_REGISTRYTYPE": registrytype,
        **{f"ENDPOINT_AUTH_PARAMETER_{OTHER}_{name.upper()}": value for name, value in parameters.items()},
    }


def by_password(registry: str = "https://ghcr.io") -> dict[str, str]:
    return a_docker_connection(registry=registry, username="robot", password="pw")


def of_azure(scheme: str = "ServicePrincipal", **more: str) -> dict[str, str]:
    """Return a Docker Registry connection to an Azure Container Registry, which names no cloud."""
    return a_docker_connection(
        scheme=scheme,
        registrytype="ACR",
        loginServer="Shared.azurecr.io",
        tenantId="another-tenant",
        servicePrincipalId="another-client",
        **more,
    ) | {f"ENDPOINT_DATA_{OTHER}_SUBSCRIPTIONID": "another-subscription"}


def of_subscription() -> dict[str, str]:
    """Return a second Azure Resource Manager connection."""
    return {
        f"ENDPOINT_URL_{OTHER}": "https://management.azure.com/",
        f"ENDPOINT_AUTH_SCHEME_{OTHER}": "ServicePrincipal",
        f"ENDPOINT_AUTH_PARAMETER_{OTHER}_TENANTID": "another-tenant",
        f"ENDPOINT_AUTH_PARAMETER_{OTHER}_SERVICEPRINCIPALID": "another-client",
        f"ENDPOINT_AUTH_PARAMETER_{OTHER}_SERVICEPRINCIPALKEY": "another-key",
        f"ENDPOINT_DATA_{OTHER}_SUBSCRIPTIONID": "another-subscription",
    }


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://index.docker.io/v1/", "docker.io"),
        ("https://hub.docker.com/", "docker.io"),
        ("docker.io", "docker.io"),
        ("https://ghcr.io", "ghcr.io"),
        ("GHCR.io/team", "ghcr.io"),
        ("https://harbor.contoso.com:8443/project/", "harbor.contoso.com:8443"),
    ],
)
def test_a_docker_connection_names_the_registry_and_how_to_enter_it(tmp_path: Path, url: str, host: str) -> None:
    environment = an_environment(tmp_path, containerRegistry=OTHER.upper(), azureContainerRegistry="")
    plan = read(environment | by_password(url))
    of = RegistryHost.parse(host)
    assert plan.registry_connection == RegistryLogin(host=of, user="robot", password=Secret("pw"))
    assert pushing(plan).names.registry == RegistryAddress(name=host.partition(".")[0], login_server=of)
    assert building(plan).names.references == (f"{host}/myrepo:77",)


def test_a_docker_connection_to_azure_signs_in_to_entra_id(tmp_path: Path) -> None:
    environment = an_environment(tmp_path, containerRegistry=OTHER, azureContainerRegistry="")
    connection = read(environment | of_azure(servicePrincipalKey="another-key")).registry_connection
    assert connection == ServiceConnection(
        id=OTHER,
        input="containerRegistry",
        page="Project settings > Service connections",
        tenant_id="another-tenant",
        subscription_id="another-subscription",
        subscription_name="",
        cloud=Cloud(
            arm_url="https://management.azure.com",
            authority_url="https://login.microsoftonline.com",
            arm_scope="https://management.core.windows.net//.default",
        ),
        identity=KeyIdentity(client_id="another-client", secret=Secret("another-key")),
    )
    assert building(read(environment | of_azure(servicePrincipalKey="k"))).names.references == (
        "shared.azurecr.io/myrepo:77",
    )
    federated = read(environment | of_azure("WorkloadIdentityFederation")).registry_connection
    assert isinstance(federated, ServiceConnection)
    assert isinstance(federated.identity, FederatedIdentity)


@pytest.mark.parametrize(
    ("endpoint", "shown"),
    [(by_password(), True), (by_password("ghcr.io"), False), (of_azure(servicePrincipalKey="k"), False)],
)
def test_a_host_that_the_agent_masks_is_noted(tmp_path: Path, endpoint: dict[str, str], *, shown: bool) -> None:
    plan = read(an_environment(tmp_path, **CONNECTED) | endpoint)
    assert any("as ***" in note for note in plan.notes) is not shown


def test_the_plan_tells_which_connection_enters_the_registry(tmp_path: Path) -> None:
    plan = render_plan(read(an_environment(tmp_path, azureSubscriptionForACR=OTHER) | of_subscription()))
    assert "push    contoso.azurecr.io/myrepo:77, signed in with azureSubscriptionForACR\n" in plan
    plan = render_plan(read(an_environment(tmp_path, **CONNECTED) | by_password()))
    assert "push    ghcr.io/myrepo:77, signed in with containerRegistry\n" in plan
    assert "signed in with" not in render_plan(read(an_environment(tmp_path)))


def test_a_docker_connection_to_azure_is_of_the_cloud_of_the_app_when_it_names_none(tmp_path: Path) -> None:
    environment = an_environment(tmp_path, containerRegistry=OTHER, azureContainerRegistry="")
    environment |= of_azure(servicePrincipalKey="k")
    environment[f"ENDPOINT_DATA_{ID}_ACTIVEDIRECTORYAUTHORITY"] = "https://login.microsoftonline.us/"
    connection = read(environment).registry_connection
    assert isinstance(connection, ServiceConnection)
    assert connection.cloud.authority_url == "https://login.microsoftonline.us"
    environment[f"ENDPOINT_DATA_{OTHER}_ACTIVEDIRECTORYAUTHORITY"] = "https://login.chinacloudapi.cn/"
    connection = read(environment).registry_connection
    assert isinstance(connection, ServiceConnection)
    assert connection.cloud.authority_url == "https://login.chinacloudapi.cn"


def test_another_subscription_enters_the_registry_and_the_app_stays_where_it_is(tmp_path: Path) -> None:
    plan = read(an_environment(tmp_path, azureSubscriptionForACR=OTHER) | of_subscription())
    assert isinstance(plan.registry_connection, ServiceConnection)
    assert plan.registry_connection.subscription_id == "another-subscription"
    assert plan.connection
    assert plan.connection.subscription_id == "the-subscription"
    assert read(an_environment(tmp_path)).registry_connection is None


@pytest.mark.parametrize(
    ("given", "endpoint"),
    [
        (CONNECTED, by_password()),
        ({"azureSubscriptionForACR": OTHER}, of_subscription()),
    ],
)
def test_filling_a_registry_that_has_its_own_connection_takes_no_azure_subscription(
    tmp_path: Path, given: dict[str, str], endpoint: dict[str, str]
) -> None:
    nothing = {"azureSubscription": "", "appName": "", "command": "buildAndPush"}
    plan = read(an_environment(tmp_path, **nothing, **given) | endpoint)
    assert plan.connection is None
    assert plan.registry_connection
    assert "input-required" in codes(an_environment(tmp_path, azureSubscription="", **given) | endpoint)


def test_an_image_that_exists_is_in_the_registry_of_the_connection_unless_it_says_otherwise(tmp_path: Path) -> None:
    inputs = {"command": "deploy", "containerRegistry": OTHER, "azureContainerRegistry": ""}
    plan = read(an_environment(tmp_path, imageName="team/app:1", **inputs) | by_password())
    assert deploying(plan).image == ExistingImage(reference=ImageReference.parse("ghcr.io/team/app:1"))
    plan = read(an_environment(tmp_path, imageName="docker.io/team/app:1", **inputs) | by_password())
    assert deploying(plan).image == ExistingImage(reference=ImageReference.parse("docker.io/team/app:1"))


@pytest.mark.parametrize(
    ("inputs", "endpoint", "code"),
    [
        ({"containerRegistry": OTHER}, by_password(), "registries-differ"),
        (
            {"containerRegistry": OTHER, "azureContainerRegistry": "", "imageName": "quay.io/a"},
            by_password(),
            "image-host-differs",
        ),
        ({"containerRegistry": OTHER, "azureSubscriptionForACR": OTHER}, by_password(), "registry-connection-twice"),
        ({"containerRegistry": OTHER}, of_subscription(), "connection-not-for-registries"),
        ({"containerRegistry": OTHER}, {}, "connection-not-found"),
        (CONNECTED, by_password(""), "connection-incomplete"),
        (CONNECTED, of_azure(), "connection-incomplete"),
        ({"containerRegistry": "$(later)"}, {}, "connection-not-expanded"),
        ({"azureSubscriptionForACR": "$(later)"}, {}, "connection-not-expanded"),
        ({"azureSubscriptionForACR": OTHER}, {}, "connection-not-found"),
        ({"azureContainerRegistry": "ghcr.io"}, {}, "registry-connection-needed"),
        ({"azureContainerRegistry": "", "imageName": "docker.io/team/app"}, {}, "registry-connection-needed"),
        ({"azureContainerRegistry": "contoso.azurecr.io.example.com"}, {}, "registry-connection-needed"),
        ({**CONNECTED, "appPullAccess": "managedIdentity"}, by_password(), "pull-access-needs-azure"),
        ({**PROMOTED, "appPullAccess": "adminUser"}, {}, "pull-access-needs-azure"),
    ],
)
def test_a_mistake_about_the_registry_has_its_own_code(
    tmp_path: Path, inputs: dict[str, str], endpoint: dict[str, str], code: str
) -> None:
    assert codes(an_environment(tmp_path, **inputs) | endpoint) == [code]


def test_an_azure_registry_by_password_knows_identities_all_the_same(tmp_path: Path) -> None:
    environment = an_environment(tmp_path, **CONNECTED, appPullAccess="managedIdentity")
    assert read(environment | by_password("https://contoso.azurecr.io")).registry_connection


def test_the_connection_and_the_name_may_both_name_the_registry(tmp_path: Path) -> None:
    environment = an_environment(tmp_path, containerRegistry=OTHER, azureContainerRegistry="index.docker.io")
    assert read(environment | by_password("https://index.docker.io/v1/")).registry_connection
    environment = an_environment(
        tmp_path, containerRegistry=OTHER, azureContainerRegistry="shared", imageName="shared.azurecr.io/app"
    )
    assert read(environment | of_azure(servicePrincipalKey="k")).registry_connection


@pytest.mark.parametrize(
    ("host", "cloud", "azures"),
    [
        ("contoso.azurecr.io", None, True),
        ("contoso-a1b2.AZURECR.us", None, True),
        ("contoso.azurecr.cn", None, True),
        ("azurecr.io", None, False),
        ("contoso.azurecr.io.example.com", None, False),
        ("contoso.azurecr.io:443", None, True),
        ("docker.io", None, False),
        ("registry.azsacr.local.azurestack.external", STACK, True),
        ("registry.azsacr.local.azurestack.external", None, False),
        ("vm.local.cloudapp.azurestack.external", STACK, False),
    ],
)
def test_tokens_of_entra_id_are_for_azures_own_hosts(host: str, cloud: Cloud | None, azures: bool) -> None:
    assert is_azure_registry(RegistryHost.parse(host), cloud) is azures


def test_the_public_clouds_domains_hold_machines_of_customers_too() -> None:
    public = Cloud(arm_url="https://management.usgovcloudapi.net", authority_url="", arm_scope="")
    assert not is_azure_registry(RegistryHost("mine.usgovvirginia.cloudapp.usgovcloudapi.net"), public)
    assert not is_azure_registry(RegistryHost("mine.usgovcloudapi.net"), public)


def test_docker_hub_is_asked_elsewhere_and_keeps_its_own_images_in_a_library() -> None:
    hub = RegistryHost("docker.io")
    assert (asked_at(hub), asked_at(RegistryHost("ghcr.io"))) == ("registry-1.docker.io", "ghcr.io")
    assert asked_for(hub, "nginx") == "library/nginx"
    assert asked_for(hub, "team/app") == "team/app"
    assert asked_for(RegistryHost("ghcr.io"), "app") == "app"
