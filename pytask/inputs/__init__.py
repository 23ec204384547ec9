"""The task's inputs and the agent's variables, read, checked and typed: all mistakes at once.

Only the inputs that the command needs are read, so that a step may leave out the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pytask.agent.connection import read_connection
from pytask.errors import ManyFailures
from pytask.errors.connection import ConnectionNotExpanded
from pytask.inputs.app import read_deploy
from pytask.inputs.bases import signs_in_to
from pytask.inputs.image import read_destination, read_existing, read_recipe, read_record_file
from pytask.inputs.reader import Read, Reader, together
from pytask.inputs.registry import confirm_pull_access, has_registry_connection, read_registry_connection
from pytask.model import Command, Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.model import Destination, ExistingImage, RegistryHost, Secret, ServiceConnection

T = TypeVar("T")

__all__ = ["read_plan"]


def read_plan(environment: Mapping[str, str], mask: Callable[[str], Secret]) -> Plan:
    """Return everything that will be done, as the user asks for it.

    Raises:
        ManyFailures: with every mistake in the inputs.
        AgentVariableMissing: outside a job.
    """
    reader = Reader(environment=environment)
    command = reader.choice("command", Command, default=Command.BUILD_PUSH_DEPLOY)
    plan = _parts(reader, command.value if command.found else Command.BUILD_PUSH_DEPLOY, mask)
    if reader.mistakes:
        raise ManyFailures(tuple(reader.mistakes))
    return plan.value


def _parts(reader: Reader, command: Command, mask: Callable[[str], Secret]) -> Read[Plan]:
    connection = _connection(reader, command, mask)
    cloud = connection.value.cloud if connection.found and connection.value else None
    own = read_registry_connection(reader, mask, cloud)
    recipe = _when(command.builds, lambda: read_recipe(reader, mask))
    destination = _when(command.builds, lambda: read_destination(reader, own, cloud, pushed=command.pushes))
    deploy = _when(command.concerns_app, lambda: read_deploy(reader, mask))
    file = read_record_file(reader)
    existing = _when(command is Command.DEPLOY, lambda: read_existing(reader, own, file.value if file.found else None))
    if deploy.found and deploy.value:
        confirm_pull_access(reader, deploy.value.pull.access, _registry_of(destination, existing), own, cloud)
    return together(
        lambda: Plan(
            command=command,
            connection=connection.value,
            registry_connection=own.value.connection if own.value else None,
            recipe=recipe.value,
            destination=destination.value,
            existing=existing.value,
            deploy=deploy.value,
            record_file=file.value,
            signs_in_to=signs_in_to(recipe.value, connection.value, own.value.connection if own.value else None),
            notes=tuple(reader.notes),
            warnings=tuple(reader.warnings),
        ),
        *(connection, own, recipe, destination, existing, deploy, file),
    )


def _registry_of(destination: Read[Destination | None], existing: Read[ExistingImage | None]) -> RegistryHost | None:
    """Return the host of the image's registry; None where there is none, or ARM has yet to say it."""
    if destination.found and destination.value:
        return destination.value.host
    return existing.value.reference.host if existing.found and existing.value else None


def _when(needed: bool, read: Callable[[], Read[T]]) -> Read[T | None]:
    """Read a part of the plan that the command needs; None stands for one it does not."""
    return Read(read().found) if needed else Read((None,))


def _connection(reader: Reader, command: Command, mask: Callable[[str], Secret]) -> Read[ServiceConnection | None]:
    """Read azureSubscription, which a step may leave out that only builds, or fills a registry that has its own."""
    optional = command is Command.BUILD or (not command.concerns_app and has_registry_connection(reader))
    if optional and not reader.text("azureSubscription"):
        return Read((None,))
    return reader.named(
        "azureSubscription",
        lambda value: read_connection(reader.environment, input_name="azureSubscription", value=value, mask=mask),
        meaning="the service connection",
        unexpanded=ConnectionNotExpanded,
    )
