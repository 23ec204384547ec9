"""How long to wait before a retry: the one formula, and the server's own request.

Source: https://learn.microsoft.com/azure/architecture/best-practices/retry-service-specific
"""

from __future__ import annotations

from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.clock import Timeouts


def retry_wait(timeouts: Timeouts, attempt: int, asked: float | None = None) -> float:
    """Return the seconds to wait after a failed attempt, counted from 1.

    A wait that the server `asked` for takes precedence; otherwise each wait doubles. No wait exceeds the maximum.
    """
    return min(timeouts.http_longest_wait, asked or timeouts.http_first_wait * 2 ** (attempt - 1))


def asked_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that an answer asks to wait, at least 0; None when it does not ask or cannot be read.

    The header has a number of seconds or a date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    value = headers.get("Retry-After", "").strip()
    # Without isascii(), ² counts as a digit, but int() refuses it.
    if value.isascii() and value.isdigit():
        return float(value)
    until = http_date(value)
    return None if until is None else max(0.0, (until - now).total_seconds())


def http_date(value: str) -> datetime | None:
    """Return the time in a header, taken as UTC when it has no zone; None when there is none.

    Source: https://www.rfc-editor.org/rfc/rfc9110#http.date
    """
    try:
        time = parsedate_to_datetime(value)
    except (IndexError, OverflowError, TypeError, ValueError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)
