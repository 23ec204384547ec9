"""Downloading a body too large for memory in chunks, resuming where it broke off."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError

from pytask.network.retry import Retries

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from azure.core.rest import HttpResponse

    from pytask.cloud.http import HttpClient

_PROGRESS = 1 << 20
"""Bytes that show that a connection works."""


def pieces(http: HttpClient, ask: Callable[[int], HttpResponse]) -> Generator[bytes, None, None]:
    """Yield a body in chunks; `ask` returns an open response with the body from a byte offset on.

    Retries are counted from where the body last went on.

    Raises:
        NetworkFailure: when it broke off as often as a call may be retried.
    """
    received, attempt, began_at = 0, 0, 0
    retries = Retries.begin(http.clock, http.timeouts, http.chance)
    while True:
        answer, attempt = ask(received), attempt + 1
        try:
            for piece in answer.iter_bytes():
                received += len(piece)
                yield piece
        except AzureError as error:
            if received - began_at >= _PROGRESS:
                retries, attempt, began_at = Retries.begin(http.clock, http.timeouts, http.chance), 1, received
            _wait(http, answer, error, retries.wait(attempt))
        else:
            return
        finally:
            answer.close()


def _wait(http: HttpClient, answer: HttpResponse, error: AzureError, seconds: float | None) -> None:
    """Wait before the next attempt, or raise the failure when this was the last one."""
    host = urlsplit(answer.request.url).hostname or "the registry"
    failure = http.failure(error, answer.request.url)
    if seconds is None or http.is_final(failure):
        raise failure
    http.say(f"the connection to {host} was interrupted; resuming in {seconds:.0f} s")
    http.clock.sleep(seconds)
