"""Reading the task's inputs and the agent's variables into a plan, with all mistakes reported at once.

Only the inputs that the command uses are read, so that a step may leave out the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytask.errors import ManyFailures
from pytask.inputs.app import read_app, read_app_to_swap
from pytask.inputs.given import Given, Inputs, read_azure, read_building, read_given, read_optional_azure
from pytask.inputs.image import (
    read_destination,
    read_existing,
    read_names,
    read_recipe,
    read_swapped,
)
from pytask.inputs.reader import Read, Reader, together
from pytask.inputs.registry import (
    confirm_import,
    confirm_pull_access,
    has_registry_connection,
    read_import_target,
)
from pytask.model import Build, BuildAndPush, BuildPushDeploy, Check, Command, Deploy, Swap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.model import (
        AppPlan,
        ExistingImage,
        Plan,
        RegistryAddress,
        RegistryHost,
        Secret,
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
        Inputs(reader=reader, mask=mask), command.value if command.found else Command.BUILD_PUSH_DEPLOY
    )
    if reader.mistakes:
        raise ManyFailures(tuple(reader.mistakes))
    return plan.value


def _plan(inputs: Inputs, command: Command) -> Read[Any]:
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


def _build(inputs: Inputs) -> Read[Build]:
    given = read_given(inputs, read_optional_azure(inputs))
    recipe = read_recipe(inputs.reader, inputs.mask)
    names = read_names(inputs.reader)
    building = read_building(inputs, given, recipe, names)
    return together(
        lambda: Build(
            connection=given.connection.value,
            names=names.value,
            **building.of_all(inputs.reader, given),
            **given.of_all(inputs.reader),
        ),
        *(*given.parts, *building.parts, names),
    )


def _build_and_push(inputs: Inputs) -> Read[BuildAndPush]:
    optional = has_registry_connection(inputs.reader)
    given = read_given(inputs, read_optional_azure(inputs) if optional else read_azure(inputs))
    recipe = read_recipe(inputs.reader, inputs.mask)
    destination = read_destination(inputs.reader, given.own, given.cloud)
    building = read_building(inputs, given, recipe, destination)
    return together(
        lambda: BuildAndPush(
            connection=given.connection.value,
            names=destination.value,
            **building.of_all(inputs.reader, given),
            **given.of_all(inputs.reader),
        ),
        *(*given.parts, *building.parts, destination),
    )


def _build_push_deploy(inputs: Inputs) -> Read[BuildPushDeploy]:
    given = read_given(inputs, read_azure(inputs))
    recipe = read_recipe(inputs.reader, inputs.mask)
    destination = read_destination(inputs.reader, given.own, given.cloud)
    building = read_building(inputs, given, recipe, destination)
    app = read_app(inputs.reader, inputs.mask)
    _confirm_pull_access(inputs, given, app, destination.value.host if destination.found else None)
    return together(
        lambda: BuildPushDeploy(
            connection=given.connection.value,
            names=destination.value,
            app=app.value,
            **building.of_all(inputs.reader, given),
            **given.of_all(inputs.reader),
        ),
        *(*given.parts, *building.parts, destination, app),
    )


def _deploy(inputs: Inputs) -> Read[Deploy]:
    given = read_given(inputs, read_azure(inputs))
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
    inputs: Inputs, given: Given, image: Read[ExistingImage], target: Read[RegistryAddress | None]
) -> RegistryHost | None:
    """Return the registry that the app will pull from; None until ARM reports it."""
    if not (image.found and target.found):
        return None
    if target.value is None:
        return image.value.reference.host
    confirm_import(inputs.reader, image.value.reference.host, target.value, given.own, given.cloud)
    return target.value.login_server


def _swap(inputs: Inputs) -> Read[Swap]:
    given = read_given(inputs, read_azure(inputs))
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


def _check(inputs: Inputs) -> Read[Check]:
    given = read_given(inputs, read_azure(inputs))
    app = read_app(inputs.reader, inputs.mask)
    _confirm_pull_access(inputs, given, app, None)
    return together(
        lambda: Check(connection=given.connection.value, app=app.value, **given.of_all(inputs.reader)),
        *(*given.parts, app),
    )


def _confirm_pull_access(inputs: Inputs, given: Given, app: Read[AppPlan], registry: RegistryHost | None) -> None:
    """Check that the app can get the requested pull access; `registry` is None until ARM reports it."""
    if app.found:
        confirm_pull_access(inputs.reader, app.value.pull.access, registry, given.own, given.cloud)
