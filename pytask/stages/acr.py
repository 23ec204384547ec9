"""The registry that builds the image in this agent's place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.access.roles import may
from pytask.errors.acr_build import AcrTasksForbidden
from pytask.registry.images import open_built, open_destination
from pytask.registry.rights import confirm_push
from pytask.registry.tasks import SCHEDULES, open_tasks

if TYPE_CHECKING:
    from pytask.builders.builder import Logins
    from pytask.model import AcrTasks, PushPlan
    from pytask.registry.images import ImageSource
    from pytask.registry.registries import Registries
    from pytask.registry.session import RegistrySession
    from pytask.registry.tasks import TasksRegistry


def open_push(registries: Registries, plan: PushPlan, logins: Logins) -> tuple[ImageSource, RegistrySession | None]:
    """Return the registry that the image goes to, after checking that it can get there; with a session if we push it.

    Raises:
        TaskFailure: why it cannot.
    """
    if plan.acr is None:
        return open_destination(registries, plan.names)
    tasks = find_tasks(registries, plan.acr, logins)
    if tasks.resource.by_repository:
        # The run then has no rights but the caller's.
        confirm_push(registries.open(tasks.host), plan.names.repository)
    return open_built(registries, plan.names, tasks.host), None


def find_tasks(registries: Registries, acr: AcrTasks, logins: Logins) -> TasksRegistry:
    """Hand the registry that builds to the build, and return it, unless it is certain that this run may not use it.

    Raises:
        AcrRegistryUnseen, AcrTasksForbidden: when the connection lacks the rights.
    """
    tasks = open_tasks(registries, registries.host_at(acr.registry), acr.registry.resource_id)
    logins.tasks.give(tasks)
    resource = tasks.resource
    if may(tasks.arm, resource, SCHEDULES) is False:
        detail = f"none of the connection's roles on {resource.name} has the permission {SCHEDULES}"
        raise AcrTasksForbidden(registry=resource.name, detail=detail, scope=resource.id)
    return tasks
