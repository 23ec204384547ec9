"""Opening the service connections of a run. Nothing is sent yet, unless a connection does not tell of its cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.agent.oidc import open_oidc_tokens
from pytask.cloud.arm import open_azure
from pytask.cloud.credentials import open_credentials
from pytask.cloud.http import open_door
from pytask.cloud.metadata import with_known_cloud
from pytask.model import FederatedIdentity, RegistryLogin, ServiceConnection
from pytask.registry.registries import Registries

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.cloud.arm import Azure
    from pytask.job import Job
    from pytask.model import Plan

_ACCESS_TOKEN = "ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN"  # noqa: S105 - a name
"""The job's own token; every task gets it.
https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Worker/TaskRunner.cs"""


def open_connection(job: Job, connection: ServiceConnection) -> Azure:
    """Give the way to Azure of one connection."""
    say, mask = job.console.line, job.console.secret
    credentials = open_credentials(
        with_known_cloud(connection, open_door(clock=job.clock, patience=job.patience, say=say)),
        fresh_assertion=_fresh_assertion(job, connection),
        clock=job.clock,
        patience=job.patience,
        say=say,
        mask=mask,
    )
    return open_azure(credentials, clock=job.clock, patience=job.patience, say=say)


def open_registries(job: Job, plan: Plan, azure: Azure | None) -> Registries:
    """Give the registries of the run, `azure` being the connection of azureSubscription."""
    own = plan.registry_connection
    return Registries(
        azure=open_connection(job, own) if isinstance(own, ServiceConnection) else azure,
        login=own if isinstance(own, RegistryLogin) else None,
        door=azure.door if azure else open_door(clock=job.clock, patience=job.patience, say=job.console.line),
        mask=job.console.secret,
    )


def _fresh_assertion(job: Job, connection: ServiceConnection) -> Callable[[], str]:
    if not isinstance(connection.identity, FederatedIdentity):
        return str
    token = job.console.secret(job.environment.get(_ACCESS_TOKEN, ""))
    tokens = open_oidc_tokens(job.environment, connection=connection.id, access_token=token, mask=job.console.secret)
    return tokens.fresh
