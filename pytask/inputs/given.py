"""The inputs that several commands read together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytask.agent.connection import read_connection
from pytask.errors.connection import ConnectionNotExpanded
from pytask.inputs.bases import signs_in_to
from pytask.inputs.build_on import read_acr, with_cache
from pytask.inputs.cache import read_cache
from pytask.inputs.image import read_record_file
from pytask.inputs.reader import Read, Reader
from pytask.inputs.registry import read_registry_connection

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytask.inputs.registry import RegistryGiven
    from pytask.model import (
        AcrTasks,
        BuildCache,
        Cloud,
        Recipe,
        RegistryHost,
        RegistryLogin,
        Secret,
        ServiceConnection,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """The inputs, and the function that masks the secrets in them."""

    reader: Reader
    mask: Callable[[str], Secret]


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """The inputs that every command reads."""

    connection: Read[Any]
    """The connection in azureSubscription; None when the command does not need it and the step leaves it out."""
    own: Read[RegistryGiven | None]
    """The registry's own connection."""
    file: Read[Path | None]

    @property
    def cloud(self) -> Cloud | None:
        """The cloud of azureSubscription."""
        return _cloud(self.connection)

    @property
    def parts(self) -> tuple[Read[Any], ...]:
        """All parts."""
        return self.connection, self.own, self.file

    @property
    def registry_connection(self) -> ServiceConnection | RegistryLogin | None:
        """The registry's own connection; None when it has none."""
        return self.own.value.connection if self.own.value else None

    def signs_in_to(self, recipe: Recipe) -> frozenset[RegistryHost]:
        """Return the registries of base images that one of the connections signs in to."""
        return signs_in_to(recipe, self.connection.value, self.registry_connection)

    def of_all(self, reader: Reader) -> dict[str, Any]:
        """Return the fields that all plans share; call it once everything is read."""
        return {
            "registry_connection": self.registry_connection,
            "record_file": self.file.value,
            "notes": tuple(reader.notes),
            "warnings": tuple(reader.warnings),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Building:
    """The inputs that every command reads which builds."""

    recipe: Read[Recipe]
    cache: Read[BuildCache | None]
    acr: Read[AcrTasks | None]

    @property
    def parts(self) -> tuple[Read[Any], ...]:
        """All parts."""
        return self.recipe, self.cache, self.acr

    def of_all(self, reader: Reader, given: Given) -> dict[str, Any]:
        """Return the fields that all plans with a build share; call it once everything is read."""
        return {
            "recipe": with_cache(reader, self.recipe.value, self.cache.value, self.acr.value),
            "signs_in_to": given.signs_in_to(self.recipe.value),
            "acr": self.acr.value,
        }


def read_building(inputs: Inputs, given: Given, recipe: Read[Recipe], names: Read[Any]) -> Building:
    """Return how to build what `recipe` says under `names`."""
    cache = read_cache(inputs.reader, recipe, names, given.own)
    acr = read_acr(inputs.reader, names, recipe, given.own, given.cloud)
    return Building(recipe=recipe, cache=cache, acr=acr)


def read_given(inputs: Inputs, connection: Read[Any]) -> Given:
    """Return the inputs that every command reads, with a connection that was read already."""
    own = read_registry_connection(inputs.reader, inputs.mask, _cloud(connection))
    return Given(connection=connection, own=own, file=read_record_file(inputs.reader))


def _cloud(connection: Read[ServiceConnection | None]) -> Cloud | None:
    return connection.value.cloud if connection.found and connection.value else None


def read_optional_azure(inputs: Inputs) -> Read[Any]:
    """Read azureSubscription for a step that may leave it out: it only builds, or its registry has a connection."""
    return read_azure(inputs) if inputs.reader.text("azureSubscription") else Read((None,))


def read_azure(inputs: Inputs) -> Read[Any]:
    """Read azureSubscription."""
    reader = inputs.reader
    return reader.named(
        "azureSubscription",
        lambda value: read_connection(
            reader.environment, input_name="azureSubscription", value=value, mask=inputs.mask
        ),
        meaning="the service connection",
        unexpanded=ConnectionNotExpanded,
    )
