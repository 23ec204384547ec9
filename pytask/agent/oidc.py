"""Tokens of Azure DevOps for a service connection with workload identity federation.

Source: https://learn.microsoft.com/rest/api/azure/devops/distributedtask/oidctoken/create
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure.devops.v7_1.task.task_client import TaskClient
from msrest.authentication import BasicTokenAuthentication
from msrest.exceptions import AuthenticationError, ClientException, ClientRequestError

from pytask.agent.environment import required_variable, variable
from pytask.errors.sign_in import OidcTokenRefused
from pytask.network.failure import is_of_the_network, network_failure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests

    from pytask.model import Secret
    from pytask.network.route import Route


@dataclass(frozen=True, kw_only=True, slots=True)
class OidcTokens:
    """Where a job gets its tokens. Each is good for one exchange and about ten minutes, so none is kept."""

    client: TaskClient
    project: str
    hub: str
    plan: str
    job: str
    connection: str
    route: Route
    mask: Callable[[str], Secret]

    def fresh(self) -> str:
        """Give a token that nobody has used.

        Raises:
            OidcTokenRefused: when Azure DevOps gives none.
            NetworkFailure: when it cannot be reached.
        """
        try:
            token = self.client.create_oidc_token({}, self.project, self.hub, self.plan, self.job, self.connection)
        except AuthenticationError as error:
            raise OidcTokenRefused(connection=self.connection, detail=str(error), final=True) from error
        except ClientException as error:
            if isinstance(error, ClientRequestError) and is_of_the_network(error):
                raise network_failure(error, self.client.normalized_url, self.route) from error
            raise OidcTokenRefused(connection=self.connection, detail=str(error), final=False) from error
        return self.mask(str(token.oidc_token)).reveal()


def open_oidc_tokens(
    environment: Mapping[str, str],
    *,
    connection: str,
    access_token: Secret,
    route: Route,
    timeout: tuple[float, float],
    mask: Callable[[str], Secret],
) -> OidcTokens:
    """Give the source of tokens for a service connection of this job; `timeout` is for connecting and for reading.

    Raises:
        AgentVariableMissing: outside a job.
    """
    credentials = BasicTokenAuthentication({"access_token": access_token.reveal()})
    # Releases may have but the other. https://learn.microsoft.com/azure/devops/pipelines/release/variables
    uri = variable(environment, "System.CollectionUri") or variable(environment, "System.TeamFoundationServerUri")
    client = TaskClient(uri or required_variable(environment, "System.CollectionUri"), credentials)
    client.config.retry_policy.retries = 0
    client.config.session_configuration_callback = _along(route, timeout)
    return OidcTokens(
        client=client,
        project=required_variable(environment, "System.TeamProjectId"),
        hub=required_variable(environment, "System.HostType"),
        plan=required_variable(environment, "System.PlanId"),
        job=required_variable(environment, "System.JobId"),
        connection=connection,
        route=route,
        mask=mask,
    )


def _along(route: Route, timeout: tuple[float, float]) -> Callable[..., dict[str, Any]]:
    """Give what msrest calls before each request: it keeps a session for each thread, and configures that by itself."""

    def prepared(session: requests.Session, *_: object, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - requests' own
        route.take(session)
        return {**options, "timeout": timeout}

    return prepared
