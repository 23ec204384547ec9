"""The inputs about where the image is built."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytask.builders.docker.arguments import flag_names
from pytask.errors.acr_build import AcrBuildNeedsAzure, AcrBuildNeedsRegistry, AcrFlagUnavailable
from pytask.inputs.reader import Read
from pytask.inputs.registry import read_registry
from pytask.model import AcrTasks, BuildOn, Destination, RegistryLogin
from pytask.registry.hosts import is_azure_registry

if TYPE_CHECKING:
    from pytask.inputs.reader import Reader
    from pytask.inputs.registry import RegistryGiven
    from pytask.model import BuildCache, Cloud, ImageNames, Recipe, RegistryAddress

_REGISTRY = "azureContainerRegistry"
_OF_THE_MACHINE = frozenset({"--allow", "--build-context", "--cgroup-parent", "--isolation", "--ssh"})
"""Flags about the machine that builds, or with paths on it."""


def read_acr(
    reader: Reader,
    names: Read[Any],
    recipe: Read[Recipe],
    own: Read[RegistryGiven | None],
    cloud: Cloud | None,
) -> Read[AcrTasks | None]:
    """Return the registry that builds the image; None when this agent does. `cloud` is that of azureSubscription."""
    on = reader.choice("buildOn", BuildOn, default=BuildOn.AGENT)
    pool = reader.named("acrAgentPool", str)
    if not (on.found and pool.found):
        return Read(())
    if on.value is BuildOn.AGENT:
        if pool.value:
            reader.notes.append("acrAgentPool is ignored: this agent builds (buildOn: agent)")
        return Read((None,))
    if recipe.found:
        _confirm_flags(reader, recipe.value)
    if not (names.found and own.found):
        return Read(())
    registry = _registry(reader, names.value, own.value, cloud)
    return Read((AcrTasks(registry=registry.value, agent_pool=pool.value),)) if registry.found else Read(())


def with_cache(reader: Reader, recipe: Recipe, cache: BuildCache | None, acr: AcrTasks | None) -> Recipe:
    """Return a recipe with its build cache, which only a build on this agent uses."""
    if acr and cache:
        reader.notes.append("cache is ignored: ACR Tasks builds without it (buildOn: acr)")
    return recipe if acr else replace(recipe, cache=cache)


def _registry(
    reader: Reader, names: ImageNames, own: RegistryGiven | None, cloud: Cloud | None
) -> Read[RegistryAddress]:
    if isinstance(names, Destination):
        registry = Read((names.registry,))
    elif not (reader.text(_REGISTRY) or names.image_host or (own and own.host)):
        reader.mistakes.append(AcrBuildNeedsRegistry(input=_REGISTRY))
        return Read(())
    else:
        registry = read_registry(reader, names.image_host, own, cloud)
    if registry.found:
        _confirm_azure(reader, registry.value, own, cloud)
    return registry


def _confirm_azure(reader: Reader, registry: RegistryAddress, own: RegistryGiven | None, cloud: Cloud | None) -> None:
    """Note a mistake where no connection leads to the registry through Resource Manager."""
    by_password = own is not None and isinstance(own.connection, RegistryLogin)
    connected = cloud if own is None or by_password else getattr(own.connection, "cloud", None)
    host = registry.login_server
    if connected is None or (host and not is_azure_registry(host, connected)):
        reader.mistakes.append(AcrBuildNeedsAzure(input="buildOn", registry=str(host or registry.name)))


def _confirm_flags(reader: Reader, recipe: Recipe) -> None:
    # An address (`name=docker-image://…`) is the same everywhere.
    for flag in flag_names(word for word in recipe.flags if "://" not in word):
        if flag in _OF_THE_MACHINE:
            reader.mistakes.append(AcrFlagUnavailable(input="arguments", flag=flag))
