"""Polling over a network that fails for a while, and hosts that refuse meanwhile: it goes on until its own deadline."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytask.clock import Timeouts
from pytask.cloud.arm import Arm, ArmCall
from pytask.cloud.http import request
from pytask.cloud.poll import NotYet, Seen, poll, read_object
from pytask.errors.network import HostUnknown
from pytask.model.evidence import Passed, Pending
from pytask.network.retry import REPEATED
from pytask.verification import Check, verify
from tests.contract.http_clients import an_http_client
from tests.contract.test_http_client import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from azure.core.rest import HttpRequest, HttpResponse

    from pytask.cloud.poll import Reading
    from pytask.decode import JSONObject
    from pytask.model.evidence import Evidence
    from tests.contract.test_http_client import Answer

QUICK = Timeouts(
    http_first_wait=0.001,
    http_longest_wait=0.02,
    first_poll=0.001,
    longest_poll=0.002,
    verify_poll=0.002,
    http_total=0.5,
)
CALL = ArmCall("GET", "/subscriptions/s/x", doing="read the log")
HTML = "<html><title>502 - Web server received an invalid response</title></html>"
OUTAGES: dict[str, Answer] = {
    "dropped": None,
    "truncated": (200, {"Content-Length": "99"}, "{}"),
    "bad gzip": (200, {"Content-Encoding": "gzip"}, "{}"),
    "bad length": (200, {"Content-Length": "abc"}, "{}"),
    "empty": (200, {}, ""),
    "a page": (200, {}, HTML),
    "another shape": (200, {}, "[1]"),
    **{str(status): (status, {"Retry-After": "0"}, HTML) for status in (400, 401, 409, *sorted(REPEATED))},
}


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.close()


@pytest.fixture
def arm(server: Server) -> Iterator[Arm]:
    http = an_http_client(QUICK, lambda _: None)
    yield Arm(http=replace(http, sender=_at(server, http.sender)), url=server.url, subscription="s")
    http.transport.close()


def _at(server: Server, sender: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    def send(asked: HttpRequest, **options: object) -> HttpResponse:
        return sender(request(asked.method, server.url + asked.url), **options)

    return send


def asked_once(arm: Arm) -> Reading[JSONObject]:
    return poll(arm, CALL, read_object)


@pytest.mark.parametrize("name", OUTAGES)
def test_whatever_an_outage_looks_like_a_verification_goes_on_behind_it(arm: Arm, server: Server, name: str) -> None:
    server.answers.extend([OUTAGES[name]] * 60)  # more than any call would be retried

    def judge(found: Reading[JSONObject], _earlier: Mapping[str, Evidence]) -> Evidence:
        return Passed("it answers") if isinstance(found, Seen) else Pending(reason=found.reason)

    verified = verify(
        lambda: asked_once(arm),
        [Check(name="configuration", judge=judge)],
        clock=arm.http.clock,
        timeouts=QUICK,
        seconds=60,
        say=lambda _: None,
    )
    assert verified.passed == (("configuration", "it answers"),)
    assert server.answers == type(server.answers)()


def test_a_poll_without_an_answer_leaves_the_rest_to_the_next_one(arm: Arm, server: Server) -> None:
    server.answers.extend([None] * 4)
    assert isinstance(asked_once(arm), NotYet)
    assert len(server.asked) == 2
    assert isinstance(asked_once(arm), NotYet)
    assert isinstance(asked_once(arm), Seen)


def test_a_name_that_cannot_be_resolved_any_more_is_not_yet() -> None:
    http = an_http_client(QUICK, lambda _: None)
    gone = replace(http, base="https://management.contoso.test")
    arm = Arm(http=gone, url=gone.base, subscription="s")
    found = poll(arm, replace(CALL, path="https://management.contoso.test/x"), read_object)
    assert isinstance(found, NotYet)
    assert HostUnknown.code in found.reason
    http.transport.close()


def test_a_poll_waits_as_it_is_asked_to(arm: Arm, server: Server) -> None:
    server.answers.append((429, {"Retry-After": "9999"}, ""))
    began = arm.http.clock.monotonic()
    assert isinstance(asked_once(arm), NotYet)
    assert arm.http.clock.monotonic() - began >= QUICK.http_longest_wait
