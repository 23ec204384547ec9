"""The registries of base images that this run can sign in to."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pytask.builders.docker.instructions import registries_named
from pytask.builders.docker.syntax import read_dockerfile
from pytask.model import DOCKER_HUB, NotAReference, RegistryHost, RegistryLogin
from pytask.registry.hosts import is_azures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytask.model import Recipe, ServiceConnection


def signs_in_to(
    recipe: Recipe,
    connection: ServiceConnection | None,
    registry_connection: ServiceConnection | RegistryLogin | None,
) -> frozenset[RegistryHost]:
    """Return the hosts that the build names and a connection leads into.

    A connection of Azure leads into Azure's registries and nobody else's: who is shown its token could use it.
    """
    login = registry_connection if isinstance(registry_connection, RegistryLogin) else None
    azure = connection if isinstance(registry_connection, RegistryLogin) else registry_connection or connection
    named = frozenset(_hosts(recipe))
    # An image without a host is Docker Hub's, and nearly every Dockerfile has one.
    of_login = {login.host} & {*named, DOCKER_HUB} if login else set[RegistryHost]()
    return frozenset(of_login | {host for host in named if azure and is_azures(host, azure.cloud)})


def _hosts(recipe: Recipe) -> Iterator[RegistryHost]:
    """Yield what the build names as hosts, less what is none."""
    for text in _named(recipe):
        with suppress(NotAReference):
            yield RegistryHost.parse(text)


def _named(recipe: Recipe) -> frozenset[str]:
    return registries_named(
        read_dockerfile(recipe.dockerfile),
        {argument.name: argument.value or "" for argument in recipe.arguments},
        recipe.flags,
    )
