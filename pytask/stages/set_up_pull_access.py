"""The stage that lets the app into the registry, before anything is pushed for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.errors.pull import RoleNotGrantable
from pytask.model import Command, Right
from pytask.registry.roles import grant, pull_role
from pytask.stages.pull_access import assignment
from pytask.targets.site.identity import give_identity

if TYPE_CHECKING:
    from pytask.job import Job
    from pytask.model import Plan
    from pytask.registry.resource import RegistryResource
    from pytask.stages.preflight import AppAsFound, Findings
    from pytask.stages.pull_access import PullSetup
    from pytask.targets.site.identity import AppIdentity


def set_up_pull_access(job: Job, plan: Plan, findings: Findings) -> None:
    """Give the app its identity and the identity its role, where they are missing; the record tells what was done.

    Raises:
        TaskFailure: why it cannot be done.
    """
    found = findings.app
    if found is None or plan.command is Command.CHECK:
        return
    setup = found.pull
    if setup.warning:
        job.console.warning(setup.warning)
    if not _is_lacking(setup):
        return
    with job.stage(f"Set up pull access of {found.target.title}"):
        if (identity := setup.identity) and not identity.assigned:
            identity = _given(job, found, identity)
        if identity and setup.registry:
            _granted(job, found, setup.registry, identity)


def wait_for_role_propagation(job: Job) -> None:
    """Wait until a role that this run granted counts with the registry, as far as anybody can tell.

    The app's identity is the app's alone: nobody else can try whether it gets in. Where the time was too short, the
    platform's log shows it.
    """
    granted = job.record.granted
    while granted is not None and (left := granted + job.timeouts.role_propagation - job.clock.monotonic()) > 0:
        job.console.line(f"  waiting for the new role to propagate, {left:.0f} s")
        job.clock.sleep(min(left, job.timeouts.progress))


def _is_lacking(setup: PullSetup) -> bool:
    return setup.identity is not None and (not setup.identity.assigned or setup.registry is not None)


def _given(job: Job, found: AppAsFound, identity: AppIdentity) -> AppIdentity:
    done = f"{identity.title} was {assignment(identity)}"
    job.record.pull_access_sent = done
    given = give_identity(found.azure.arm, found.target, identity)
    job.record.pull_access_sent = ""
    job.record.pull_access.append(done)
    job.console.line(f"  identity  {done}")
    return given


def _granted(job: Job, found: AppAsFound, registry: RegistryResource, identity: AppIdentity) -> None:
    role, arm = pull_role(registry).name, found.pull.arm or found.azure.arm
    done = f"{role} on {registry.name} was granted to {identity.title}"
    job.record.pull_access_sent = done
    try:
        new = grant(arm, registry, identity.principal_id, app=found.target.title)
    except RoleNotGrantable:
        job.record.pull_access_sent = ""
        if found.pull.right is Right.LACKING:
            raise
        job.console.line(f"  role      {role} may not be granted; whether {identity.title} has it shows when it pulls")
        return
    job.record.pull_access_sent = ""
    if not new:
        job.console.line(f"  role      {identity.title} has {role} on {registry.name} already")
        return
    job.record.granted = job.clock.monotonic()
    job.record.pull_access.append(done)
    job.console.line(f"  role      {done}")
