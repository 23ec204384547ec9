"""Registries that are not Azure's: what Docker and a plain client see of them."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import docker
import pytest

from tests.images import EngineError, build, follow, function_app
from tests.local_azure.client import call
from tests.local_azure.registries.docker_registries import (
    PASSWORD,
    USER,
    DockerRegistry,
    docker_hub,
    harbor,
    plain_registry,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local_azure.azure import LocalAzure

KINDS = [docker_hub, harbor, plain_registry]
MANIFEST = {"Accept": "application/vnd.docker.distribution.manifest.v2+json"}


def push(azure: LocalAzure, reference: str, password: str = PASSWORD) -> None:
    with closing(docker.APIClient(base_url=azure.agent_engine.url)) as client:
        credential = {"username": USER, "password": password}
        follow(client.push(reference, auth_config=credential, stream=True, decode=True))


@pytest.mark.parametrize("make", KINDS)
def test_the_right_password_pushes_and_another_does_not(azure: LocalAzure, make: Callable[[], DockerRegistry]) -> None:
    registry = azure.add_docker_registry(make())
    image = f"{registry.host}/team/shop:1"
    build(azure.agent_engine, image, function_app("one"))
    with pytest.raises(EngineError, match=r"unauthorized|denied|401"):
        push(azure, image, "not-the-password")
    push(azure, image)
    settings: dict[str, str | None] = {
        "DOCKER_REGISTRY_SERVER_URL": f"https://{registry.host}",
        "DOCKER_REGISTRY_SERVER_USERNAME": USER,
        "DOCKER_REGISTRY_SERVER_PASSWORD": PASSWORD,
    }
    site = azure.add_app("shop", image=image, pull=None, settings=settings)
    assert azure.get(f"{site.url}/api/Hello") == (200, "one")
    assert azure.serving(azure.add_app("closed", image=image, pull=None)) is None


@pytest.mark.parametrize("make", [docker_hub, harbor])
def test_a_token_service_gives_everybody_a_token_and_grants_what_is_public(
    azure: LocalAzure, make: Callable[[], DockerRegistry]
) -> None:
    registry = azure.add_docker_registry(make())
    image = f"{registry.host}/team/shop:1"
    build(azure.agent_engine, image, function_app("one"))
    push(azure, image)
    url = f"https://{registry.answers_at}/v2/team/shop/manifests/1"
    assert call(azure, "GET", url).headers["WWW-Authenticate"].startswith(f'Bearer realm="{registry.realm}"')

    def status() -> int:
        query = {"service": registry.service, "scope": "repository:team/shop:pull"}
        token = call(azure, "GET", registry.realm, params=query).json()["token"]
        return call(azure, "GET", url, headers={"Authorization": f"Bearer {token}", **MANIFEST}).status_code

    assert status() == 401
    registry.public.add("team/shop")
    assert status() == 200
    wrong = call(azure, "GET", registry.realm, params={"service": registry.service}, auth=(USER, "wrong"))
    assert wrong.status_code == 401


def test_a_password_file_is_all_that_a_plain_registry_has(azure: LocalAzure) -> None:
    registry = azure.add_docker_registry(plain_registry())
    url = f"https://{registry.answers_at}/v2/"
    assert call(azure, "GET", url).headers["WWW-Authenticate"] == 'Basic realm="Registry Realm"'
    assert call(azure, "GET", url, auth=(USER, PASSWORD)).status_code == 200
    assert call(azure, "GET", url, auth=(USER, "wrong")).status_code == 401
    assert registry.shown == ["", "Basic", "Basic"]
