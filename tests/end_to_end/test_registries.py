"""Whole runs against registries of every kind, each entered by every way that leads into it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.test_failures import the_error
from tests.end_to_end.watch import files_with, watched
from tests.sandbox.docker_registries import PASSWORD, USER, DockerRegistry, docker_hub, harbor, plain_registry
from tests.sandbox.endpoints import Endpoint, docker_connection
from tests.sandbox.pipeline import a_pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.sandbox.local_azure import LocalAzure
    from tests.sandbox.pipeline import Pipeline
    from tests.sandbox.running_task import TaskRun

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


def let_pull(pipeline: Pipeline, url: str) -> None:
    """Have the app pull with the same user and password, as one sets it up for such a registry."""
    pipeline.site.settings["DOCKER_REGISTRY_SERVER_URL"] = url if "://" in url else f"https://{url}"
    pipeline.site.settings["DOCKER_REGISTRY_SERVER_USERNAME"] = USER
    pipeline.site.settings["DOCKER_REGISTRY_SERVER_PASSWORD"] = PASSWORD


@pytest.fixture
def elsewhere(azure: LocalAzure, tmp_path: Path) -> Iterator[Pipeline]:
    """Give a pipeline whose app does not pull from Azure, and whose connection has no role on Azure's registry."""
    with a_pipeline(azure, tmp_path, app_pull=None, registry_role=None) as pipeline:
        yield pipeline


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_run_by_user_and_password(elsewhere: Pipeline, tmp_path: Path, kind: str) -> None:
    make, url, image = KINDS[kind]
    registry = elsewhere.azure.add_docker_registry(make())
    let_pull(elsewhere, url)
    connection = connection_to(url)
    with watched() as seen:
        first = run(elsewhere, connection, containerRegistry=connection.id)
    assert (first.result, first.variables["proof"], first.issues) == ("Succeeded", "proven", ()), first.log
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
    assert (done.result, done.variables["proof"]) == ("Succeeded", "proven"), done.log
    assert done.variables["imageDigest"] == digest
    assert "docker.io lets everybody read" in done.log
    assert "Basic" not in registry.shown
    missing = run(elsewhere, command="deploy", imageName="docker.io/team/hello-function:2")
    assert the_error(missing) == "manifest-missing"


def test_no_token_of_entra_id_is_shown_to_a_registry_that_is_not_azures(elsewhere: Pipeline) -> None:
    registry, _ = pushed(elsewhere, harbor, "https://harbor.contoso.example")
    let_pull(elsewhere, "https://harbor.contoso.example")
    done = run(elsewhere, command="deploy", imageName="harbor.contoso.example/team/hello-function:1")
    assert (done.result, done.variables["imageDigest"]) == ("SucceededWithIssues", ""), done.log
    assert "the digest of a tag is not known" in done.log
    paths = {call.path for call in elsewhere.azure.calls if call.host == registry.host}
    assert "/oauth2/exchange" not in paths


@pytest.mark.parametrize("where", ["sign-in", "push"])
def test_a_firewalled_registry_names_the_address_to_allow(pipeline: Pipeline, where: str) -> None:
    if where == "sign-in":
        pipeline.registry.firewall_denies_agent = True
    else:
        text = "client with IP '52.166.10.7' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."
        body = json.dumps({"errors": [{"code": "DENIED", "message": text}]})
        uploads = r"(POST|PUT|HEAD) contoso\.azurecr\.io/v2/hello-function/(blobs|manifests)"
        json_type = {"Content-Type": "application/json"}
        pipeline.azure.faults.script(uploads, status=403, headers=json_type, body=body, times=None)
    failed = pipeline.run()
    assert the_error(failed) == "registry-firewall"
    assert "it comes from 52.166.10.7" in failed.log
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
    assert "does not let this agent in: it comes from 52.166.10.7: the image is not inspected" in done.log


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
