"""Tokens that Azure DevOps issues for a service connection with workload identity federation.

Source: https://learn.microsoft.com/rest/api/azure/devops/distributedtask/oidctoken/create
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from azure.devops.v7_1.task.task_client import TaskClient
from msrest.authentication import BasicTokenAuthentication
from msrest.exceptions import ClientException, ClientRequestError

from pytask.agent.environment import required_variable, variable
from pytask.clock import Clock
from pytask.decode import Unreadable, decode, decode_object, text_at
from pytask.errors.federation import OidcCause, OidcTokenRefused
from pytask.errors.foreign import shortened, without_page
from pytask.network.failure import is_of_the_network, network_failure
from pytask.network.limits import Limits, within
from pytask.network.place import is_address
from pytask.network.retry import REPEATED, asked_wait

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests

    from pytask.model import Secret
    from pytask.network.route import Route


_LONGEST_DETAIL, _LONGEST_ANSWER = 800, 20_000
_CAUSES = (
    (OidcCause.NOT_REFERENCED, ("no explicit reference to service connection",)),
    (OidcCause.SIGN_IN, ("object moved", "_signin", "sign in to")),
    (OidcCause.NOT_PERMITTED, ("not authorized", "permission", "tf400813", "access denied", "job not found")),
    (OidcCause.NOT_FOUND, ("could not be found", "does not exist", "not found", "is disabled")),
)
"""https://github.com/dotnet/docker-tools/issues/2012 and
https://learn.microsoft.com/azure/devops/pipelines/release/troubleshoot-workload-identity"""


@dataclass(frozen=True, kw_only=True, slots=True)
class OidcTokens:
    """Where a job gets its tokens. Each is valid for one exchange and about ten minutes, so none is cached."""

    client: TaskClient
    project: str
    hub: str
    plan: str
    job: str
    connection: str
    route: Route
    mask: Callable[[str], Secret]
    limits: Limits = field(default_factory=Limits)

    def fresh(self) -> str:
        """Return a token that has not been used.

        Raises:
            OidcTokenRefused: when Azure DevOps issues none.
            NetworkFailure: when it cannot be reached.
        """
        try:
            with within(self.limits):
                token = self.client.create_oidc_token({}, self.project, self.hub, self.plan, self.job, self.connection)
        except _Refused as refused:
            raise oidc_refusal(self.connection, refused.text, refused.status, wait=refused.wait) from refused
        except ClientException as error:
            if isinstance(error, ClientRequestError) and is_of_the_network(error):
                raise network_failure(error, self.client.normalized_url, self.route) from error
            raise oidc_refusal(self.connection, str(error), 0) from error
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            # azure-devops and msrest parse JSON themselves, and fail on unexpected content.
            raise oidc_refusal(self.connection, f"its response cannot be read ({error})", 0) from error
        if not isinstance(token.oidc_token, str) or not token.oidc_token:
            raise oidc_refusal(self.connection, "its response contains no token", 0)
        return self.mask(token.oidc_token).reveal()


def oidc_refusal(connection: str, text: str, status: int, *, wait: float = 0.0) -> OidcTokenRefused:
    """Return the failure for a refused token; `status` is 0 when there was no answer.

    Only outages of Azure DevOps are worth a retry, after `wait` seconds.
    """
    detail = shortened(_words(text) or f"Azure DevOps returned {status}", _LONGEST_DETAIL)
    told = detail.lower()
    known = next((cause for cause, signs in _CAUSES if any(sign in told for sign in signs)), OidcCause.OTHER)
    if known is OidcCause.OTHER and status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        known = OidcCause.NOT_PERMITTED
    if known is OidcCause.OTHER and status == HTTPStatus.NON_AUTHORITATIVE_INFORMATION:
        known = OidcCause.SIGN_IN  # the sign-in page comes with 203, in the language of the user or server
    passing = status in REPEATED
    definite = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.INTERNAL_SERVER_ERROR and not passing
    final = known is not OidcCause.OTHER or definite
    refused = OidcTokenRefused(known=known, connection=connection, detail=detail, final=final)
    refused.wait = wait
    return refused


def open_oidc_tokens(
    environment: Mapping[str, str],
    *,
    connection: str,
    access_token: Secret,
    route: Route,
    timeout: tuple[float, float],
    mask: Callable[[str], Secret],
    total: float = 120.0,
) -> OidcTokens:
    """Return the source of tokens for a service connection of this job; `timeout` is for connecting and for reading.

    `total` limits a whole call in seconds, however steadily bytes arrive.

    Raises:
        AgentVariableMissing: outside a job.
    """
    credentials = BasicTokenAuthentication({"access_token": access_token.reveal()})
    # A release may have only the other one. https://learn.microsoft.com/azure/devops/pipelines/release/variables
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
        limits=Limits(seconds=total),
    )


class _Refused(Exception):  # noqa: N818 - carries an answer to the code that interprets it
    """A refusal as it arrived: azure-devops would drop the text of some."""

    def __init__(self, status: int, text: str, wait: float) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.wait = wait


def _keep_refusal(answer: requests.Response, **_: object) -> None:
    """Raise a refusal, before azure-devops turns it into an exception of its own.

    A redirect to another host is also a refusal, because the job's access token is only for Azure DevOps. So is an HTML
    page, such as a sign-in page (203), which azure-devops cannot parse.
    """
    refused = answer.status_code >= HTTPStatus.BAD_REQUEST or _leads_elsewhere(answer)
    if refused or (not _is_redirect(answer) and isinstance(decode_object(answer.content), Unreadable)):
        wait = asked_wait(answer.headers, Clock().now()) or 0.0
        # Not `answer.text`, which is slow to guess an encoding when the answer names none.
        text = answer.content.decode("utf-8-sig", "replace")
        raise _Refused(answer.status_code, shortened(_words(text), _LONGEST_ANSWER), wait)


def _leads_elsewhere(answer: requests.Response) -> bool:
    told = answer.headers.get("Location", "")
    if not _is_redirect(answer) or not told or not is_address(told):
        return _is_redirect(answer)
    target = urlsplit(urljoin(answer.url, told))
    return (target.scheme, target.netloc) != urlsplit(answer.url)[:2] or "_signin" in target.path


def _is_redirect(answer: requests.Response) -> bool:
    return HTTPStatus.MULTIPLE_CHOICES <= answer.status_code < HTTPStatus.BAD_REQUEST


def _words(text: str) -> str:
    """Return the text of an answer: an exception's `message`, or a `value` that is text instead of a list."""
    body = decode(text)
    told = text_at(body, "message") or text_at(body, "value") or text_at(body, "Message")
    return " ".join((told or without_page(text)).split())


def _along(route: Route, timeout: tuple[float, float]) -> Callable[..., dict[str, Any]]:
    """Return the function that msrest calls before each request: it configures the session of each thread."""

    def prepared(session: requests.Session, *_: object, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - requests' own
        route.take(session)
        return {**options, "timeout": timeout, "hooks": {"response": _keep_refusal}}

    return prepared
