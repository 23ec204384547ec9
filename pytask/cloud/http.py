"""The one HTTP client: every call to Azure and to the registry goes through it.

It sends, retries, waits as the server asks, and turns refusals into failures of the catalogue. Every call may be sent
again, because a second one has no further effect. A failure says so when an earlier attempt may have taken effect
although its answer was lost.
"""

from __future__ import annotations

import platform
import random
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from azure.core import PipelineClient
from azure.core.exceptions import AzureError
from azure.core.pipeline.policies import UserAgentPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse

from pytask import __version__
from pytask.cloud.answers import failing, refusal, says_busy, told_wait
from pytask.cloud.transport import Transport
from pytask.errors import Cancelled, TaskFailure
from pytask.errors.network import HostUnknown, NetworkFailure
from pytask.network.failure import network_failure
from pytask.network.limits import ANSWER_BYTES, Limits
from pytask.network.retry import REFUSED_BEFORE_WORK, REPEATED, Retries, asked_wait, http_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from pytask.clock import Clock, Timeouts
    from pytask.network.pace import Pace
    from pytask.network.place import Place
    from pytask.network.route import Route

# Azure's libraries name the system in their user agent, for which `platform` would run `uname -p`.
vars(platform.uname())["processor"] = ""

USER_AGENT = f"FunctionAppContainerDeploy/{__version__}"
_READING = frozenset({"GET", "HEAD"})
"""Methods of calls that change nothing."""
_BLOCK = 128 * 1024
"""Bytes to read at a time: with azure-core's default of 4 KB, a large layer takes a third longer."""
_OF_AN_APP = ("/hostruntime/", "/host/default/")
"""In the paths of calls that Resource Manager hands on to an app's own host."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request, and its purpose."""

    request: HttpRequest
    doing: str
    """A verb phrase for the error texts: `read the app's configuration`."""
    accept: AbstractSet[int] = frozenset({HTTPStatus.OK})
    """Statuses to return as an answer; any other is a refusal."""
    renew: Callable[[], HttpRequest] | None = None
    """Returns a new request before a retry, if the content of the old one may be out of date by then."""
    only_to: frozenset[Place] | None = None
    """The only hosts that a call with a credential may go to; with an `Authorization` header, it must name them."""
    most_bytes: int = ANSWER_BYTES
    """Limit of the decoded answer; a larger one is a failure."""
    cut: bool = False
    """Whether to cut a larger answer at the limit instead, because its beginning is enough."""
    seconds: float | None = None
    """Time limit of one attempt, from connecting to the last byte, if not `http_total`."""
    attempts: int | None = None
    """Limit of attempts, if lower than for other calls."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpClient:
    """Sends calls through one connection pool."""

    sender: Callable[..., HttpResponse]
    transport: Transport
    route: Route
    clock: Clock
    timeouts: Timeouts
    say: Callable[[str], None]
    base: str = ""
    """The base of relative URLs."""
    refusals: Callable[[Call, HttpResponse], TaskFailure] = field(
        default=lambda call, response: refusal(call.doing, response)
    )
    failing: Callable[[Call, HttpResponse, int], TaskFailure] = field(
        default=lambda call, response, attempts: failing(call.doing, response, attempts)
    )
    """Returns the failure after the last attempt, from the answer and the number of attempts."""
    renew_token: Callable[[HttpResponse], bool] | None = None
    """Renews the token when an answer means that it is no longer valid, and tells whether it did."""
    reached: set[str] = field(default_factory=set)
    """The hosts that have answered in this run."""
    chance: Callable[[], float] = random.random
    pace: Pace | None = None
    """What keeps the calls within the server's limits; None for a server that has none for a run."""

    def send(self, call: Call, *, stream: bool = False) -> HttpResponse:
        """Return the answer to a call; its status is one of `call.accept`.

        Raises:
            TaskFailure: a `NetworkFailure`, `AzureFailing`, or the failure behind a refusal (`cloud.answers.refusal`).
            Cancelled: when the agent has asked the task to stop; nothing more is sent then.
        """
        changes, perhaps_done, renewed = call.request.method not in _READING, False, False
        retries = Retries.begin(self.clock, self.timeouts, self.chance)
        for attempt in count(1):
            if self.pace:
                self.pace.wait(call.request.method)
            if self.clock.cancelled.is_set():
                raise Cancelled(leaves_open=perhaps_done)
            with _before_it_is_sent(perhaps_done=perhaps_done):
                answer = self._sent(call, stream=stream)
                if not renewed and self._renewed_token(call, answer):
                    renewed, answer = True, self._sent(call, stream=stream)
            asked = asked_wait(answer.headers, self.clock.now()) if isinstance(answer, HttpResponse) else None
            self._keep_pace(call, answer, asked)
            if isinstance(answer, HttpResponse) and answer.status_code in call.accept:
                return answer
            seconds = retries.wait(attempt, asked, attempts=call.attempts or self.most_attempts(answer))
            if failure := self._final(call, answer, attempt, last=seconds is None):
                failure.leaves_open = changes and (failure.leaves_open or perhaps_done)
                raise told_wait(failure, retries.too_long(asked))
            perhaps_done |= changes and _perhaps_done(answer)
            with _between_attempts(perhaps_done=perhaps_done):
                self._wait(call, answer, seconds or 0.0)
                call = replace(call, request=call.renew()) if call.renew else call
        raise AssertionError

    def _keep_pace(self, call: Call, answer: HttpResponse | NetworkFailure, asked: float | None) -> None:
        """Have every thread wait where an answer says that there were too many calls, and not only for one app."""
        too_many = isinstance(answer, HttpResponse) and answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
        if self.pace and too_many and not any(part in call.request.url for part in _OF_AN_APP):
            self.pace.hold(call.request.method, min(asked or 0.0, self.timeouts.http_retries))

    def read(self, answer: HttpResponse) -> HttpResponse:
        """Read the rest of an answer that was requested as a stream.

        Raises:
            NetworkFailure: when the connection breaks off.
        """
        try:
            answer.read()
        except AzureError as error:
            raise self.failure(error, answer.request.url) from error
        return answer

    def most_attempts(self, answer: object) -> int:
        """Return the limit of attempts for a call that got this answer or failure."""
        unreached = isinstance(answer, NetworkFailure) and not self.reached
        return self.timeouts.unreached_attempts if unreached else self.timeouts.http_attempts

    def failure(self, error: Exception, url: str) -> NetworkFailure:
        """Return the failure behind an error of the network, with that error as its cause."""
        failure = network_failure(error, urljoin(self.base, url), self.route)
        failure.__cause__ = error
        return failure

    def _sent(self, call: Call, *, stream: bool) -> HttpResponse | NetworkFailure:
        """Return the answer, or the failure in its place."""
        try:
            # Always as a stream: otherwise azure-core tries to parse the body, and fails on a log.
            bound: dict[str, Any] = {} if call.only_to is None else {"only_to": call.only_to}
            response = self.sender(call.request, stream=True, limits=self._limits(call), **bound)
            if not stream or response.status_code not in call.accept:
                response.read()
        except AzureError as error:
            # azure-core has many error classes: a bad chunk raises the one that stands for a refusal.
            return self.failure(error, call.request.url)
        except Cancelled as cancelled:
            cancelled.leaves_open = call.request.method not in _READING
            raise
        self.reached.add(urlsplit(urljoin(self.base, call.request.url)).hostname or "")
        return response

    def _limits(self, call: Call) -> Limits:
        seconds = self.timeouts.http_total if call.seconds is None else call.seconds
        return Limits(seconds=seconds, most_bytes=call.most_bytes, cut=call.cut)

    def _renewed_token(self, call: Call, answer: HttpResponse | NetworkFailure) -> bool:
        """Renew the token if the answer means that it is no longer valid, and tell whether it was renewed."""
        if not (isinstance(answer, HttpResponse) and self.renew_token and self.renew_token(answer)):
            return False
        self.say(f"trying to {call.doing}: {self._host(call)} {_told(answer)}; retrying with a new token")
        return True

    def _final(
        self, call: Call, answer: HttpResponse | NetworkFailure, attempt: int, *, last: bool
    ) -> TaskFailure | None:
        """Return the failure that ends the call; None when the call is to be retried."""
        if not isinstance(answer, HttpResponse):
            return answer if last or self.is_final(answer) else None
        if not says_busy(answer) and answer.status_code not in REPEATED:
            return self.refusals(call, answer)
        return self.failing(call, answer, attempt) if last else None

    def is_final(self, failure: NetworkFailure) -> bool:
        """Tell whether a retry is pointless. The name of a host that has answered before is not mistyped."""
        return failure.final and not (isinstance(failure, HostUnknown) and failure.host in self.reached)

    def _wait(self, call: Call, answer: HttpResponse | NetworkFailure, seconds: float) -> None:
        self.say(f"trying to {call.doing}: {self._host(call)} {_told(answer)}; retrying in {seconds:.0f} s")
        self.clock.sleep(seconds)

    def _host(self, call: Call) -> str:
        return urlsplit(urljoin(self.base, call.request.url)).netloc


@contextmanager
def _before_it_is_sent(*, perhaps_done: bool) -> Iterator[None]:
    """For a failure before the call is sent again, leave open only what the earlier attempts leave open."""
    try:
        yield
    except TaskFailure as failure:
        failure.leaves_open = perhaps_done
        raise


@contextmanager
def _between_attempts(*, perhaps_done: bool) -> Iterator[None]:
    """For a failure or a cancellation between two attempts, leave open only what the earlier attempts leave open."""
    try:
        yield
    except (TaskFailure, Cancelled) as failure:
        failure.leaves_open = perhaps_done
        raise


def _told(answer: HttpResponse | NetworkFailure) -> str:
    """Return in words why there is no usable answer."""
    if isinstance(answer, HttpResponse):
        return f"returned {answer.status_code}"
    return f"did not respond ({answer.detail})"


def _perhaps_done(answer: HttpResponse | NetworkFailure) -> bool:
    """Tell whether a call may have taken effect although it failed."""
    if isinstance(answer, HttpResponse):
        return not says_busy(answer) and answer.status_code not in REFUSED_BEFORE_WORK
    return answer.leaves_open


def open_http_client(route: Route, *, clock: Clock, timeouts: Timeouts, say: Callable[[str], None]) -> HttpClient:
    """Return an HTTP client for absolute URLs that adds no credentials; nothing is sent yet."""
    pool = new_transport(route, connect=timeouts.http_connect, read=timeouts.http_read)
    transport = Transport(pool, limits=Limits(seconds=timeouts.http_total))
    sender = _plain_sender(transport)
    return HttpClient(sender=sender, transport=transport, route=route, clock=clock, timeouts=timeouts, say=say)


def new_transport(route: Route, *, connect: float, read: float) -> RequestsTransport:
    """Return a connection pool for clients of Azure's libraries; `connect` and `read` are time limits in seconds."""
    return RequestsTransport(
        session=route.new_session(),
        connection_timeout=connect,
        read_timeout=read,
        connection_data_block_size=_BLOCK,
    )


def _plain_sender(transport: Transport) -> Callable[..., HttpResponse]:
    policies: list[Any] = [UserAgentPolicy(base_user_agent=USER_AGENT)]
    client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient("", transport=transport, policies=policies)
    return client.send_request


def request(
    method: str,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    json: object = None,
    form: Mapping[str, str] | None = None,
    content: bytes | None = None,
) -> HttpRequest:
    """Return a request with at most one of `json`, `form` and `content`."""
    return HttpRequest(
        method,
        url,
        params=dict(params or {}),
        headers=dict(headers or {}),
        json=json,
        data=dict(form) if form is not None else None,
        content=content,
    )


def server_time(response: HttpResponse, otherwise: datetime) -> datetime:
    """Return the time of an answer by the server's clock, in whole seconds; `otherwise` when it has none."""
    return http_date(response.headers.get("Date", "")) or otherwise
