"""The registries of base images that this run can sign in to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.image.instructions import registries_named
from pytask.image.syntax import read_dockerfile
from pytask.model import RegistryLogin
from pytask.registry.hosts import DOCKER_HUB, canonical, is_azures

if TYPE_CHECKING:
    from pytask.model import Recipe, ServiceConnection


def signs_in_to(
    recipe: Recipe | None,
    connection: ServiceConnection | None,
    registry_connection: ServiceConnection | RegistryLogin | None,
) -> frozenset[str]:
    """Give the hosts that the build names and a connection leads into.

    A connection of Azure leads into Azure's registries and nobody else's: who is shown its token could use it.
    """
    if recipe is None:
        return frozenset()
    login = registry_connection if isinstance(registry_connection, RegistryLogin) else None
    azure = connection if isinstance(registry_connection, RegistryLogin) else registry_connection or connection
    named = {canonical(host) for host in _named(recipe)}
    # An image without a host is Docker Hub's, and nearly every Dockerfile has one.
    of_login = {login.host} & {*named, DOCKER_HUB} if login else set[str]()
    return frozenset(of_login | {host for host in named if azure and is_azures(host, azure.cloud)})


def _named(recipe: Recipe) -> frozenset[str]:
    return registries_named(
        read_dockerfile(recipe.dockerfile),
        {argument.name: argument.value or "" for argument in recipe.arguments},
        recipe.flags,
    )
