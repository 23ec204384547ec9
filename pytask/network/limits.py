"""The limits of one call: its total time in seconds, and the bytes of its answer.

urllib3's timeouts limit only the wait for the next bytes, so a server that sends a byte now and then could keep a call
open forever. Therefore each socket knows the call that it serves, and no read outlasts that call. Bytes are counted
twice: as they arrive, because the line with a chunk's size may be endless, and after decoding, because a small body may
decompress to a large one. All clients send through a `requests` session, so these limits also apply to Azure's
libraries.
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
"""Answers of Azure and of registries have a few kilobytes; a registry accepts manifests of up to 4 MB.
https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests"""
_AHEAD = 4 << 20
"""Bytes that may arrive before the next part of the body: headers, or a chunk's size."""
_WHOLE = frozenset({HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT})
"""Statuses whose body is what was requested. Of any other, such as an error page, the beginning is enough."""
_LONGEST_LENGTH = 18


class TooLarge(RequestException):
    """The answer is larger than the call allows."""

    def __init__(self, most: int) -> None:
        super().__init__(f"more than {most:,} bytes")
        self.most = most


class TooSlow(TimeoutError):  # noqa: N818 - one of two with TooLarge
    """The call exceeded its total time, although bytes kept arriving."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"not complete after {seconds:g} s")
        self.seconds = seconds


class BadFraming(RequestException):
    """The answer's `Content-Length`, or a chunk's size, is not a number, so the end of the answer is unknown.

    Source: https://www.rfc-editor.org/rfc/rfc9112#section-6.3
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """The limits of one attempt."""

    seconds: float = 120.0
    """From connecting to the last byte."""
    most_bytes: int = ANSWER_BYTES
    """Limit of the decoded body."""
    cut: bool = False
    """Whether to cut a larger body at the limit, instead of failing."""


class _Here(threading.local):
    limits: Limits | None = None
    attempt: _Attempt | None = None


_here = _Here()
"""The limits of this thread's calls, and the current attempt."""


@dataclass(slots=True)
class _Attempt:
    """The time and bytes that one attempt has left; its socket counts them."""

    limits: Limits
    deadline: Deadline = field(init=False)
    bytes_left: int = _AHEAD
    """Bytes that may arrive before the next part of the body."""

    def __post_init__(self) -> None:
        self.deadline = Deadline.after(Clock(), self.limits.seconds)

    def wait(self, usual: float | None) -> float:
        """Return how long the next read may wait; raise TooSlow when no time is left."""
        left = self.deadline.left()
        if not left:
            raise TooSlow(self.limits.seconds)
        return left if usual is None else min(left, usual)

    def count(self, received: int) -> None:
        """Count bytes as they arrive; raise TooLarge when there are too many."""
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
    """Apply limits to all further reads from a connection that is used without a client."""
    if isinstance(connection, _OfACall):
        connection.attempt = _Attempt(limits)


def limited(send: Callable[[], requests.Response]) -> requests.Response:
    """Return the response to one attempt; its body is limited too.

    Raises:
        RequestException: including TooLarge and BadFraming; TooSlow is its cause when the time was exceeded.
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
        _confirm_in_time(raw, attempt)
        attempt.bytes_left = _AHEAD
        if len(piece) > left:
            raw.close()
            if not attempt.limits.cut:
                raise TooLarge(attempt.limits.most_bytes)
            yield piece[:left]
            return
        left -= len(piece)
        yield piece


def _confirm_in_time(raw: Any, attempt: _Attempt) -> None:  # noqa: ANN401 - urllib3's own
    try:
        attempt.wait(None)
    except TooSlow as error:
        raw.close()
        # Clients expect errors of requests here: no socket is being read, whose timeout urllib3 would convert.
        raise ReadTimeout(error) from error


def _sized(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the parts of a body; urllib3 accepts a negative chunk size, and then fails to read that many bytes."""
    try:
        yield from pieces
    except ValueError as error:
        raise BadFraming(f"the size of a chunk is not valid ({error})") from error


def _confirm_length(response: requests.Response) -> None:
    told = response.headers.get("Content-Length", "")
    if "Transfer-Encoding" in response.headers:
        response.headers.pop("Content-Length", None)
    elif told and not (told.isascii() and told.isdigit() and len(told) <= _LONGEST_LENGTH):
        response.close()
        raise BadFraming(f"its Content-Length is '{told[:_LONGEST_LENGTH]}'")


class _OfACall(socket.socket):
    """A socket that knows the call it serves: the last one that set its timeout, which urllib3 does for every call."""

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
    """The socket class of a TLS context (`sslsocket_class`)."""


class _Options(list[Any]):
    """Socket options that check the time limit: urllib3 reads them for each address of a host, just before using it."""

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
"""Connection pools with these sockets, by scheme."""
