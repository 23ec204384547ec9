"""Whole runs against registries of every kind, each entered by every way that leads into it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.agent.endpoints import (
    Endpoint,
    arm_connection_with_key,
    docker_connection,
    docker_connection_of_azure,
)
from tests.end_to_end.test_failures import BASE, the_error
from tests.end_to_end.watch import files_with, watched
from tests.local_azure.environments import STACK
from tests.local_azure.registries.docker_registries import (
    PASSWORD,
    USER,
    DockerRegistry,
    docker_hub,
    harbor,
    plain_registry,
)
from tests.local_azure.state.subscription import FABRIKAM, SHARED, Subscription
from tests.pipeline import SUBJECT, a_pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.agent.running_task import TaskRun
    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.state.state import Principal, RegistryState
    from tests.pipeline import Pipeline

KINDS = {
    "Docker Hub": (docker_hub, "https://index.docker.io/v1/", "docker.io/team/hello-function"),
    "Harbor": (harbor, "https://harbor.contoso.example", "harbor.contoso.example/team/hello-function"),
    "password file": (plain_registry, "registry.contoso.example", "registry.contoso.example/team/hello-function"),
}


def run(pipeline: Pipeline, *connections: Endpoint, **inputs: str) -> TaskRun:
    """Run a step that may name further connections."""
    given = {
        "azureSubscription": pipeline.connection.id,
        "imageName": "team/hello-function",
        "appName": pipeline.site.name,
        "verifyTimeoutMinutes": "1",
        **inputs,
    }
    return pipeline.agent.run(given, [pipeline.connection, *connections], variables={"Build.BuildId": "1"})


def connection_to(url: str, *, user: str = USER, password: str = PASSWORD) -> Endpoint:
    return docker_connection(registry=url, user=user, password=password)


def set_up_pull_access(pipeline: Pipeline, url: str) -> None:
    """Have the app pull with the same user and password, as one sets it up for such a registry."""
    pipeline.site.settings["DOCKER_REGISTRY_SERVER_URL"] = url if "://" in url else f"https://{url}"
    pipeline.site.settings["DOCKER_REGISTRY_SERVER_USERNAME"] = USER
    pipeline.site.settings["DOCKER_REGISTRY_SERVER_PASSWORD"] = PASSWORD


@pytest.fixture
def elsewhere(azure: LocalAzure, tmp_path: Path) -> Iterator[Pipeline]:
    """Return a pipeline whose app does not pull from Azure, and whose connection has no role on Azure's registry."""
    with a_pipeline(azure, tmp_path, app_pull=None, registry_role=None) as pipeline:
        yield pipeline


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_run_by_user_and_password(elsewhere: Pipeline, tmp_path: Path, kind: str) -> None:
    make, url, image = KINDS[kind]
    registry = elsewhere.azure.add_docker_registry(make())
    set_up_pull_access(elsewhere, url)
    connection = connection_to(url)
    with watched(elsewhere.sources) as seen:
        first = run(elsewhere, connection, containerRegistry=connection.id)
    assert (first.result, first.variables["verification"], first.issues) == ("Succeeded", "verified", ()), first.log
    assert elsewhere.site.config["linuxFxVersion"] == f"DOCKER|{image}:1"
    assert elsewhere.call()[1].startswith("Hello")
    assert "Inspected in" in first.log

    tokens = {value for value in first.secret_values if len(value) > 20}
    assert PASSWORD not in first.log
    assert not [secret for secret in {PASSWORD, *tokens} if secret.encode() in b"".join(seen.command_lines)]
    assert not [secret for secret in {PASSWORD, *tokens} if secret.encode() in b"".join(seen.docker_environments)]
    assert files_with({PASSWORD, *tokens}, tmp_path) == []
    assert ("Basic" in registry.shown) is (kind == "password file"), "passwords go to the token service where one is"
    assert "contoso.azurecr.io" not in {call.host for call in elsewhere.azure.calls}

    digest = first.variables["imageDigest"]
    again = run(elsewhere, connection, command="deploy", containerRegistry=connection.id, tags="1", deployBy="digest")
    assert (again.result, again.variables["imageDigest"]) == ("Succeeded", digest), again.log
    assert elsewhere.site.config["linuxFxVersion"] == f"DOCKER|{image}@{digest}"


@pytest.mark.parametrize("kind", KINDS)
def test_filling_a_registry_takes_no_azure_at_all(elsewhere: Pipeline, kind: str) -> None:
    make, url, image = KINDS[kind]
    elsewhere.azure.add_docker_registry(make())
    connection = connection_to(url)
    built = run(
        elsewhere,
        connection,
        command="buildAndPush",
        containerRegistry=connection.id,
        azureSubscription="",
        appName="",
    )
    assert built.result == "Succeeded", built.log
    assert built.variables["imageReference"] == f"{image}:1"
    assert built.variables["imageDigest"].startswith("sha256:")
    hosts = {call.host for call in elsewhere.azure.calls}
    assert not [host for host in hosts if "azure" in host or "microsoftonline" in host]


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_password_stops_the_build_and_says_where_to_correct_it(elsewhere: Pipeline, kind: str) -> None:
    make, url, _ = KINDS[kind]
    elsewhere.azure.add_docker_registry(make())
    connection = connection_to(url, password="not-the-password")
    failed = run(elsewhere, connection, containerRegistry=connection.id)
    assert the_error(failed) == "registry-login-refused"
    assert "not-the-password" not in failed.log
    assert "containerRegistry" in failed.log
    assert "nothing was pushed and nothing was changed" in failed.log


def test_an_app_without_credentials_for_the_registry_is_told_which_settings_it_lacks(elsewhere: Pipeline) -> None:
    elsewhere.azure.add_docker_registry(harbor())
    connection = connection_to("https://harbor.contoso.example")
    failed = run(elsewhere, connection, containerRegistry=connection.id)
    assert the_error(failed) == "pull-credentials-missing"
    assert "set DOCKER_REGISTRY_SERVER_URL to harbor.contoso.example with https:// before it" in failed.log
    assert "nothing was pushed and nothing was changed" in failed.log
    settings = {
        "DOCKER_REGISTRY_SERVER_URL": "https://harbor.contoso.example",
        "DOCKER_REGISTRY_SERVER_USERNAME": USER,
        "DOCKER_REGISTRY_SERVER_PASSWORD": PASSWORD,
    }
    lines = "\n".join(f"{name}={value}" for name, value in settings.items())
    done = run(elsewhere, connection, containerRegistry=connection.id, appSettings=lines)
    assert (done.result, done.variables["verification"]) == ("Succeeded", "verified"), done.log
    assert PASSWORD not in done.log


def test_a_user_that_may_only_read_is_told_before_anything_is_pushed(elsewhere: Pipeline) -> None:
    registry = elsewhere.azure.add_docker_registry(harbor())
    registry.read_only = True
    connection = connection_to("https://harbor.contoso.example")
    failed = run(elsewhere, connection, containerRegistry=connection.id)
    assert the_error(failed) == "push-denied"
    assert "nothing was pushed and nothing was changed" in failed.log


def pushed(pipeline: Pipeline, make: Callable[[], DockerRegistry], url: str) -> tuple[DockerRegistry, str]:
    """Have an image in a registry; gives the registry and the image's digest."""
    registry = pipeline.azure.add_docker_registry(make())
    connection = connection_to(url)
    built = run(
        pipeline, connection, command="buildAndPush", containerRegistry=connection.id, azureSubscription="", appName=""
    )
    assert built.result == "Succeeded", built.log
    registry.shown.clear()
    return registry, built.variables["imageDigest"]


def test_an_image_that_everybody_may_read_is_deployed_with_its_digest_and_without_credentials(
    elsewhere: Pipeline,
) -> None:
    registry, digest = pushed(elsewhere, docker_hub, "https://index.docker.io/v1/")
    registry.public.add("team/hello-function")
    done = run(elsewhere, command="deploy", imageName="docker.io/team/hello-function:1")
    assert (done.result, done.variables["verification"]) == ("Succeeded", "verified"), done.log
    assert done.variables["imageDigest"] == digest
    assert "anonymous access to docker.io" in done.log
    assert "Basic" not in registry.shown
    missing = run(elsewhere, command="deploy", imageName="docker.io/team/hello-function:2")
    assert the_error(missing) == "manifest-missing"


def test_no_token_of_entra_id_is_shown_to_a_registry_that_is_not_azures(elsewhere: Pipeline) -> None:
    registry, _ = pushed(elsewhere, harbor, "https://harbor.contoso.example")
    set_up_pull_access(elsewhere, "https://harbor.contoso.example")
    done = run(elsewhere, command="deploy", imageName="harbor.contoso.example/team/hello-function:1")
    assert (done.result, done.variables["imageDigest"]) == ("SucceededWithIssues", ""), done.log
    assert "a tag's digest is not known" in done.log
    paths = {call.path for call in elsewhere.azure.calls if call.host == registry.host}
    assert "/oauth2/exchange" not in paths


@pytest.mark.parametrize("where", ["sign-in", "push"])
def test_a_firewalled_registry_names_the_address_to_allow(pipeline: Pipeline, where: str) -> None:
    if where == "sign-in":
        pipeline.registry.firewall_denies_agent = True
    else:
        text = "client with IP '52.166.10.7' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."
        body = json.dumps({"errors": [{"code": "DENIED", "message": text}]})
        every = r"(POST|PUT|HEAD|GET) contoso\.azurecr\.io/v2/hello-function/(blobs|manifests)"
        json_type = {"Content-Type": "application/json"}
        pipeline.azure.faults.script(every, status=403, headers=json_type, body=body, times=None)
    failed = pipeline.run()
    assert the_error(failed) == "registry-firewall"
    assert "which connects from 52.166.10.7" in failed.log
    assert "az acr network-rule add --ip-address 52.166.10.7" in failed.log


@pytest.mark.parametrize("role", ["AcrPush", "Contributor"])
def test_a_registry_behind_private_endpoints_is_told_from_a_firewall_where_the_connection_may_see_it(
    azure: LocalAzure, tmp_path: Path, role: str
) -> None:
    with a_pipeline(azure, tmp_path, registry_role=role) as pipeline:
        pipeline.registry.public_network_access = False
        failed = pipeline.run()
        assert the_error(failed) == ("registry-private" if role == "Contributor" else "registry-firewall")
        assert "52.166.10.7" in failed.log
        assert "nothing was pushed and nothing was changed" in failed.log


def test_an_app_gets_an_image_that_the_agent_may_not_read_for_the_firewall(pipeline: Pipeline) -> None:
    assert pipeline.run(tags="1").result == "Succeeded"
    pipeline.registry.firewall_denies_agent = True
    done = pipeline.run(command="deploy", tags="1")
    assert (done.result, done.variables["imageDigest"]) == ("SucceededWithIssues", ""), done.log
    assert "blocks this agent, which connects from 52.166.10.7: the image is not inspected" in done.log


def test_layers_are_read_from_the_registrys_storage_without_its_token(pipeline: Pipeline) -> None:
    done = pipeline.run()
    assert done.result == "Succeeded", done.log
    stored = [call for call in pipeline.azure.calls if call.host.endswith(".blob.core.windows.net")]
    assert stored
    assert {call.status for call in stored} <= {200, 206}
    assert "could not be read" not in done.log


def test_a_registry_without_a_connection_of_its_own_is_a_mistake_before_anything_is_done(elsewhere: Pipeline) -> None:
    failed = run(elsewhere, imageName="docker.io/team/hello-function")
    assert the_error(failed) == "registry-connection-needed"
    assert "containerRegistry" in failed.log


# Registries of Azure that another connection enters


SHARED_SECRET = "another-cl1ent-s3cret~of-the-registry"


@dataclass(frozen=True, kw_only=True, slots=True)
class Elsewhere:
    """A registry in another subscription, and whoever may push there."""

    registry: RegistryState
    principal: Principal
    subscription: Subscription

    def connection(self) -> Endpoint:
        """Return an Azure Resource Manager connection to that subscription."""
        return arm_connection_with_key(
            tenant_id=self.subscription.tenant_id,
            client_id=self.principal.client_id,
            client_secret=SHARED_SECRET,
            subscription_id=self.subscription.id,
            subscription_name=self.subscription.name,
        )

    def docker_connection(self, azure: LocalAzure, scheme: str, *, secret: str = SHARED_SECRET) -> Endpoint:
        """Return a Docker Registry connection to it."""
        client = {"servicePrincipalId": self.principal.client_id}
        parameters = {
            "ServicePrincipal": {**client, "servicePrincipalKey": secret, "authenticationType": "spnKey"},
            "WorkloadIdentityFederation": {**client, "workloadIdentityFederationSubject": SUBJECT},
            "ManagedServiceIdentity": {},
        }[scheme]
        if scheme == "ManagedServiceIdentity":
            azure.assign_to_machine(own=self.principal)
        return docker_connection_of_azure(
            login_server=self.registry.login_server,
            scheme=scheme,
            parameters=parameters,
            tenant_id=self.subscription.tenant_id,
            subscription_id=self.subscription.id,
            id=self.principal.service_connection_id,
        )


def registry_in(azure: LocalAzure, subscription: Subscription, *, role: str = "Contributor") -> Elsewhere:
    """Have a registry in another subscription, with a principal of that one's tenant that has a role on it."""
    registry = azure.add_registry("platform", subscription=subscription, anonymous_pull=True)
    principal = azure.add_principal(
        "platform team",
        secret=SHARED_SECRET,
        federated_subject=SUBJECT,
        tenant_id=subscription.tenant_id,
        roles={registry.id: role},
    )
    return Elsewhere(registry=registry, principal=principal, subscription=subscription)


@pytest.mark.parametrize("subscription", [SHARED, FABRIKAM], ids=lambda one: one.name)
@pytest.mark.parametrize("form", ["login server", "name", "resource id"])
def test_a_registry_of_another_subscription_or_tenant_is_found_filled_and_read_by_its_own_connection(
    elsewhere: Pipeline, subscription: Subscription, form: str
) -> None:
    there = registry_in(elsewhere.azure, subscription)
    connection = there.connection()
    named = {"login server": there.registry.login_server, "name": "platform", "resource id": there.registry.id}[form]
    given = {"azureSubscriptionForACR": connection.id, "azureContainerRegistry": named}
    done = run(elsewhere, connection, **given)
    assert (done.result, done.variables["verification"]) == ("Succeeded", "verified"), done.log
    assert elsewhere.site.config["linuxFxVersion"] == "DOCKER|platform.azurecr.io/team/hello-function:1"
    assert_by_whom(elsewhere, there)
    assert "Inspected in" in done.log
    if form != "login server":
        return

    elsewhere.edit("Hello", "Bonjour")
    again = run(elsewhere, connection, **given, tags="2")
    assert again.variables["previousImage"] == "platform.azurecr.io/team/hello-function:1"
    promoted = run(elsewhere, connection, **given, command="deploy", tags="1")
    assert (promoted.result, promoted.variables["imageDigest"]) == ("Succeeded", done.variables["imageDigest"])
    looked = run(elsewhere, connection, azureSubscriptionForACR=connection.id, command="check")
    assert "signed in to platform.azurecr.io" in looked.log
    assert_by_whom(elsewhere, there)


def assert_by_whom(pipeline: Pipeline, there: Elsewhere) -> None:
    """See that the registry met its own connection only, and the app the other one only."""
    calls = [call for call in pipeline.azure.calls if call.principal]
    mine = {call.principal for call in calls if "/sites/" in call.path}
    theirs = {call.principal for call in calls if call.host == there.registry.login_server}
    assert mine == {pipeline.principal.name}
    assert theirs <= {there.principal.name, "anonymous", USER}
    assert there.principal.name in theirs


def test_a_rollback_reads_the_registry_by_its_own_connection(elsewhere: Pipeline) -> None:
    there = registry_in(elsewhere.azure, FABRIKAM)
    there.registry.anonymous_pull = False
    there.registry.admin_user_enabled = True
    elsewhere.site.settings["DOCKER_REGISTRY_SERVER_URL"] = "https://platform.azurecr.io"
    elsewhere.site.settings["DOCKER_REGISTRY_SERVER_USERNAME"] = "platform"
    elsewhere.site.settings["DOCKER_REGISTRY_SERVER_PASSWORD"] = there.registry.admin_password
    connection = there.connection()
    given = {"azureSubscriptionForACR": connection.id, "azureContainerRegistry": "platform.azurecr.io"}
    first = run(elsewhere, connection, **given, tags="stable")
    assert first.result == "Succeeded", first.log
    (elsewhere.sources / "Dockerfile").write_text(BASE + 'ENTRYPOINT ["false"]\n')
    failed = run(elsewhere, connection, **given, tags="stable", verifyTimeoutMinutes="0.2")
    assert the_error(failed) == "container-exits"
    pinned = f"platform.azurecr.io/team/hello-function@{first.variables['imageDigest']}"
    assert elsewhere.site.config["linuxFxVersion"] == f"DOCKER|{pinned}", "its tag means the broken image by now"


@pytest.mark.parametrize("scheme", ["ServicePrincipal", "WorkloadIdentityFederation", "ManagedServiceIdentity"])
@pytest.mark.parametrize("command", ["buildPushDeploy", "buildAndPush"])
def test_a_docker_connection_to_an_azure_registry_by_every_scheme(
    elsewhere: Pipeline, tmp_path: Path, scheme: str, command: str
) -> None:
    azure = elsewhere.azure
    there = registry_in(azure, FABRIKAM, role="AcrPush")
    elsewhere.agent.machine |= azure.machine_environment()
    connection = there.docker_connection(azure, scheme)
    alone = {"azureSubscription": "", "appName": ""} if command == "buildAndPush" else {}
    with watched(elsewhere.sources) as seen:
        done = run(elsewhere, connection, containerRegistry=connection.id, command=command, **alone)
    assert done.result == "Succeeded", done.log
    assert done.variables["imageReference"] == "platform.azurecr.io/team/hello-function:1"
    assert done.variables["imageDigest"].startswith("sha256:")
    secrets = {SHARED_SECRET, *(value for value in done.secret_values if len(value) > 20)}
    assert not [secret for secret in secrets if secret in done.log]
    assert not [secret for secret in secrets if secret.encode() in b"".join(seen.command_lines)]
    assert not [secret for secret in secrets if secret.encode() in b"".join(seen.docker_environments)]
    assert files_with(secrets, tmp_path) == []
    assert len(azure.assertions_used) == len(set(azure.assertions_used))
    asked = {call.host for call in azure.calls if call.principal == there.principal.name}
    assert asked - {"login.microsoftonline.com"} == {"platform.azurecr.io"}


def test_a_docker_connection_with_a_wrong_secret_is_told_with_its_own_input(elsewhere: Pipeline) -> None:
    there = registry_in(elsewhere.azure, FABRIKAM, role="AcrPush")
    connection = there.docker_connection(elsewhere.azure, "ServicePrincipal", secret="not-the-secret-at-all")
    failed = run(elsewhere, connection, containerRegistry=connection.id)
    assert the_error(failed) == "secret-wrong"
    assert f"resourceId={connection.id}" in failed.log
    assert "not-the-secret-at-all" not in failed.log


def test_a_registry_of_another_tenant_without_its_own_connection_says_which_input_takes_one(
    elsewhere: Pipeline,
) -> None:
    there = registry_in(elsewhere.azure, FABRIKAM)
    failed = run(elsewhere, azureContainerRegistry=there.registry.login_server)
    assert the_error(failed) == "registry-sign-in-refused"
    assert "azureSubscriptionForACR" in failed.log
    failed = run(elsewhere, azureContainerRegistry="platform")
    assert the_error(failed) == "registry-not-found"
    assert "azureSubscriptionForACR" in failed.log


# Audiences


def test_a_registry_that_takes_its_own_audience_only_is_entered_at_the_first_attempt(pipeline: Pipeline) -> None:
    pipeline.registry.arm_tokens = False
    done = pipeline.run()
    assert done.result == "Succeeded", done.log
    exchanges = [call.status for call in pipeline.azure.calls if call.path == "/oauth2/exchange"]
    assert set(exchanges) == {200}


def test_a_registry_that_refuses_its_own_audience_is_not_shown_the_token_for_resource_manager(
    pipeline: Pipeline,
) -> None:
    pipeline.registry.own_tokens = False
    assert the_error(pipeline.run()) == "registry-sign-in-refused"
    exchanges = [call.status for call in pipeline.azure.calls if call.path == "/oauth2/exchange"]
    assert exchanges == [401]


def test_where_entra_id_does_not_know_the_registries_audience_the_one_for_arm_follows(
    azure: LocalAzure, tmp_path: Path
) -> None:
    with a_pipeline(azure, tmp_path, cloud=STACK) as pipeline:
        done = pipeline.run(azureContainerRegistry="contoso.azsacr.local.azurestack.external")
    assert done.result == "Succeeded", done.log
    refused = [call for call in azure.calls if call.path.endswith("/token") and call.status == 400]
    assert len(refused) == 1
    assert "AADSTS" not in done.log


def test_a_registry_that_takes_neither_audience_is_told_with_its_first_refusal(pipeline: Pipeline) -> None:
    pipeline.registry.own_tokens = pipeline.registry.arm_tokens = False
    assert the_error(pipeline.run()) == "registry-sign-in-refused"
    exchanges = [call.status for call in pipeline.azure.calls if call.path == "/oauth2/exchange"]
    assert exchanges == [401]


@pytest.mark.parametrize(
    "realm", ["https://login.contoso.example/oauth2/token", "http://contoso.azurecr.io/oauth2/token"]
)
def test_azures_token_does_not_follow_a_challenge_that_leads_elsewhere(pipeline: Pipeline, realm: str) -> None:
    challenge = {"WWW-Authenticate": f'Bearer realm="{realm}",service="contoso.azurecr.io"'}
    pipeline.azure.faults.script(r"GET contoso\.azurecr\.io/v2/$", status=401, headers=challenge, times=None)
    failed = pipeline.run()
    assert the_error(failed) == "registry-not-azure"
    assert realm in failed.log
    assert not [call for call in pipeline.azure.calls if call.path.startswith("/oauth2/") and call.method == "POST"]
