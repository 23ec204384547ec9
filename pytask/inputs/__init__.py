"""Reading the task's inputs and the agent's variables into a plan, with all mistakes reported at once.

Only the inputs that the command uses are read, so that a step may leave out the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytask.agent.connection import read_connection
from pytask.errors import ManyFailures
from pytask.errors.connection import ConnectionNotExpanded
from pytask.inputs.app import read_app, read_app_to_swap
from pytask.inputs.bases import signs_in_to
from pytask.inputs.build_on import read_acr, with_cache
from pytask.inputs.cache import read_cache
from pytask.inputs.image import (
    read_destination,
    read_existing,
    read_names,
    read_recipe,
    read_record_file,
    read_swapped,
)
from pytask.inputs.reader import Read, Reader, together
from pytask.inputs.registry import (
    confirm_import,
    confirm_pull_access,
    has_registry_connection,
    read_import_target,
    read_registry_connection,
)
from pytask.model import Build, BuildAndPush, BuildPushDeploy, Check, Command, Deploy, Swap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytask.inputs.registry import RegistryGiven
    from pytask.model import (
        AppPlan,
        Cloud,
        ExistingImage,
        Plan,
        Recipe,
        RegistryAddress,
        RegistryHost,
        RegistryLogin,
        Secret,
        ServiceConnection,
    )

__all__ = ["read_plan"]


def read_plan(environment: Mapping[str, str], mask: Callable[[str], Secret]) -> Plan:
    """Return the plan of the run.

    Raises:
        ManyFailures: with every mistake in the inputs.
        AgentVariableMissing: outside a job.
    """
    reader = Reader(environment=environment)
    command = reader.choice("command", Command, default=Command.BUILD_PUSH_DEPLOY)
    plan: Read[Plan] = _plan(
        _Inputs(reader=reader, mask=mask), command.value if command.found else Command.BUILD_PUSH_DEPLOY
    )
    if reader.mistakes:
        raise ManyFailures(tuple(reader.mistakes))
    return plan.value


def _plan(inputs: _Inputs, command: Command) -> Read[Any]:
    match command:
        case Command.BUILD:
            return _build(inputs)
        case Command.BUILD_AND_PUSH:
            return _build_and_push(inputs)
        case Command.BUILD_PUSH_DEPLOY:
            return _build_push_deploy(inputs)
        case Command.DEPLOY:
            return _deploy(inputs)
        case Command.SWAP:
            return _swap(inputs)
        case Command.CHECK:
            return _check(inputs)


def _build(inputs: _Inputs) -> Read[Build]:
    given = _given(inputs, _optional_connection(inputs))
    recipe = read_recipe(inputs.reader, inputs.mask)
    names = read_names(inputs.reader)
    cache = read_cache(inputs.reader, recipe, names, given.own)
    acr = read_acr(inputs.reader, names, recipe, given.own, given.cloud)
    return together(
        lambda: Build(
            connection=given.connection.value,
            recipe=with_cache(inputs.reader, recipe.value, cache.value, acr.value),
            names=names.value,
            signs_in_to=given.signs_in_to(recipe.value),
            acr=acr.value,
            **given.of_all(inputs.reader),
        ),
        *(*given.parts, recipe, names, cache, acr),
    )


def _build_and_push(inputs: _Inputs) -> Read[BuildAndPush]:
    optional = has_registry_connection(inputs.reader)
    given = _given(inputs, _optional_connection(inputs) if optional else _connection(inputs))
    recipe = read_recipe(inputs.reader, inputs.mask)
    destination = read_destination(inputs.reader, given.own, given.cloud)
    cache = read_cache(inputs.reader, recipe, destination, given.own)
    acr = read_acr(inputs.reader, destination, recipe, given.own, given.cloud)
    return together(
        lambda: BuildAndPush(
            connection=given.connection.value,
            recipe=with_cache(inputs.reader, recipe.value, cache.value, acr.value),
            names=destination.value,
            signs_in_to=given.signs_in_to(recipe.value),
            acr=acr.value,
            **given.of_all(inputs.reader),
        ),
        *(*given.parts, recipe, destination, cache, acr),
    )


def _build_push_deploy(inputs: _Inputs) -> Read[BuildPushDeploy]:
    given = _given(inputs, _connection(inputs))
    recipe = read_recipe(inputs.reader, inputs.mask)
    destination = read_destination(inputs.reader, given.own, given.cloud)
    cache = read_cache(inputs.reader, recipe, destination, given.own)
    acr = read_acr(inputs.reader, destination, recipe, given.own, given.cloud)
    app = read_app(inputs.reader, inputs.mask)
    _confirm_pull_access(inputs, given, app, destination.value.host if destination.found else None)
    return together(
        lambda: BuildPushDeploy(
            connection=given.connection.value,
            recipe=with_cache(inputs.reader, recipe.value, cache.value, acr.value),
            names=destination.value,
            app=app.value,
            signs_in_to=given.signs_in_to(recipe.value),
            acr=acr.value,
            **given.of_all(inputs.reader),
        ),
        *(*given.parts, recipe, destination, app, cache, acr),
    )


def _deploy(inputs: _Inputs) -> Read[Deploy]:
    given = _given(inputs, _connection(inputs))
    app = read_app(inputs.reader, inputs.mask)
    target = read_import_target(inputs.reader)
    is_imported = bool(target.found) and target.value is not None
    file = given.file.value if given.file.found else None
    image = read_existing(inputs.reader, given.own, file, is_imported=is_imported)
    _confirm_pull_access(inputs, given, app, _pulled_from(inputs, given, image, target))
    return together(
        lambda: Deploy(
            connection=given.connection.value,
            image=image.value,
            app=app.value,
            imports_into=target.value,
            **given.of_all(inputs.reader),
        ),
        *(*given.parts, image, app, target),
    )


def _pulled_from(
    inputs: _Inputs, given: _Given, image: Read[ExistingImage], target: Read[RegistryAddress | None]
) -> RegistryHost | None:
    """Return the registry that the app will pull from; None until ARM reports it."""
    if not (image.found and target.found):
        return None
    if target.value is None:
        return image.value.reference.host
    confirm_import(inputs.reader, image.value.reference.host, target.value, given.own, given.cloud)
    return target.value.login_server


def _swap(inputs: _Inputs) -> Read[Swap]:
    given = _given(inputs, _connection(inputs))
    app = read_app_to_swap(inputs.reader)
    image = read_swapped(inputs.reader, given.own, given.file.value if given.file.found else None)
    return together(
        lambda: Swap(
            connection=given.connection.value,
            image=image.value,
            app=app.value,
            **given.of_all(inputs.reader),
        ),
        *(*given.parts, image, app),
    )


def _check(inputs: _Inputs) -> Read[Check]:
    given = _given(inputs, _connection(inputs))
    app = read_app(inputs.reader, inputs.mask)
    _confirm_pull_access(inputs, given, app, None)
    return together(
        lambda: Check(connection=given.connection.value, app=app.value, **given.of_all(inputs.reader)),
        *(*given.parts, app),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Inputs:
    """The inputs, and the function that masks the secrets in them."""

    reader: Reader
    mask: Callable[[str], Secret]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Given:
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


def _given(inputs: _Inputs, connection: Read[Any]) -> _Given:
    own = read_registry_connection(inputs.reader, inputs.mask, _cloud(connection))
    return _Given(connection=connection, own=own, file=read_record_file(inputs.reader))


def _cloud(connection: Read[ServiceConnection | None]) -> Cloud | None:
    return connection.value.cloud if connection.found and connection.value else None


def _confirm_pull_access(inputs: _Inputs, given: _Given, app: Read[AppPlan], registry: RegistryHost | None) -> None:
    """Check that the app can get the requested pull access; `registry` is None until ARM reports it."""
    if app.found:
        confirm_pull_access(inputs.reader, app.value.pull.access, registry, given.own, given.cloud)


def _optional_connection(inputs: _Inputs) -> Read[Any]:
    """Read azureSubscription for a step that may leave it out: it only builds, or its registry has a connection."""
    return _connection(inputs) if inputs.reader.text("azureSubscription") else Read((None,))


def _connection(inputs: _Inputs) -> Read[Any]:
    reader = inputs.reader
    return reader.named(
        "azureSubscription",
        lambda value: read_connection(
            reader.environment, input_name="azureSubscription", value=value, mask=inputs.mask
        ),
        meaning="the service connection",
        unexpanded=ConnectionNotExpanded,
    )
