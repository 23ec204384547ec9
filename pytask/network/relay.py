"""The agent's network route for the docker command, which can be told about a proxy only in its environment.

BuildKit's client fetches registry tokens itself, so it needs the route too. Environment variables cannot express the
bypass patterns, and the proxy's password must not be where every process of the user can read it. So the program gets a
proxy of our own on loopback, which knows the patterns and the password. It runs as long as the program, and serves only
callers that present the password of this run.
Source of CONNECT: https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6
"""

from __future__ import annotations

import secrets
import selectors
import socket
import socketserver
import ssl
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytask.clock import Clock, Deadline, Timeouts
from pytask.errors.network import (
    HostUnknown,
    ProxyAuthenticationNeeded,
    ProxyRefused,
    ProxyUnreachable,
    Unreachable,
)
from pytask.network.proxy import basic
from pytask.network.tunnel import ProxyAnswer, led, proxy_context
from pytask.network.tunnel import head as read_head

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytask.errors.network import NetworkFailure
    from pytask.model import Network, Proxy

_LOOPBACK = "127.0.0.1"
_USER = "task"
_CHUNK = 1 << 16
_MOST_UNKNOWN, _MOST_LED = 32, 128
"""Limits of concurrent callers, before and after they present the password. The program opens only a few."""
_USUAL = Timeouts()


class Relay(socketserver.ThreadingTCPServer):
    """A proxy on a free loopback port that connects through the agent's own proxy, or directly."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, network: Network, timeouts: Timeouts) -> None:
        self._network = network
        self.timeouts = timeouts
        self._unknown: dict[socket.socket, None] = {}
        """In the order in which they connected."""
        self._led: set[socket.socket] = set()
        self._turns = threading.Lock()
        self._context = proxy_context(network)
        self._word = secrets.token_urlsafe(24)
        self.failures: dict[str, NetworkFailure] = {}
        """Failed connections, by requested host."""
        super().__init__((_LOOPBACK, 0), _Caller)

    @property
    def address(self) -> str:
        """The proxy's address for an environment variable, with the password for this run."""
        return f"http://{_USER}:{self._word}@{_LOOPBACK}:{self.server_address[1]}"

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base class's
        """Serve one more caller; if too many have sent no request yet, close the oldest of them."""
        with self._turns:
            self._unknown[request] = None
            for idle in list(self._unknown)[:-_MOST_UNKNOWN]:
                del self._unknown[idle]
                _shut(idle)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - the base class's
        """Forget a caller whose connection has ended."""
        with self._turns:
            self._unknown.pop(request, None)
            self._led.discard(request)
        super().shutdown_request(request)

    def admits(self, caller: socket.socket) -> bool:
        """Tell whether one more caller that has presented the password can be served."""
        with self._turns:
            self._unknown.pop(caller, None)
            if len(self._led) >= _MOST_LED:
                return False
            self._led.add(caller)
            return True

    def knows(self, head: bytes) -> bool:
        """Tell whether a request has the right password."""
        lines = (line.partition(b":") for line in head.split(b"\r\n"))
        shown = (value.strip() for name, _, value in lines if name.lower() == b"proxy-authorization")
        return any(secrets.compare_digest(value, basic(_USER, self._word).encode()) for value in shown)

    def connected(self, host: str, port: int) -> socket.socket:
        """Return a connection to a host.

        Raises:
            ProxyAnswer: with the status to return; the failure itself is in `failures`.
        """
        proxy = self._network.own_proxy_for(f"https://{host}:{port}")
        try:
            if proxy is None:
                return socket.create_connection((host, port), self.timeouts.relay_asking)
            return led(proxy, host, port, context=self._context, seconds=self.timeouts.relay_asking)
        except (ProxyAnswer, OSError) as error:
            self.failures[host] = _failure(error, host, proxy)
            if isinstance(error, ProxyAnswer):
                raise
            raise ProxyAnswer(HTTPStatus.BAD_GATEWAY, f"{error.strerror or error}") from error


class _Caller(socketserver.BaseRequestHandler):
    """One connection of the program."""

    server: Relay
    request: socket.socket

    def handle(self) -> None:
        with suppress(OSError, ValueError):  # a caller that disconnects or does not speak HTTP gets no answer
            head = read_head(self.request, Deadline.after(Clock(), self.server.timeouts.relay_asking))
            method, authority, _ = head.split(b" ", 2)
            host, _, port = authority.decode("ascii", "replace").rpartition(":")
            if not self.server.knows(head):
                return self._answer(HTTPStatus.PROXY_AUTHENTICATION_REQUIRED, "Proxy Authentication Required")
            if not self.server.admits(self.request):
                return self._answer(HTTPStatus.SERVICE_UNAVAILABLE, "Too Many Connections")
            if method != b"CONNECT" or not port.isdigit():
                return self._answer(HTTPStatus.METHOD_NOT_ALLOWED, "Method Not Allowed")
            self._lead(host.strip("[]"), int(port))
        return None

    def _lead(self, host: str, port: int) -> None:
        try:
            upstream = self.server.connected(host, port)
        except ProxyAnswer as refused:
            return self._answer(refused.status, refused.reason)
        with upstream:
            both = _Both(idle=self.server.timeouts.relay_idle)
            for one in (upstream, self.request):
                one.settimeout(self.server.timeouts.relay_idle)
            self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=both.copy, args=(upstream, self.request), daemon=True, name=f"from {host}")
            back.start()
            both.copy(self.request, upstream)
            back.join()
        return None

    def _answer(self, status: int, reason: str) -> None:
        head = f"HTTP/1.1 {status} {reason}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        self.request.sendall(head.encode("utf-8", "replace"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Along:
    """What a program needs to use the agent's route."""

    environment: Mapping[str, str]
    failures: Mapping[str, NetworkFailure]
    """Failed connections, by the host that the program requested; filled while it runs."""


@contextmanager
def along(network: Network, environment: Mapping[str, str], timeouts: Timeouts = _USUAL) -> Iterator[Along]:
    """Yield the environment in which a program started within the block uses the agent's route.

    Without an agent proxy, the machine's settings stay as they are.
    """
    given = {**environment, **_authorities(network, environment)}
    if network.proxy is None:
        yield Along(environment=given, failures={})
        return
    with _relay(network, timeouts) as relay:
        direct = ",".join(filter(None, ("localhost", _LOOPBACK, "::1", engine_host(environment))))
        named = {"HTTPS_PROXY": relay.address, "NO_PROXY": direct}
        both_cases = {form: value for name, value in named.items() for form in (name, name.lower())}
        yield Along(environment={**given, **both_cases}, failures=relay.failures)


def _authorities(network: Network, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that make a Go program trust the agent's authorities too.

    They replace the system's bundle file; Go still reads the system's certificate folder, which has the same.
    Source: https://pkg.go.dev/crypto/x509#SystemCertPool
    """
    if network.authorities is None or "SSL_CERT_FILE" in environment:
        return {}
    return {"SSL_CERT_FILE": str(network.authorities)}


def engine_host(environment: Mapping[str, str]) -> str:
    """Return the host of a remote engine, which the docker command would otherwise reach through the proxy."""
    at = urlsplit(environment.get("DOCKER_HOST", ""))
    return at.hostname or "" if at.scheme in {"tcp", "http", "https"} else ""


@contextmanager
def _relay(network: Network, timeouts: Timeouts) -> Iterator[Relay]:
    with Relay(network, timeouts) as relay:
        threading.Thread(target=relay.serve_forever, args=(0.05,), daemon=True, name="relay").start()
        try:
            yield relay
        finally:
            relay.shutdown()


@dataclass(slots=True)
class _Both:
    """The two directions of one connection: it is idle when neither has a byte."""

    idle: float
    until: Deadline = field(init=False)

    def __post_init__(self) -> None:
        self.until = Deadline.after(Clock(), self.idle)

    def copy(self, source: socket.socket, target: socket.socket) -> None:
        """Copy data until the source ends, or both are idle; then shut down the target's input."""
        with suppress(OSError), selectors.DefaultSelector() as selector:
            selector.register(source, selectors.EVENT_READ)
            while data := self._received(source, selector):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def _received(self, source: socket.socket, selector: selectors.BaseSelector) -> bytes:
        # A selector does not see what TLS has already read and decrypted.
        waits = not (isinstance(source, ssl.SSLSocket) and source.pending())
        while waits and not selector.select(self.until.left()):
            if self.until.passed():
                _shut(source)
                return b""
        self.until = Deadline.after(Clock(), self.idle)
        return source.recv(_CHUNK)


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _failure(error: ProxyAnswer | OSError, host: str, proxy: Proxy | None) -> NetworkFailure:
    words = error.strerror or str(error) if isinstance(error, OSError) else str(error)
    facts: dict[str, Any] = {
        "host": host,
        "detail": words,
        "via": f"through the proxy {proxy.title}" if proxy else "directly",
    }
    if proxy is None:
        return HostUnknown(**facts) if isinstance(error, socket.gaierror) else Unreachable(**facts)
    if isinstance(error, OSError):
        return ProxyUnreachable(**facts, proxy=proxy.address)
    refused = ProxyAuthenticationNeeded if error.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED else ProxyRefused
    return refused(**facts, proxy=proxy.address)
