"""The one HTTP client: every call to Azure and to the registry goes through it.

It sends, repeats, waits as the server asks, and turns refusals into failures of the catalogue. Every call may be sent
again: twice does no more than once. A failure says so when an earlier attempt may have done its work unanswered.
"""

from __future__ import annotations

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
from pytask.errors import TaskFailure
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

USER_AGENT = f"FunctionAppContainerDeploy/{__version__}"
_BLOCK = 128 * 1024
"""Bytes that are read at once: with azure-core's own 4 KB a large layer takes a third longer."""
_OF_AN_APP = ("/hostruntime/", "/host/default/")
"""In the paths of calls that Resource Manager hands on to an app's own host."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request, and what it is for."""

    request: HttpRequest
    doing: str
    """In the words of the error texts: `read the app's configuration`."""
    accept: AbstractSet[int] = frozenset({HTTPStatus.OK})
    """Statuses that are an answer; anything else is a refusal."""
    renew: Callable[[], HttpRequest] | None = None
    """Makes the request once more before it is repeated, where what it says may be out of date by then."""
    only_to: frozenset[Place] | None = None
    """Where alone it may go, as it carries a credential; a call with an `Authorization` that says none is not sent."""
    most_bytes: int = ANSWER_BYTES
    """Of the answer, after decoding; more is a failure."""
    cut: bool = False
    """Whether a longer answer is cut there instead: its beginning is enough."""
    seconds: float | None = None
    """For one attempt from connecting to the last byte, where that is not `http_total`."""
    attempts: int | None = None
    """The most, where that is fewer than for other calls."""


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
    """What relative URLs are relative to."""
    refusals: Callable[[Call, HttpResponse], TaskFailure] = field(
        default=lambda call, response: refusal(call.doing, response)
    )
    failing: Callable[[Call, HttpResponse, int], TaskFailure] = field(
        default=lambda call, response, attempts: failing(call.doing, response, attempts)
    )
    """What it means when the last of so many attempts was answered with a status worth repeating."""
    renew_token: Callable[[HttpResponse], bool] | None = None
    """Renews the token where an answer means that it is not good any more, and returns whether it was renewed."""
    reached: set[str] = field(default_factory=set)
    """The hosts that have answered in this run."""
    chance: Callable[[], float] = random.random
    pace: Pace | None = None
    """What keeps the calls within the server's limits; None for a server that has none for a run."""

    def send(self, call: Call, *, stream: bool = False) -> HttpResponse:
        """Return the answer to a call; its status is one of `call.accept`.

        Raises:
            TaskFailure: a `NetworkFailure`, `AzureFailing`, or what the answer means (`cloud.answers.refusal`).
            Cancelled: when the agent has asked the task to stop; then nothing more is sent.
        """
        perhaps_done, renewed = False, False
        retries = Retries.begin(self.clock, self.timeouts, self.chance)
        for attempt in count(1):
            self.clock.confirm_not_cancelled()
            if self.pace:
                self.pace.wait(call.request.method)
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
                failure.leaves_open |= perhaps_done
                raise told_wait(failure, retries.too_long(asked))
            perhaps_done |= _perhaps_done(answer)
            self._wait(call, answer, seconds or 0.0)
            with _before_it_is_sent(perhaps_done=perhaps_done):
                call = replace(call, request=call.renew()) if call.renew else call
        raise AssertionError

    def _keep_pace(self, call: Call, answer: HttpResponse | NetworkFailure, asked: float | None) -> None:
        """Have every thread wait where an answer says that there were too many calls, and not only for one app."""
        too_many = isinstance(answer, HttpResponse) and answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
        if self.pace and too_many and not any(part in call.request.url for part in _OF_AN_APP):
            self.pace.hold(call.request.method, min(asked or 0.0, self.timeouts.http_retries))

    def read(self, answer: HttpResponse) -> HttpResponse:
        """Read an answer to its end that was sent for as a stream.

        Raises:
            NetworkFailure: when it breaks off.
        """
        try:
            answer.read()
        except AzureError as error:
            raise self.failure(error, answer.request.url) from error
        return answer

    def most_attempts(self, answer: object) -> int:
        """Return how often a call is sent at most that had this answer, or a failure in its place."""
        unreached = isinstance(answer, NetworkFailure) and not self.reached
        return self.timeouts.unreached_attempts if unreached else self.timeouts.http_attempts

    def failure(self, error: Exception, url: str) -> NetworkFailure:
        """Return what it means that a call did not come through; it has the error behind it."""
        failure = network_failure(error, urljoin(self.base, url), self.route)
        failure.__cause__ = error
        return failure

    def _sent(self, call: Call, *, stream: bool) -> HttpResponse | NetworkFailure:
        """Return the answer, or what is in the way of one."""
        try:
            # Always as a stream: otherwise azure-core tries to make sense of the body and fails on a log's.
            bound: dict[str, Any] = {} if call.only_to is None else {"only_to": call.only_to}
            response = self.sender(call.request, stream=True, limits=self._limits(call), **bound)
            if not stream or response.status_code not in call.accept:
                response.read()
        except AzureError as error:
            # azure-core has a class for each way in which an answer breaks, such as that of a refusal for bad chunks.
            return self.failure(error, call.request.url)
        self.reached.add(urlsplit(urljoin(self.base, call.request.url)).hostname or "")
        return response

    def _limits(self, call: Call) -> Limits:
        seconds = self.timeouts.http_total if call.seconds is None else call.seconds
        return Limits(seconds=seconds, most_bytes=call.most_bytes, cut=call.cut)

    def _renewed_token(self, call: Call, answer: HttpResponse | NetworkFailure) -> bool:
        """Renew the token where the answer means that it is not good any more, and tell whether it was renewed."""
        if not (isinstance(answer, HttpResponse) and self.renew_token and self.renew_token(answer)):
            return False
        self.say(f"trying to {call.doing}: {self._host(call)} {_told(answer)}; retrying with a new token")
        return True

    def _final(
        self, call: Call, answer: HttpResponse | NetworkFailure, attempt: int, *, last: bool
    ) -> TaskFailure | None:
        """Return the failure that ends the call; None when it is to be sent again."""
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
    """Have a failure to sign in, or to read what is to be written, say only what an earlier attempt leaves open."""
    try:
        yield
    except TaskFailure as failure:
        failure.leaves_open = perhaps_done
        raise


def _told(answer: HttpResponse | NetworkFailure) -> str:
    """Return an answer that is none in words."""
    if isinstance(answer, HttpResponse):
        return f"returned {answer.status_code}"
    return f"did not respond ({answer.detail})"


def _perhaps_done(answer: HttpResponse | NetworkFailure) -> bool:
    """Tell whether a call may have been carried out although its answer is none."""
    if isinstance(answer, HttpResponse):
        return not says_busy(answer) and answer.status_code not in REFUSED_BEFORE_WORK
    return answer.leaves_open


def open_http_client(route: Route, *, clock: Clock, timeouts: Timeouts, say: Callable[[str], None]) -> HttpClient:
    """Return an HTTP client that adds no credentials, for absolute URLs; nothing is sent yet."""
    pool = new_transport(route, connect=timeouts.http_connect, read=timeouts.http_read)
    transport = Transport(pool, limits=Limits(seconds=timeouts.http_total))
    sender = _plain_sender(transport)
    return HttpClient(sender=sender, transport=transport, route=route, clock=clock, timeouts=timeouts, say=say)


def new_transport(route: Route, *, connect: float, read: float) -> RequestsTransport:
    """Return a connection pool for clients of Azure's libraries; seconds to connect, and to wait for more."""
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
) -> HttpRequest:
    """Return a request; `json` and `form` exclude each other."""
    return HttpRequest(
        method,
        url,
        params=dict(params or {}),
        headers=dict(headers or {}),
        json=json,
        data=dict(form) if form is not None else None,
    )


def server_time(response: HttpResponse, otherwise: datetime) -> datetime:
    """Return when the server answered, by its own clock, in whole seconds; `otherwise` when it does not say."""
    return http_date(response.headers.get("Date", "")) or otherwise
