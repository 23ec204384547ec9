"""The limits of one call: the seconds that it may take in all, and the bytes that may come.

urllib3's timeouts limit each wait for more bytes, so a server that sends one now and then keeps within them for ever.
So the socket knows the call that it works for, and no read outlasts that call. Bytes are counted twice: as they come
from the socket, as a line of a chunk's size may have no end, and after decoding, as a small body may unpack to a large
one. All clients send through a `requests` session, so these limits hold for Azure's own libraries too.
"""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from requests.exceptions import ReadTimeout, RequestException
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from pytask.clock import Clock, Deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests

ANSWER_BYTES = 4 << 20
"""Answers of Azure and of registries have some kilobytes; a registry takes manifests of at most 4 MB.
https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests"""
_AHEAD = 4 << 20
"""Bytes that may come from the socket without one piece of the body: headers, or a chunk's size."""
_WHOLE = frozenset({HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT})
"""Statuses of what was asked for. Of any other answer, such as a page of an error, the beginning says enough."""
_LONGEST_LENGTH = 18


class TooLarge(RequestException):
    """More came than the call allows."""

    def __init__(self, most: int) -> None:
        super().__init__(f"more than {most:,} bytes")
        self.most = most


class TooSlow(TimeoutError):  # noqa: N818 - one of two with TooLarge
    """The call took longer than it may take in all, although bytes kept coming."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"not complete after {seconds:g} s")
        self.seconds = seconds


class BadFraming(RequestException):
    """The answer's `Content-Length`, or a chunk's size, is no number: nobody knows where the answer ends.

    Source: https://www.rfc-editor.org/rfc/rfc9112#section-6.3
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What one attempt of a call may take."""

    seconds: float = 120.0
    """From connecting to the last byte."""
    most_bytes: int = ANSWER_BYTES
    """Of the decoded body."""
    cut: bool = False
    """Whether a longer body ends there, rather than being a failure."""


class _Here(threading.local):
    limits: Limits | None = None
    attempt: _Attempt | None = None


_here = _Here()
"""What holds for the calls of this thread."""


@dataclass(slots=True)
class _Attempt:
    """What is left for one attempt; its socket counts."""

    limits: Limits
    deadline: Deadline = field(init=False)
    bytes_left: int = _AHEAD
    """Until the next piece of the body."""

    def __post_init__(self) -> None:
        self.deadline = Deadline.after(Clock(), self.limits.seconds)

    def wait(self, usual: float | None) -> float:
        """Return how long the next read may wait; raise TooSlow when the time is over."""
        left = self.deadline.left()
        if not left:
            raise TooSlow(self.limits.seconds)
        return left if usual is None else min(left, usual)

    def count(self, received: int) -> None:
        """Count bytes as they come; raise TooLarge when it is too many."""
        self.bytes_left -= received
        if self.bytes_left < 0:
            raise TooLarge(self.limits.most_bytes)


@contextmanager
def within(limits: Limits) -> Iterator[None]:
    """Apply limits to each call that this thread sends within the block."""
    before, _here.limits = _here.limits, limits
    try:
        yield
    finally:
        _here.limits = before


def hold(connection: socket.socket, limits: Limits) -> None:
    """Apply limits to a connection that no client uses: from now on, whatever is read from it."""
    if isinstance(connection, _OfACall):
        connection.attempt = _Attempt(limits)


def limited(send: Callable[[], requests.Response]) -> requests.Response:
    """Return the response to one attempt, whose body keeps to the limits as well.

    Raises:
        RequestException: also TooLarge, BadFraming, or the one behind which TooSlow is.
    """
    attempt = _here.attempt = _Attempt(_here.limits or Limits())
    try:
        response = send()
    finally:
        _here.attempt = None
    _confirm_length(response)
    if response.status_code not in _WHOLE:
        attempt.limits = replace(attempt.limits, most_bytes=min(ANSWER_BYTES, attempt.limits.most_bytes), cut=True)
    raw: Any = response.raw
    stream = raw.stream
    raw.stream = lambda *given, **named: _counted(raw, stream(*given, **named), attempt)
    return response


def _counted(raw: Any, pieces: Iterator[bytes], attempt: _Attempt) -> Iterator[bytes]:  # noqa: ANN401 - urllib3's own
    left = attempt.limits.most_bytes
    for piece in _sized(pieces):
        _confirm_in_time(attempt)
        attempt.bytes_left = _AHEAD
        if len(piece) > left:
            raw.close()
            if not attempt.limits.cut:
                raise TooLarge(attempt.limits.most_bytes)
            yield piece[:left]
            return
        left -= len(piece)
        yield piece


def _confirm_in_time(attempt: _Attempt) -> None:
    try:
        attempt.wait(None)
    except TooSlow as error:
        # Clients expect errors of requests here, as no socket is read whose timeout urllib3 would turn into one.
        raise ReadTimeout(error) from error


def _sized(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield pieces; urllib3 takes a chunk's size below zero for a size, and fails on reading that much."""
    try:
        yield from pieces
    except ValueError as error:
        raise BadFraming(f"its chunks have no readable size ({error})") from error


def _confirm_length(response: requests.Response) -> None:
    told = response.headers.get("Content-Length", "")
    if "Transfer-Encoding" in response.headers:
        response.headers.pop("Content-Length", None)
    elif told and not (told.isascii() and told.isdigit() and len(told) <= _LONGEST_LENGTH):
        response.close()
        raise BadFraming(f"its Content-Length is '{told[:_LONGEST_LENGTH]}'")


class _OfACall(socket.socket):
    """A socket that knows the call that it works for: the last one that set its timeout, as urllib3 does for each."""

    attempt: _Attempt | None = None
    usual: float | None = None

    def settimeout(self, value: float | None) -> None:
        self.attempt, self.usual = _here.attempt or self.attempt, value
        super().settimeout(value)

    def recv(self, *given: Any, **named: Any) -> bytes:  # noqa: ANN401 - the socket's own
        received: bytes = self._within(super().recv, *given, **named)
        self._count(len(received))
        return received

    def recv_into(self, *given: Any, **named: Any) -> int:  # noqa: ANN401 - the socket's own
        received: int = self._within(super().recv_into, *given, **named)
        self._count(received)
        return received

    def _within(self, receive: Callable[..., Any], *given: Any, **named: Any) -> Any:  # noqa: ANN401 - the socket's own
        if self.attempt is None:
            return receive(*given, **named)
        super().settimeout(self.attempt.wait(self.usual))
        try:
            return receive(*given, **named)
        except TimeoutError:
            self.attempt.wait(None)
            raise

    def _count(self, received: int) -> None:
        if self.attempt:
            self.attempt.count(received)


class TlsSocket(_OfACall, ssl.SSLSocket):
    """What a TLS context makes connections of (`sslsocket_class`)."""


class _Options(list[Any]):
    """Options for the sockets of a call: urllib3 reads them for each address of a host, just before it tries it."""

    def __iter__(self) -> Iterator[Any]:
        if _here.attempt:
            _here.attempt.wait(None)
        return super().__iter__()


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        self.socket_options = _Options(self.socket_options or ())
        made = super()._new_conn()
        timeout = made.gettimeout()
        known = _OfACall(made.family, made.type, made.proto, fileno=made.detach())
        known.settimeout(timeout)
        return known


class _TlsConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


POOLS: dict[str, Any] = {"http": _Pool, "https": _TlsPool}
"""Connection pools whose sockets keep to the limits, by scheme."""
