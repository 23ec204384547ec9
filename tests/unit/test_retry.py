"""The one formula for waits, and what a server may ask for."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.clock import Timeouts
from pytask.network.retry import asked_wait, http_date, retry_wait

NOW = datetime(2026, 11, 27, 12, 0, 0, tzinfo=timezone.utc)
PRODUCT = Path(__file__).parents[2] / "pytask"


def asked(value: str) -> float | None:
    return asked_wait({"Retry-After": value}, NOW)


def test_each_wait_is_twice_the_one_before_up_to_the_longest() -> None:
    waits = [retry_wait(Timeouts(), attempt) for attempt in range(1, 8)]
    assert waits == [1, 2, 4, 8, 16, 30, 30]


def test_what_the_server_asks_for_counts_up_to_the_longest() -> None:
    assert retry_wait(Timeouts(), 1, 7.0) == 7
    assert retry_wait(Timeouts(), 1, 86_400.0) == 30
    assert retry_wait(Timeouts(), 3, 0.0) == 4


def test_a_number_of_seconds_or_a_time_is_understood() -> None:
    assert asked("120") == 120
    assert asked(" 5 ") == 5
    assert asked(format_datetime(NOW + timedelta(seconds=90), usegmt=True)) == 90
    assert asked("Fri, 27 Nov 2026 12:00:30 -0000") == 30
    assert asked("Fri, 27 Nov 2026 11:00:00 GMT") == 0


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", "²", "٣", "-5", "1.5", "soon", "NaN", "1e18", ",", "0 0 0 0 0", "Fri, 99 Nov 2026 99:00:00 GMT"),
        *("Fri, 27 Nov 99999999999999999999 12:00:00 GMT", "Fri, 27 Nov 2026 12:00:00 +999999999"),
    ],
)
def test_what_is_no_wait_is_as_if_nobody_had_asked(value: str) -> None:
    assert asked(value) is None


def test_who_asks_for_ages_gets_the_longest_wait() -> None:
    assert retry_wait(Timeouts(), 1, asked("9" * 5_000)) == 30


@given(st.text() | st.from_regex(r"[A-Za-z0-9 ,:+-]*", fullmatch=True))
def test_no_header_is_too_odd(value: str) -> None:
    wait = asked(value)
    assert wait is None or wait >= 0
    assert 0 < retry_wait(Timeouts(), 1, wait) <= 30


@given(st.datetimes(timezones=st.just(timezone.utc)))
def test_every_time_comes_back_to_the_second(time: datetime) -> None:
    if time.year >= 1970:
        assert http_date(format_datetime(time, usegmt=True)) == time.replace(microsecond=0)


@pytest.mark.parametrize("sign", ["http_first_wait", "http_longest_wait", "Retry-After", "parsedate_to_datetime"])
def test_nothing_else_computes_a_wait(sign: str) -> None:
    places = {path.relative_to(PRODUCT).as_posix() for path in PRODUCT.rglob("*.py") if sign in path.read_text()}
    assert places <= {"network/retry.py", "clock.py"}
