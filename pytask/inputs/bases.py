"""The registries of base images that this run can sign in to."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pytask.builders.docker.instructions import registries_named
from pytask.builders.docker.syntax import read_dockerfile
from pytask.model import DOCKER_HUB, NotAReference, RegistryHost, RegistryLogin
from pytask.registry.hosts import is_azure_registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytask.model import Recipe, ServiceConnection


def signs_in_to(
    recipe: Recipe,
    connection: ServiceConnection | None,
    registry_connection: ServiceConnection | RegistryLogin | None,
) -> frozenset[RegistryHost]:
    """Return the registries that the build names and that a connection signs in to.

    An Azure connection is used only for Azure's registries: any other host could misuse its token.
    """
    login = registry_connection if isinstance(registry_connection, RegistryLogin) else None
    azure = connection if isinstance(registry_connection, RegistryLogin) else registry_connection or connection
    named = frozenset(_hosts(recipe))
    # An image without a host is on Docker Hub, and nearly every Dockerfile names one.
    of_login = {login.host} & {*named, DOCKER_HUB} if login else set[RegistryHost]()
    return frozenset(of_login | {host for host in named if azure and is_azure_registry(host, azure.cloud)})


def _hosts(recipe: Recipe) -> Iterator[RegistryHost]:
    """Yield the valid hosts that the build names."""
    for text in _named(recipe):
        with suppress(NotAReference):
            yield RegistryHost.parse(text)


def _named(recipe: Recipe) -> frozenset[str]:
    return registries_named(
        read_dockerfile(recipe.dockerfile),
        {argument.name: argument.value or "" for argument in recipe.arguments},
        recipe.flags,
    )
