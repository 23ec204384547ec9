"""Azure Resource Manager: azure-mgmt-web's client signs and sends, and the HTTP client interprets the answers.

The client's own operations are not used: they reject a 202, which Functions on Container Apps returns.
Source: https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy
from azure.mgmt.web import WebSiteManagementClient

from pytask.clock import Deadline
from pytask.cloud.answers import correlation_id, says_expired, text_of, version_refusal
from pytask.cloud.http import USER_AGENT, Call, request
from pytask.cloud.transport import only
from pytask.decode import Unreadable, decode_object, objects_at, text_at
from pytask.errors import once_sent
from pytask.errors.azure import ApiVersionUnsupported, AzureFailing
from pytask.errors.foreign import beginning
from pytask.network.limits import ANSWER_BYTES
from pytask.network.pace import Pace
from pytask.network.place import is_address
from pytask.network.retry import asked_wait

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from azure.core.rest import HttpRequest, HttpResponse

    from pytask.cloud.credentials import Credentials
    from pytask.cloud.http import HttpClient
    from pytask.decode import JSONObject

WEB_VERSION = "2025-05-01"
"""The api-version of Microsoft.Web that azure-mgmt-web 11 was generated from."""
RESOURCES_VERSION = "2021-04-01"
REGISTRY_VERSION = "2023-07-01"
_SUCCESS = frozenset({HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT})
LARGE_ANSWER = 16 << 20
"""Bytes of an answer that grows with the app: its log, its settings, its functions."""
_LONGEST_DETAIL = 300


@dataclass(frozen=True, slots=True)
class ArmCall:
    """One call of Azure Resource Manager, and its purpose."""

    method: str
    path: str
    """From `/subscriptions/` on."""
    _: KW_ONLY
    doing: str
    """A verb phrase for the error texts: `read the app's configuration`."""
    body: object = None
    renew: Callable[[], object] | None = None
    """Returns a new body before a retry, if the old one may be out of date by then."""
    params: Mapping[str, str] = field(default_factory=dict)
    api_version: str = WEB_VERSION
    besides: AbstractSet[int] = frozenset()
    """Other statuses to return, besides those of success; any other is a refusal."""
    most_bytes: int = ANSWER_BYTES
    """Limit of the decoded answer; a larger one is a failure."""
    stream: bool = False
    """Whether to leave the body of an answer with status 200 unread, because it may be too large for memory."""
    attempts: int | None = None
    """Limit of attempts, if lower than for other calls."""

    def in_version(self, api_version: str) -> Call:
        """Return the call in an api-version."""

        def asked(body: object) -> HttpRequest:
            return request(self.method, self.path, params={"api-version": api_version, **self.params}, json=body)

        renew = self.renew
        again = (lambda: asked(renew())) if renew else None
        return Call(
            request=asked(self.body),
            doing=self.doing,
            accept=_SUCCESS | self.besides,
            renew=again,
            most_bytes=self.most_bytes,
            attempts=self.attempts,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Azure:
    """Access to Azure through one connection: ARM with credentials, and the HTTP client without."""

    arm: Arm
    http: HttpClient
    credentials: Credentials


@dataclass(frozen=True, kw_only=True, slots=True)
class Arm:
    """Calls of one subscription."""

    http: HttpClient
    url: str
    subscription: str
    newest: dict[str, str] = field(default_factory=dict)
    """The newest api-version that this cloud supports, by resource provider, where it has refused a newer one."""

    def get(self, path: str, *, doing: str, api_version: str = WEB_VERSION) -> JSONObject:
        """Return the JSON object at `path` (from `/subscriptions/` on).

        Raises:
            TaskFailure: including when the answer is not a JSON object.
        """
        return needed_object(self.send(ArmCall("GET", path, doing=doing, api_version=api_version)), doing)

    def find(
        self,
        path: str,
        *,
        doing: str,
        api_version: str = WEB_VERSION,
        none_for: AbstractSet[int] = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}),
    ) -> JSONObject | None:
        """Return the JSON object at `path`; None when it is not visible, which the statuses `none_for` mean.

        Raises:
            TaskFailure: including when the answer is not a JSON object.
        """
        answer = self.send(ArmCall("GET", path, doing=doing, api_version=api_version, besides=none_for))
        return None if answer.status_code in none_for else needed_object(answer, doing)

    def send(self, call: ArmCall) -> HttpResponse:
        """Return ARM's final answer to a call.

        If ARM continues an operation after its first answer (202 and `Location`), this waits for its end.

        Raises:
            TaskFailure: why ARM refused the call, or why the operation failed.
        """
        answer = self._answered(call)
        with once_sent():
            return self._finished(answer, call.doing)

    def _answered(self, call: ArmCall) -> HttpResponse:
        """Return the answer in the requested api-version, or else in the newest that this cloud supports.

        An Azure Stack Hub is years behind Azure. Its newest version is remembered, so each provider refuses only once.
        """
        provider = _provider(call.path)
        version = min(call.api_version, self.newest.get(provider, call.api_version))
        try:
            return self._sent(call.in_version(version), stream=call.stream)
        except ApiVersionUnsupported as refusal:
            if not refusal.newest:
                raise
            self.newest[provider] = refusal.newest
        return self._sent(call.in_version(self.newest[provider]), stream=call.stream)

    def _sent(self, call: Call, *, stream: bool) -> HttpResponse:
        response = self.http.send(call, stream=stream)
        if response.status_code != HTTPStatus.OK:
            response.read()
        perhaps_too_new = response.status_code in {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}
        if perhaps_too_new and (refusal := version_refusal(call.doing, response)):
            raise refusal
        return response

    def pages(
        self, path: str, *, doing: str, params: Mapping[str, str] | None = None, api_version: str
    ) -> Iterator[JSONObject]:
        """Yield the items of a list, page by page."""
        call = ArmCall("GET", path, doing=doing, params=params or {}, api_version=api_version)
        response, followed = self.send(call), set[str]()
        while True:
            body = needed_object(response, doing)
            yield from objects_at(body, "value")
            link = text_at(body, "nextLink")
            if not link:
                return
            if link in followed:
                raise AzureFailing(
                    doing=doing, status=response.status_code, attempts=1, detail="the list repeats itself"
                )
            followed.add(link)
            response = self._follow(response, link, doing)

    def _finished(self, response: HttpResponse, doing: str) -> HttpResponse:
        """Return the final answer of an operation, if the answer to its call points to one."""
        if "Location" not in response.headers:
            return response
        timeouts, clock = self.http.timeouts, self.http.clock
        deadline, link = Deadline.after(clock, timeouts.operation), ""
        while response.status_code == HTTPStatus.ACCEPTED:
            if deadline.passed():
                raise AzureFailing(
                    doing=doing, status=response.status_code, attempts=1, detail="the operation did not finish in time",
                    correlation_id=correlation_id(response),
                )  # fmt: skip
            clock.sleep(min(deadline.left(), asked_wait(response.headers, clock.now()) or timeouts.longest_poll))
            link = response.headers.get("Location", link)
            response = self._follow(response, link, doing)
        return response

    def _follow(self, response: HttpResponse, link: str, doing: str) -> HttpResponse:
        """Send a GET to a link from an answer; `cloud.transport` refuses one to another host."""
        if not link or not is_address(link):
            raise unreadable(response, doing, f"it links to '{beginning(link, _LONGEST_DETAIL)}'")
        return self.http.send(Call(request=request("GET", link), doing=doing, accept=_SUCCESS))


def needed_object(response: HttpResponse, doing: str) -> JSONObject:
    """Return the JSON object in an answer.

    Raises:
        AzureFailing: when it has something else, such as a front end's HTML page.
    """
    value = decode_object(response.content)
    if isinstance(value, Unreadable):
        raise unreadable(response, doing, value.reason)
    return value


def needed_part(response: HttpResponse, doing: str, name: str) -> JSONObject:
    """Return the named JSON object within an answer's object; an empty one for null.

    Raises:
        AzureFailing: when it is missing, so that an incomplete answer does not count as an empty one.
    """
    found = needed_object(response, doing).get(name, "")
    if not isinstance(found, dict | None):
        raise unreadable(response, doing, f"it has no {name}")
    return found or {}


def unreadable(response: HttpResponse, doing: str, reason: str) -> AzureFailing:
    """Return the failure for a successful answer without the expected content."""
    detail = f"the response cannot be read ({reason}): {beginning(text_of(response), _LONGEST_DETAIL)}"
    status, correlation = response.status_code, correlation_id(response)
    failure = AzureFailing(doing=doing, status=status, attempts=1, detail=detail, correlation_id=correlation)
    failure.leaves_open = response.request.method != "GET"
    return failure


def _provider(path: str) -> str:
    """Return the resource provider in a path; empty for Resource Manager itself."""
    return path.lower().rpartition("/providers/")[2].partition("/")[0] if "/providers/" in path.lower() else ""


class _Signing(ARMChallengeAuthenticationPolicy):
    """Signs each request, and caches its token until that expires."""

    def forget(self) -> None:
        """Get a new token before the next request."""
        self._token = None


def open_azure(credentials: Credentials, http: HttpClient) -> Azure:
    """Return access to Azure; nothing is sent yet."""
    connection = credentials.connection
    signing = _Signing(credentials, connection.cloud.arm_scope)
    client = WebSiteManagementClient(
        credentials,
        connection.subscription_id,
        base_url=connection.cloud.arm_url,
        authentication_policy=signing,
        transport=http.transport.bound_to(only(connection.cloud.arm_url)),
        retry_total=0,
        permit_redirects=False,
        base_user_agent=USER_AGENT,
    )

    def renewed(answer: HttpResponse) -> bool:
        is_refused = answer.status_code == HTTPStatus.UNAUTHORIZED
        if not is_refused or not credentials.renew(surely=says_expired(answer)):
            return False
        signing.forget()
        return True

    arm_http = replace(
        http,
        sender=client.send_request,
        base=connection.cloud.arm_url,
        renew_token=renewed,
        pace=Pace(clock=http.clock),
    )
    return Azure(
        arm=Arm(http=arm_http, url=connection.cloud.arm_url, subscription=connection.subscription_id),
        http=http,
        credentials=credentials,
    )
