"""A connection through a proxy. A proxy with an https address gets its password only over verified TLS.

Source of CONNECT: https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6
"""

from __future__ import annotations

import socket
import ssl
from contextlib import ExitStack, suppress
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytask.clock import Clock, Deadline
from pytask.network.proxy import proxy_headers

if TYPE_CHECKING:
    from pytask.model import Network, Proxy

LONGEST_HEAD = 1 << 16
_HTTP, _HTTPS = 80, 443


class ProxyAnswer(Exception):  # noqa: N818 - what the proxy did
    """The proxy does not open the tunnel."""

    def __init__(self, status: int, reason: str = "") -> None:
        super().__init__(f"it returned {status} {reason}".strip())
        self.status, self.reason = status, reason


def led(proxy: Proxy, host: str, port: int, *, context: ssl.SSLContext, seconds: float) -> socket.socket:
    """Return a connection to a host through a proxy; `context` verifies the proxy's own certificate.

    Raises:
        ProxyAnswer: when the proxy refuses, or answers anything else.
        OSError: when it cannot be reached, or takes longer than `seconds`.
    """
    deadline = Deadline.after(Clock(), seconds)
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
    lines += [f"{name}: {value}" for name, value in proxy_headers(proxy).items()]
    with ExitStack() as unless_led:
        connection = unless_led.enter_context(at(proxy, context=context, seconds=seconds))
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        _, status, *reason = head(connection, deadline).split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
        if not status.isdecimal() or int(status) != HTTPStatus.OK:
            raise ProxyAnswer(int(status) if status.isdecimal() else HTTPStatus.BAD_GATEWAY, *reason)
        unless_led.pop_all()
        return connection


def at(proxy: Proxy, *, context: ssl.SSLContext, seconds: float) -> socket.socket:
    """Return a connection to the proxy itself, over TLS if it has an https address; nothing else is sent.

    Raises:
        OSError: when it cannot be reached, or its certificate is not accepted.
    """
    parts = urlsplit(proxy.address)
    secured = parts.scheme == "https"
    host, port = parts.hostname or "", parts.port or (_HTTPS if secured else _HTTP)
    with ExitStack() as unless_reached:
        connection = unless_reached.enter_context(socket.create_connection((host, port), seconds))
        if secured:
            connection = unless_reached.enter_context(context.wrap_socket(connection, server_hostname=host))
        unless_reached.pop_all()
        return connection


def proxy_context(network: Network) -> ssl.SSLContext:
    """Return a context that verifies proxies by the system's authorities and the agent's, without loading urllib3."""
    context = ssl.create_default_context()
    if network.authorities:
        with suppress(OSError):
            context.load_verify_locations(network.authorities)
    return context


def head(connection: socket.socket, deadline: Deadline) -> bytes:
    """Read to the end of a message's headers; neither side sends more before the other answers.

    Raises:
        OSError: when the message ends before that, is too long, or takes longer than the deadline.
    """
    read = b""
    while not read.endswith(b"\r\n\r\n"):
        if deadline.passed():
            raise TimeoutError("timed out")
        connection.settimeout(deadline.left() or None)
        piece = connection.recv(1)
        if not piece or len(read) > LONGEST_HEAD:
            raise OSError("connection closed")
        read += piece
    return read
