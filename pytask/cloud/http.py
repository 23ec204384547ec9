"""The one HTTP door: every call to Azure and to the registry passes it.

It sends, repeats what may be repeated, waits as the server asks, and turns refusals into failures of the catalogue.
What may not be repeated is not: a call says so itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from azure.core import PipelineClient
from azure.core.exceptions import IncompleteReadError, ServiceRequestError, ServiceResponseError
from azure.core.pipeline.policies import ProxyPolicy, UserAgentPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse

from pytask import __version__
from pytask.cloud.answers import correlation_id, refusal, retry_after, says_busy
from pytask.errors.azure import AzureFailing, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from pytask.clock import Clock, Patience

USER_AGENT = f"FunctionAppContainerDeploy/{__version__}"
_WORTH_REPEATING = frozenset({408, 429, 500, 502, 503, 504})
"""https://learn.microsoft.com/azure/architecture/best-practices/retry-service-specific"""
_BLOCK = 128 * 1024
"""Bytes that are read at once: with azure-core's own 4 KB a large layer takes a third longer."""
_REFUSED_BEFORE_WORK = frozenset({429})
"""With these nothing was carried out, so that anything may be sent again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request, and what it is for."""

    request: HttpRequest
    doing: str
    """In the words of the error texts: `read the app's configuration`."""
    accept: frozenset[int] = frozenset({200})
    """Statuses that are an answer; anything else is a refusal."""
    repeatable: bool = True
    """Whether sending it twice does no more than sending it once."""
    anew: Callable[[], HttpRequest] | None = None
    """Makes the request anew before it is repeated, where what it says may be out of date by then."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    """Sends calls through one connection pool."""

    sender: Callable[..., HttpResponse]
    clock: Clock
    patience: Patience
    say: Callable[[str], None]
    refusals: Callable[[Call, HttpResponse], Exception] = field(
        default=lambda call, response: refusal(call.doing, response)
    )
    failing: Callable[[Call, HttpResponse, int], Exception] = field(
        default=lambda call, response, attempts: _failing(call, response, attempts)  # noqa: PLW0108 - defined below
    )
    """What it means when the last of so many attempts was answered with a status worth repeating."""

    def send(self, call: Call, *, stream: bool = False) -> HttpResponse:
        """Give the answer to a call; its status is one of `call.accept`.

        Raises:
            TaskFailure: `Unreachable`, `AzureFailing`, or what the answer means (`cloud.answers.refusal`).
        """
        for attempt in range(1, self.patience.http_attempts + 1):
            last = attempt == self.patience.http_attempts
            response = self._sent(call, stream=stream, last=last)
            if response is not None and response.status_code in call.accept:
                return response
            if response is not None and not self._worth_repeating(call, response):
                raise self.refusals(call, response)
            if response is not None and last:
                raise self.failing(call, response, attempt)
            self._wait(call, response, attempt)
            call = replace(call, request=call.anew()) if call.anew else call
        raise AssertionError

    def _sent(self, call: Call, *, stream: bool, last: bool) -> HttpResponse | None:
        try:
            # Always as a stream: otherwise azure-core tries to make sense of the body and fails on a log's.
            response = self.sender(call.request, stream=True)
            if not stream or response.status_code not in call.accept:
                response.read()
        except ServiceRequestError as error:
            if last:
                raise _unreachable(call, error) from error
            return None
        except (ServiceResponseError, IncompleteReadError) as error:
            if last or not call.repeatable:
                raise _unreachable(call, error) from error
            return None
        return response

    def _worth_repeating(self, call: Call, response: HttpResponse) -> bool:
        if says_busy(response):
            return True
        return response.status_code in (_WORTH_REPEATING if call.repeatable else _REFUSED_BEFORE_WORK)

    def _wait(self, call: Call, response: HttpResponse | None, attempt: int) -> None:
        patience = self.patience
        asked = retry_after(response) if response is not None else None
        seconds = min(patience.http_longest_wait, asked or patience.http_first_wait * 2 ** (attempt - 1))
        told = f"answered {response.status_code}" if response is not None else "did not answer"
        host = urlsplit(call.request.url).netloc or "Azure"
        self.say(f"{host} {told} to '{call.doing}'; asking again in {seconds:.0f} s")
        self.clock.sleep(seconds)


def new_transport(patience: Patience) -> RequestsTransport:
    """Give the connection pool that all doors of a run share."""
    return RequestsTransport(
        connection_timeout=patience.http_connect,
        read_timeout=patience.http_read,
        connection_data_block_size=_BLOCK,
    )


def open_door(*, clock: Clock, patience: Patience, say: Callable[[str], None]) -> Door:
    """Give a door of its own that adds no credentials; nothing is sent yet."""
    return Door(sender=plain_sender(new_transport(patience)), clock=clock, patience=patience, say=say)


def plain_sender(transport: RequestsTransport) -> Callable[..., HttpResponse]:
    """Give a sender for absolute URLs that adds no credentials."""
    policies: list[Any] = [UserAgentPolicy(base_user_agent=USER_AGENT), ProxyPolicy()]
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
    """Give a request; `json` and `form` exclude each other."""
    return HttpRequest(
        method,
        url,
        params=dict(params or {}),
        headers=dict(headers or {}),
        json=json,
        data=dict(form) if form is not None else None,
    )


def server_time(response: HttpResponse, otherwise: datetime) -> datetime:
    """Give when the server answered, by its own clock, in whole seconds; `otherwise` when it does not say."""
    try:
        return parsedate_to_datetime(response.headers["Date"])
    except (KeyError, ValueError):
        return otherwise


def _failing(call: Call, response: HttpResponse, attempts: int) -> AzureFailing:
    return AzureFailing(
        doing=call.doing,
        status=response.status_code,
        attempts=attempts,
        detail=response.text().strip()[:500] or response.reason,
        correlation_id=correlation_id(response),
    )


def _unreachable(call: Call, error: Exception) -> Unreachable:
    host = urlsplit(call.request.url).hostname or "Azure"
    return Unreachable(host=host, detail=str(error))
