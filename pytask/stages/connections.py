"""Opening a run's service connections, and signing in to Azure while the rest of the program still loads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.background import Background
from pytask.cloud.arm import open_azure
from pytask.cloud.credentials import open_credentials
from pytask.cloud.http import open_http_client
from pytask.cloud.metadata import with_known_cloud
from pytask.model import Build, BuildAndPush, FederatedIdentity, RegistryLogin, ServiceConnection
from pytask.network.route import open_route
from pytask.registry.registries import Registries

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.cloud.arm import Azure
    from pytask.cloud.http import HttpClient
    from pytask.job import Job
    from pytask.model import Plan

_ACCESS_TOKEN = "ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN"  # noqa: S105 - a name
"""The job's token; every task gets it.
https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Worker/TaskRunner.cs"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """What a run's service connections give access to."""

    registries: Registries
    signing_in: Background[Azure] | None
    """The sign-in to Azure, already under way; None for a command without a target, which may not need one."""

    def azure(self) -> Azure:
        """Return access to Azure, signed in; only for a command with a target.

        Raises:
            TaskFailure: why the connection cannot sign in.
        """
        if self.signing_in is None:
            raise AssertionError
        return self.signing_in.result()


def open_access(job: Job, plan: Plan) -> Access:
    """Open the run's connections, and begin to sign in to Azure where the command has a target.

    Raises:
        TaskFailure: when the cloud of a connection is not known, or a certificate cannot be used.
    """
    http = open_shared_http_client(job)
    azure = open_connection(job, plan.connection, http) if plan.connection else None
    has_target = not isinstance(plan, Build | BuildAndPush)
    signing_in = Background(lambda: _signed_in(azure)) if azure and has_target else None
    return Access(registries=_open_registries(job, plan, azure, http), signing_in=signing_in)


def _signed_in(azure: Azure) -> Azure:
    """Return access to Azure once there is a token for Resource Manager, which the first call then finds."""
    azure.credentials.token(azure.credentials.connection.cloud.arm_scope)
    return azure


def open_shared_http_client(job: Job) -> HttpClient:
    """Return the HTTP client that all of a run's connections share; it adds no credentials."""
    route = open_route(job.network, job.console.warning)
    return open_http_client(route, clock=job.clock, timeouts=job.timeouts, say=job.console.line)


def open_connection(job: Job, connection: ServiceConnection, http: HttpClient) -> Azure:
    """Return access to Azure through one connection."""
    credentials = open_credentials(
        with_known_cloud(connection, http),
        http=http,
        fresh_assertion=_fresh_assertion(job, connection, http),
        mask=job.console.secret,
        environment=job.environment,
    )
    return open_azure(credentials, http)


def _open_registries(job: Job, plan: Plan, azure: Azure | None, http: HttpClient) -> Registries:
    """Return the registries of the run; `azure` is the connection in azureSubscription."""
    own = plan.registry_connection
    return Registries(
        azure=open_connection(job, own, http) if isinstance(own, ServiceConnection) else azure,
        login=own if isinstance(own, RegistryLogin) else None,
        http=http,
        mask=job.console.secret,
    )


def _fresh_assertion(job: Job, connection: ServiceConnection, http: HttpClient) -> Callable[[], str]:
    if not isinstance(connection.identity, FederatedIdentity):
        return str
    # Load azure-devops and msrest only for connections that need them.
    from pytask.agent.oidc import open_oidc_tokens  # noqa: PLC0415

    token = job.console.secret(job.environment.get(_ACCESS_TOKEN, ""))
    tokens = open_oidc_tokens(
        job.environment,
        connection=connection.id,
        access_token=token,
        route=http.route,
        timeout=(job.timeouts.http_connect, job.timeouts.http_read),
        total=job.timeouts.http_total,
        mask=job.console.secret,
    )
    return tokens.fresh
