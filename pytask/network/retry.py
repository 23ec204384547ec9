"""How long to wait before something is tried again: the one formula, and what a server asks for.

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
    """Return the seconds to wait after an attempt, counted from 1, that did not succeed.

    What the server `asked` for counts where it asked; otherwise each wait is twice the one before. None is longer than
    the longest.
    """
    return min(timeouts.http_longest_wait, asked or timeouts.http_first_wait * 2 ** (attempt - 1))


def asked_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds, never less than 0, that an answer asks to wait; None when it does not ask, or unreadably.

    It asks for a number of seconds or names a time: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    value = headers.get("Retry-After", "").strip()
    # Without isascii() a ² is a digit as well, and no number.
    if value.isascii() and value.isdigit():
        return float(value)
    until = http_date(value)
    return None if until is None else max(0.0, (until - now).total_seconds())


def http_date(value: str) -> datetime | None:
    """Return the time that a header names, in UTC where it names no zone; None where it names none.

    Source: https://www.rfc-editor.org/rfc/rfc9110#http.date
    """
    try:
        time = parsedate_to_datetime(value)
    except (IndexError, OverflowError, TypeError, ValueError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)
