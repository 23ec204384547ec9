"""The HTTP client against a real server: what is sent again, what is not, and how long it waits."""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from pytask.clock import Timeouts
from pytask.cloud.http import Call, HttpClient, request
from pytask.errors import Cancelled, TaskFailure, render
from pytask.errors.azure import AzureFailing, AzureRefused, Forbidden, Locked, OperationInProgress
from pytask.errors.network import HostUnknown, ProxyRefused, Unreachable
from pytask.errors.registry import RegistryFailing
from pytask.model import RegistryHost
from pytask.network.retry import REPEATED
from pytask.registry.refusal import http_client_of
from tests.contract.company import HOST
from tests.contract.http_clients import an_http_client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure.core.rest import HttpRequest, HttpResponse

    from tests.contract.company import Company

Answer = tuple[int, dict[str, str], str] | None
"""Status, headers and body; None for a connection that is closed without one."""
BUSY: Answer = (
    409,
    {},
    '{"Code":"Conflict","Message":"Cannot modify this site because another operation is in progress."}',
)
QUICK = Timeouts(http_attempts=3, http_first_wait=0.01, http_longest_wait=0.2, http_jitter=0)


class Server:
    """Answers with what it was told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: deque[Answer] = deque()
        self.asked: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(f"{self.command} {self.path}")
                answer = server.answers.popleft() if server.answers else (200, {}, "{}")
                if answer is None:
                    self.close_connection = True
                    return
                status, headers, body = answer
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())

            do_PATCH = do_GET  # noqa: N815 - the base class's naming

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                del format, args

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.close()


class Said(list[str]):
    """What the HTTP client said."""


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def http(said: Said) -> Iterator[HttpClient]:
    one = an_http_client(QUICK, said.append)
    yield one
    one.transport.close()


def a_call(server: Server, method: str = "GET") -> Call:
    return Call(request=request(method, f"{server.url}/x"), doing="try this")


@pytest.mark.parametrize("status", sorted(REPEATED))
def test_an_outage_is_tried_again_and_told(http: HttpClient, server: Server, said: Said, status: int) -> None:
    server.answers.append((status, {}, ""))
    assert http.send(a_call(server)).status_code == 200
    assert len(server.asked) == 2
    assert said == [f"trying to try this: {server.url.partition('//')[2]} returned {status}; retrying in 0 s"]


def test_a_dropped_connection_is_tried_again(http: HttpClient, server: Server) -> None:
    server.answers.append(None)
    assert http.send(a_call(server)).status_code == 200


UNANSWERED: list[Answer] = [None, (500, {}, ""), (503, {}, ""), (504, {}, "")]
BEFORE_ANY_WORK: list[Answer] = [(429, {"Retry-After": "0"}, ""), (408, {}, ""), BUSY]


@pytest.mark.parametrize("first", UNANSWERED)
def test_a_refusal_after_an_attempt_without_an_answer_leaves_open_what_was_done(
    http: HttpClient, server: Server, first: Answer
) -> None:
    server.answers.extend([first, (403, {}, "")])
    with pytest.raises(AzureRefused) as caught:
        http.send(a_call(server, "PATCH"))
    assert caught.value.leaves_open


@pytest.mark.parametrize("first", BEFORE_ANY_WORK)
def test_a_refusal_after_one_before_any_work_does_not(http: HttpClient, server: Server, first: Answer) -> None:
    server.answers.extend([first, (403, {}, "")])
    with pytest.raises(AzureRefused) as caught:
        http.send(a_call(server, "PATCH"))
    assert not caught.value.leaves_open


def test_what_is_in_the_way_after_an_attempt_without_an_answer_leaves_open_what_was_done(company: Company) -> None:
    http = an_http_client(QUICK, lambda _: company.proxy.forbidden.add(HOST), network=company.network())
    company.server.breaks_off = True
    with pytest.raises(ProxyRefused) as caught:
        http.send(Call(request=request("POST", f"https://{HOST}/x"), doing="try this"))
    http.transport.close()
    assert caught.value.leaves_open


@pytest.mark.parametrize("status", [429, 503])
def test_the_servers_own_wait_is_kept_to(http: HttpClient, server: Server, status: int) -> None:
    server.answers.append((status, {"Retry-After": "1"}, ""))
    began = time.monotonic()
    http.send(a_call(server))
    assert time.monotonic() - began >= 1


def in_an_hour() -> str:
    return format_datetime(datetime.now(timezone.utc) + timedelta(hours=1), usegmt=True)


@pytest.mark.parametrize("wait", ["3600", "date", "9" * 400], ids=["an hour", "a date", "an age"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_that_is_too_long_ends_the_call_and_is_named(
    http: HttpClient, server: Server, said: Said, status: int, wait: str
) -> None:
    server.answers.append((status, {"Retry-After": in_an_hour() if wait == "date" else wait}, "slow down"))
    with pytest.raises(AzureFailing) as caught:
        http.send(a_call(server))
    assert (len(server.asked), said) == (1, [])
    assert re.search(r"asks for a wait of [\d,]{5,} s, but a call is retried for at most 300 s", render(caught.value))


def test_a_registrys_wait_that_is_too_long_is_named_as_well(http: HttpClient, server: Server) -> None:
    server.answers.append((429, {"Retry-After": "3600"}, "slow down"))
    with pytest.raises(RegistryFailing) as caught:
        http_client_of(http, RegistryHost("contoso.azurecr.io")).send(a_call(server))
    assert "it asks for a wait of 3,600 s" in render(caught.value)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 412, 422, 451, 501])
def test_a_definite_answer_is_never_asked_for_twice(http: HttpClient, server: Server, status: int) -> None:
    server.answers.append((status, {"Retry-After": "0"}, "{}"))
    with pytest.raises(TaskFailure):
        http.send(a_call(server, "PATCH"))
    assert len(server.asked) == 1


def test_the_name_of_a_host_that_has_answered_before_is_not_mistyped(http: HttpClient, said: Said) -> None:
    call = Call(request=request("GET", "https://arm.contoso.test/x"), doing="try this")
    with pytest.raises(HostUnknown):
        http.send(call)
    assert said == []
    http.reached.add("arm.contoso.test")
    with pytest.raises(HostUnknown):
        http.send(call)
    assert len(said) == QUICK.http_attempts - 1


def test_a_token_that_is_refused_is_renewed_once_and_the_call_repeated_once(
    http: HttpClient, server: Server, said: Said
) -> None:
    renewals: list[int] = []

    def renew(answer: HttpResponse) -> bool:
        renewals.append(answer.status_code)
        return answer.status_code == 401

    renewing = replace(http, renew_token=renew)
    server.answers.extend([(401, {}, ""), (200, {}, "{}")])
    assert renewing.send(a_call(server, "PATCH")).status_code == 200
    assert said == [f"trying to try this: {server.url.partition('//')[2]} returned 401; retrying with a new token"]
    server.answers.extend([(401, {}, ""), (401, {}, "")])
    with pytest.raises(TaskFailure) as caught:
        renewing.send(a_call(server, "PATCH"))
    assert not caught.value.leaves_open, "a refused token has changed nothing"
    assert len(server.asked) == 4


@pytest.mark.parametrize("first", [*UNANSWERED, *BEFORE_ANY_WORK, (200, {}, "{}")])
@pytest.mark.parametrize("renews", [False, True])
def test_what_fails_before_a_retry_is_sent_leaves_open_only_what_an_earlier_attempt_did(
    http: HttpClient, server: Server, first: Answer, *, renews: bool
) -> None:
    """Signing in again may fail, and so may reading again what is to be written."""
    server.answers.append(first)
    attempts: list[object] = []
    failure = Unreachable(host="login.microsoftonline.com", detail="it broke off", via="directly")

    def sender(*given: object, **named: object) -> HttpResponse:
        attempts.append(given)
        if len(attempts) == (1 if first and first[0] == 200 else 2):
            raise failure
        return http.sender(*given, **named)

    def renew() -> HttpRequest:
        raise failure

    call = a_call(server, "PATCH")
    renewing = renews and first is not None and first[0] != 200
    with pytest.raises(Unreachable) as caught:
        replace(http, sender=sender).send(replace(call, renew=renew) if renewing else call)
    assert caught.value is failure
    assert failure.leaves_open is (first in UNANSWERED)


def test_the_last_attempt_ends_it(http: HttpClient, server: Server) -> None:
    server.answers.extend([(503, {"x-ms-correlation-request-id": "the-id"}, "gone")] * 5)
    with pytest.raises(AzureFailing) as caught:
        http.send(a_call(server))
    assert (caught.value.attempts, caught.value.status, caught.value.detail) == (3, 503, "gone")
    assert caught.value.correlation_id == "the-id"
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (403, '{"error":{"code":"AuthorizationFailed","message":"no role"}}', Forbidden),
        (409, '{"error":{"code":"ScopeLocked","message":"locked"}}', Locked),
        (400, '{"Code":"BadRequest","Message":"LinuxFxVersion has an invalid value"}', AzureRefused),
        (404, "not json", AzureRefused),
        (418, "[]", AzureRefused),
    ],
)
def test_a_refusal_is_a_failure_of_the_catalogue(
    http: HttpClient, server: Server, status: int, body: str, failure: type[TaskFailure]
) -> None:
    server.answers.append((status, {}, body))
    with pytest.raises(failure):
        http.send(a_call(server))
    assert len(server.asked) == 1


def test_an_app_that_azure_is_busy_with_is_waited_for(http: HttpClient, server: Server) -> None:
    server.answers.append(BUSY)
    assert http.send(a_call(server, "PATCH")).status_code == 200
    server.answers.extend([BUSY] * 3)
    with pytest.raises((OperationInProgress, AzureFailing)):
        http.send(a_call(server))


def test_a_host_that_is_not_there_is_named(http: HttpClient) -> None:
    with pytest.raises(Unreachable, match="host-unreachable"):
        http.send(Call(request=request("GET", "http://127.0.0.1:9/x"), doing="try this"))


def test_nothing_is_sent_after_a_cancellation(server: Server, http: HttpClient) -> None:
    http.clock.cancelled.set()
    with pytest.raises(Cancelled):
        http.send(a_call(server))
    assert not server.asked


def test_a_cancellation_ends_the_waiting(server: Server, http: HttpClient) -> None:
    server.answers.append((503, {"Retry-After": "30"}, ""))
    with pytest.raises(Cancelled):
        replace(http, say=lambda _: http.clock.cancelled.set()).send(a_call(server))
    assert len(server.asked) == 1
