"""What a call may take: seconds in all and bytes, whatever the server sends, over TLS, without, and through proxies."""

from __future__ import annotations

import gzip
import socket
import ssl
import subprocess
import sys
import threading
import time
import zlib
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme
from requests.exceptions import RequestException

from pytask.agent.oidc import open_oidc_tokens
from pytask.clock import Timeouts
from pytask.cloud.credentials import open_credentials
from pytask.cloud.http import Call, request
from pytask.errors import TaskFailure, render
from pytask.errors.federation import OidcTokenRefused
from pytask.errors.network import NetworkFailure, ResponseTooLarge, ResponseTooSlow, Unreachable
from pytask.model import Cloud, KeyIdentity, ManagedIdentity, Network, Proxy, Secret, ServiceConnection
from pytask.network.limits import Limits, TooSlow, within
from pytask.network.route import open_route
from tests.contract.http_clients import an_http_client
from tests.contract.test_managed_identity import a_port_that_answers_nobody

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytask.cloud.http import HttpClient

    Speaks = Callable[[socket.socket], None]

QUICK = Timeouts(http_attempts=1, http_connect=2, http_read=2, http_total=0.3)
SOON = 45
"""Seconds; a machine under load needs some, but a drip would go on for ever."""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def drip(beginning: bytes, endless: bytes, connection: socket.socket) -> None:
    """Send something, and then a byte every 50 ms for ever."""
    connection.sendall(beginning)
    for _ in range(20 * 60):
        connection.sendall(endless[:1])
        endless = endless[1:] + endless[:1]
        time.sleep(0.05)


def flood(beginning: bytes, endless: bytes, connection: socket.socket) -> None:
    """Send something, and then as much as is taken, up to 400 MB."""
    connection.sendall(beginning)
    block = endless * ((1 << 20) // len(endless))
    for _ in range(400):
        connection.sendall(block)


def say(text: bytes, connection: socket.socket) -> None:
    connection.sendall(text)


def bomb(connection: socket.socket) -> None:
    """Send 300 MB of nothing, packed into 300 kB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(300)) + packer.flush()
    connection.sendall(HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed)


def double_bomb(connection: socket.socket) -> None:
    packed = gzip.compress(gzip.compress(bytes(200 << 20), 1), 9)
    connection.sendall(HEAD + b"Content-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed)


DRIPS: dict[str, Speaks] = {
    "status line": partial(drip, b"HTTP/1.1 200 ", b"OK"),
    "headers": partial(drip, HEAD + b"X: ", b"x"),
    "another response before": partial(drip, b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": partial(drip, HEAD + b"Content-Length: 100000\r\n\r\n", b" "),
    "body without an end": partial(drip, HEAD + b"\r\n", b" "),
    "chunk's size": partial(drip, CHUNKED, b"0"),
    "chunks": partial(drip, CHUNKED, b"1\r\n \r\n"),
    "trailers": partial(drip, CHUNKED + b"0\r\n", b"X: y\r\n"),
}
FLOODS: dict[str, Speaks] = {
    "body of 200 MB": partial(flood, HEAD + b"Content-Length: 200000000\r\n\r\n", b" "),
    "body without an end": partial(flood, HEAD + b"\r\n", b" "),
    "chunk's size": partial(flood, CHUNKED, b"0"),
    "chunks": partial(flood, CHUNKED, b"10\r\n" + b" " * 16 + b"\r\n"),
    "one chunk": partial(flood, CHUNKED + b"fffffff\r\n", b" "),
    "trailers": partial(flood, CHUNKED + b"0\r\n", b"X: y\r\n"),
    "other responses before": partial(flood, b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "headers": partial(flood, HEAD, b"X: y\r\n"),
    "one header": partial(flood, HEAD + b"X: ", b"x"),
    "status line": partial(flood, b"HTTP/1.1 200 ", b"x"),
    "gzip bomb": bomb,
    "gzip bomb in a gzip": double_bomb,
}
BROKEN: dict[str, Speaks] = {
    "length that is none": partial(say, HEAD + b"Content-Length: abc\r\n\r\n{}"),
    "length below zero": partial(say, HEAD + b"Content-Length: -1\r\n\r\n{}"),
    "two lengths": partial(say, HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
    "length beyond numbers": partial(say, HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}"),
    "truncated": partial(say, HEAD + b"Content-Length: 100\r\n\r\n{}"),
    "chunk truncated": partial(say, CHUNKED + b"10\r\n{}"),
    "chunk's size that is none": partial(say, CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n"),
    "chunk's size below zero": partial(say, CHUNKED + b"-2\r\n{}\r\n0\r\n\r\n"),
    "gzip that is none": partial(say, HEAD + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"),
    "gzip that is none behind its beginning": partial(
        say,
        CHUNKED[:-2]
        + b"Content-Encoding: gzip\r\n\r\n1e\r\n"
        + gzip.compress(b"")[:10]
        + b"\xff" * 20
        + b"\r\n0\r\n\r\n",
    ),
    "no HTTP": partial(say, b"220 mail.contoso.com ESMTP\r\n"),
    "nothing": partial(say, b""),
}
SOME_OF_EACH = [
    *(DRIPS[name] for name in ("headers", "body", "chunk's size")),
    *(FLOODS[name] for name in ("body without an end", "chunk's size", "gzip bomb")),
    *(BROKEN[name] for name in ("length that is none", "truncated", "chunk's size below zero", "gzip that is none")),
]


@contextmanager
def a_server(speaks: Speaks, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Return the port of a server that reads a request and then says something of its own."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            spoken = context.wrap_socket(connection, server_side=True) if context else connection
            with spoken:
                spoken.recv(1 << 16)
                speaks(spoken)
                with suppress(OSError):
                    spoken.shutdown(socket.SHUT_WR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listening.getsockname()[1]
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def context(authority: trustme.CA) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(made)
    return made


@pytest.fixture
def trusting(authority: trustme.CA, tmp_path: Path) -> Network:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return Network(authorities=tmp_path / "ca.pem")


def failure_of(http: HttpClient, url: str, method: str = "GET") -> NetworkFailure:
    began = time.monotonic()
    with pytest.raises(NetworkFailure) as caught:
        http.send(Call(request=request(method, url), doing="ask"))
    http.transport.close()
    assert time.monotonic() - began < SOON
    assert "localhost" in render(caught.value)
    return caught.value


@pytest.mark.parametrize("name", DRIPS)
@pytest.mark.parametrize("over_tls", [False, True])
def test_no_drip_outlasts_the_call(trusting: Network, context: ssl.SSLContext, name: str, *, over_tls: bool) -> None:
    http = an_http_client(QUICK, network=trusting)
    with a_server(DRIPS[name], context if over_tls else None) as port:
        failure = failure_of(http, f"{'https' if over_tls else 'http'}://localhost:{port}/x", "PATCH")
    assert isinstance(failure, ResponseTooSlow)
    assert "not complete after 0.3 s" in render(failure)
    assert failure.leaves_open


def test_a_reader_that_is_too_slow_itself_meets_an_error_of_its_client() -> None:
    """All bytes are there by then: no socket is read whose timeout urllib3 would turn into one of its errors."""
    session = open_route(Network(), print).new_session()
    with a_server(partial(say, HEAD + b"\r\n" + b" " * 100)) as port, session, within(Limits(seconds=0.2)):
        response = session.get(f"http://localhost:{port}/x", stream=True)
        pieces = response.iter_content(10)
        next(pieces)
        time.sleep(0.25)
        with pytest.raises(RequestException) as caught:
            next(pieces)
    assert isinstance(caught.value.__cause__, TooSlow)
    assert response.raw.closed


@pytest.mark.parametrize("name", FLOODS)
def test_no_flood_is_read_to_its_end(trusting: Network, context: ssl.SSLContext, name: str) -> None:
    http = an_http_client(Timeouts(http_attempts=1), network=trusting)
    with a_server(FLOODS[name], context) as port:
        failure = failure_of(http, f"https://localhost:{port}/x", "PATCH")
    assert isinstance(failure, ResponseTooLarge | Unreachable)
    assert failure.leaves_open, "the answer to a write was not read"


def test_what_is_too_large_is_told_once(trusting: Network, context: ssl.SSLContext) -> None:
    said: list[str] = []
    http = an_http_client(Timeouts(http_first_wait=0.01), said.append, network=trusting)
    with a_server(FLOODS["body of 200 MB"], context) as port:
        failure = failure_of(http, f"https://localhost:{port}/x")
    assert (failure.code, said) == ("response-too-large", [])
    assert "the response of localhost is larger than 4,194,304 bytes" in render(failure)


@pytest.mark.parametrize("name", BROKEN)
def test_an_answer_that_breaks_off_or_makes_no_sense_is_no_answer(
    trusting: Network, context: ssl.SSLContext, name: str
) -> None:
    http = an_http_client(QUICK, network=trusting)
    with a_server(BROKEN[name], context) as port:
        assert failure_of(http, f"https://localhost:{port}/x", "PATCH").leaves_open


@pytest.mark.parametrize("name", ["body of 200 MB", "body without an end", "chunks", "one chunk", "gzip bomb"])
def test_the_beginning_of_an_answer_can_be_enough(trusting: Network, context: ssl.SSLContext, name: str) -> None:
    http = an_http_client(Timeouts(http_attempts=1), network=trusting)
    with a_server(FLOODS[name], context) as port:
        url = f"https://localhost:{port}/x"
        for _ in range(2):  # the second on a connection of its own, as the first has more to say
            answer = http.send(Call(request=request("GET", url), doing="ask", most_bytes=5000, cut=True))
            assert (answer.status_code, len(answer.content)) == (200, 5000)
    http.transport.close()


def test_an_answer_of_just_the_size_is_whole(trusting: Network, context: ssl.SSLContext) -> None:
    http = an_http_client(QUICK, network=trusting)
    with a_server(partial(say, HEAD + b"Content-Length: 9\r\n\r\n123456789"), context) as port:
        asked = partial(Call, request=request("GET", f"https://localhost:{port}/x"), doing="ask")
        assert http.send(asked(most_bytes=9)).content == b"123456789"
        with pytest.raises(ResponseTooLarge):
            http.send(asked(most_bytes=8))
    http.transport.close()


def test_a_connection_that_waited_for_the_next_call_has_that_ones_time(tmp_path: Path) -> None:
    del tmp_path
    answer = HEAD + b"Content-Length: 2\r\n\r\n{}"

    def twice(connection: socket.socket) -> None:
        connection.sendall(answer)
        while connection.recv(1 << 16):
            connection.sendall(answer)

    http = an_http_client(QUICK)
    with a_server(twice) as port:
        for _ in range(3):
            assert http.send(Call(request=request("GET", f"http://localhost:{port}/x"), doing="ask")).content == b"{}"
            time.sleep(0.4)
    http.transport.close()


@pytest.mark.parametrize("secured", [False, True])
def test_a_proxy_that_drips_its_answer_outlasts_no_call(
    trusting: Network, context: ssl.SSLContext, *, secured: bool
) -> None:
    with a_server(DRIPS["headers"], context if secured else None) as port:
        proxy = Proxy(address=f"{'https' if secured else 'http'}://localhost:{port}")
        http = an_http_client(QUICK, network=Network(proxy=proxy, authorities=trusting.authorities))
        began = time.monotonic()
        with pytest.raises(NetworkFailure):
            http.send(Call(request=request("GET", "https://management.contoso.test/x"), doing="ask"))
        assert time.monotonic() - began < SOON
    http.transport.close()


def test_no_number_of_addresses_outlasts_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    http = an_http_client(Timeouts(http_attempts=1, http_connect=0.3, http_total=0.5))
    with a_port_that_answers_nobody() as port:
        addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))] * 200
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
        failure_of(http, f"http://localhost:{port}/x")


def a_connection(identity: KeyIdentity | ManagedIdentity, authority_url: str) -> ServiceConnection:
    return ServiceConnection(
        input="azureSubscription",
        page="",
        id="i",
        tenant_id="t",
        subscription_id="s",
        subscription_name="",
        cloud=Cloud(arm_url="https://arm", authority_url=authority_url, arm_scope="s/.default"),
        identity=identity,
    )


@pytest.mark.parametrize("speaks", SOME_OF_EACH)
def test_signing_in_keeps_to_the_limits(trusting: Network, context: ssl.SSLContext, speaks: Speaks) -> None:
    http = an_http_client(QUICK, network=trusting)
    with a_server(speaks, context) as port:
        key = KeyIdentity(client_id="c", secret=Secret("s"))
        connection = a_connection(key, f"https://localhost:{port}")
        ours = open_credentials(connection, http=http, fresh_assertion=str, mask=Secret, environment={})
        began = time.monotonic()
        with pytest.raises(TaskFailure) as caught:
            ours.token("s/.default")
        assert time.monotonic() - began < SOON
    assert isinstance(caught.value, NetworkFailure)
    http.transport.close()


@pytest.mark.parametrize("speaks", SOME_OF_EACH)
def test_a_machines_identity_keeps_to_the_limits(monkeypatch: pytest.MonkeyPatch, speaks: Speaks) -> None:
    http = an_http_client(QUICK)
    with a_server(speaks) as port:
        environment = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": f"http://127.0.0.1:{port}"}
        monkeypatch.setenv(*next(iter(environment.items())))
        connection = a_connection(ManagedIdentity(client_id=""), "https://entra")
        ours = open_credentials(connection, http=http, fresh_assertion=str, mask=Secret, environment=environment)
        began = time.monotonic()
        with pytest.raises(TaskFailure):
            ours.token("s/.default")
        assert time.monotonic() - began < SOON
    http.transport.close()


@pytest.mark.parametrize("speaks", SOME_OF_EACH)
def test_tokens_of_the_pipeline_keep_to_the_limits(
    trusting: Network, context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, speaks: Speaks
) -> None:
    monkeypatch.setenv("AZURE_DEVOPS_CACHE_DIR", str(tmp_path))
    variables = ("SYSTEM_TEAMPROJECTID", "SYSTEM_HOSTTYPE", "SYSTEM_PLANID", "SYSTEM_JOBID")
    with a_server(speaks, context) as port:
        tokens = open_oidc_tokens(
            {"SYSTEM_COLLECTIONURI": f"https://localhost:{port}/contoso/", **dict.fromkeys(variables, "x")},
            connection="c",
            access_token=Secret("t"),
            route=open_route(trusting, print),
            timeout=(2, 2),
            total=0.3,
            mask=Secret,
        )
        began = time.monotonic()
        with pytest.raises((NetworkFailure, OidcTokenRefused)) as caught:
            tokens.fresh()
        assert time.monotonic() - began < SOON
    assert not isinstance(caught.value, OidcTokenRefused) or not caught.value.final


MEASURED = """
import re, sys
from pathlib import Path
from pytask.clock import Timeouts
from pytask.cloud.http import Call, request
from pytask.errors import TaskFailure
from tests.contract.http_clients import an_http_client
http = an_http_client(Timeouts(http_attempts=1), lambda _: None)
for port in sys.argv[1:]:
    for cut in (False, True):
        try:
            http.send(Call(request=request("GET", f"http://localhost:{port}/x"), doing="ask", cut=cut))
        except TaskFailure:
            pass
        peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
        print(port, cut, int(peak.group(1)) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux counts memory there")
def test_no_flood_takes_memory() -> None:
    with ExitStack() as stack:
        ports = [str(stack.enter_context(a_server(speaks))) for speaks in FLOODS.values()]
        command = [sys.executable, "-c", MEASURED, *ports]
        root = Path(__file__).parents[2]
        ended = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=True)
    peaks = [int(line.split()[-1]) for line in ended.stdout.splitlines()]
    assert len(peaks) == 2 * len(FLOODS)
    assert max(peaks) <= 80, dict(zip(FLOODS, zip(peaks[::2], peaks[1::2], strict=True), strict=True))
