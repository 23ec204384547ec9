"""When a call is sent again: one policy and one formula for every host, which honor the server's own request.

Source: https://learn.microsoft.com/azure/architecture/best-practices/retry-service-specific
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from pytask.clock import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.clock import Clock, Timeouts

REFUSED_BEFORE_WORK = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
"""Statuses that mean that nothing was carried out. https://www.rfc-editor.org/rfc/rfc9110#section-15.5.9"""
REPEATED = REFUSED_BEFORE_WORK | {
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
    HTTPStatus.INSUFFICIENT_STORAGE,
}
"""Statuses that are retried; 409 is too, if Azure says that another operation is in progress."""
REPEATED_ON_A_MACHINE = REPEATED | {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
"""A managed identity endpoint also returns these while it is being updated.
https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling"""


_AGES = 365 * 86_400.0
"""Seconds; longer waits are read as this."""


@dataclass(frozen=True, slots=True)
class Retries:
    """The retries of one call, under one deadline."""

    timeouts: Timeouts
    deadline: Deadline
    chance: Callable[[], float] = random.random

    @classmethod
    def begin(cls, clock: Clock, timeouts: Timeouts, chance: Callable[[], float] = random.random) -> Retries:
        """Return the retries of a call that begins now; `chance` returns a number from 0 to 1."""
        return cls(timeouts, Deadline.after(clock, timeouts.http_retries), chance)

    def wait(self, attempt: int, asked: float | None = None, *, attempts: int | None = None) -> float | None:
        """Return the seconds to wait after a failed attempt, counted from 1; None when it was the last one.

        It was the last one after `attempts` (by default, the limit in the timeouts), or when the wait would exceed the
        deadline.
        """
        last = attempt >= min(self.timeouts.http_attempts, attempts or self.timeouts.http_attempts)
        seconds, left = retry_wait(self.timeouts, attempt, asked, self.chance()), self.deadline.left()
        return None if last or min(seconds, asked or seconds) > left else min(seconds, left)

    def too_long(self, asked: float | None) -> str:
        """Return the end of a message about a server that asks for more time than is left; empty when it does not."""
        if not asked or asked <= self.deadline.left():
            return ""
        most = self.timeouts.http_retries
        return f"; it asks for a wait of {asked:,.0f} s, but a call is retried for at most {most:,.0f} s"


def retry_wait(timeouts: Timeouts, attempt: int, asked: float | None = None, chance: float = 0.0) -> float:
    """Return the seconds to wait after a failed attempt, counted from 1.

    A wait that the server `asked` for is used in full; otherwise each wait doubles, up to the longest. Both are
    lengthened in proportion to `chance`, from 0 to 1.
    """
    usual = min(timeouts.http_longest_wait, timeouts.http_first_wait * 2 ** (attempt - 1))
    return (asked or usual) * (1 + timeouts.http_jitter * chance)


def poll_wait(timeouts: Timeouts, status: int, headers: Mapping[str, str], now: datetime) -> float:
    """Return the seconds to wait before the next poll, as an answer asks, up to the longest usual wait."""
    asked = asked_wait(headers, now) if status in REPEATED else None
    return min(timeouts.http_longest_wait, asked or 0.0)


def asked_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that an answer asks to wait, at least 0; None when it does not ask, or not in a valid form.

    The header has a number of seconds or a date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after A date is
    compared with the answer's own `Date`, the server's clock, or with `now` if there is none.
    """
    value = headers.get("Retry-After", "").strip()
    # Without isascii(), ² counts as a digit, but float() refuses it.
    if value.isascii() and value.isdigit():
        return min(_AGES, float(value))
    until = http_date(value)
    its_now = http_date(headers.get("Date", "")) or now
    return None if until is None else min(_AGES, max(0.0, (until - its_now).total_seconds()))


def http_date(value: str) -> datetime | None:
    """Return the time in a header, taken as UTC when it has no zone; None when there is none.

    Source: https://www.rfc-editor.org/rfc/rfc9110#http.date
    """
    try:
        time = parsedate_to_datetime(value)
    except (IndexError, OverflowError, TypeError, ValueError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)
