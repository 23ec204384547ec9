"""Registries that are not Azure's: filled, deployed from, and refused in the first seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.test_failures import the_error
from tests.local_azure.registries.docker_registries import (
    PASSWORD,
    USER,
    DockerRegistry,
    docker_hub,
    harbor,
)
from tests.registry_connections import (
    KINDS,
    connection_to,
    run,
    set_up_pull_access,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.pipeline import Pipeline


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


def test_a_registry_without_a_connection_of_its_own_is_a_mistake_before_anything_is_done(elsewhere: Pipeline) -> None:
    failed = run(elsewhere, imageName="docker.io/team/hello-function")
    assert the_error(failed) == "registry-connection-needed"
    assert "containerRegistry" in failed.log
