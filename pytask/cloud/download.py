"""Downloading a body too large for memory in chunks, resuming where it broke off."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError

from pytask.network.retry import retry_wait

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from azure.core.rest import HttpResponse

    from pytask.cloud.http import HttpClient


def pieces(http: HttpClient, ask: Callable[[int], HttpResponse]) -> Generator[bytes, None, None]:
    """Yield a body in chunks; `ask` returns an open response with the body from a byte offset on.

    Raises:
        NetworkFailure: when it broke off as often as a call may be retried.
    """
    received = 0
    for attempt in count(1):
        answer = ask(received)
        try:
            for piece in answer.iter_bytes():
                received += len(piece)
                yield piece
        except AzureError as error:
            _wait(http, answer, error, attempt)
        else:
            return
        finally:
            answer.close()


def _wait(http: HttpClient, answer: HttpResponse, error: AzureError, attempt: int) -> None:
    """Wait before the next attempt, or raise the failure when this was the last one."""
    host = urlsplit(answer.request.url).hostname or "the registry"
    failure = http.failure(error, answer.request.url)
    if failure.final or attempt == http.timeouts.http_attempts:
        raise failure
    seconds = retry_wait(http.timeouts, attempt)
    http.say(f"the connection to {host} was interrupted; resuming in {seconds:.0f} s")
    http.clock.sleep(seconds)
