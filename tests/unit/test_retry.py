"""The one formula for waits, and what a server may ask for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.clock import Clock, Timeouts
from pytask.network.retry import REPEATED, REPEATED_ON_A_MACHINE, Retries, asked_wait, http_date, poll_wait, retry_wait

NOW = datetime(2026, 11, 27, 12, 0, 0, tzinfo=timezone.utc)
PRODUCT = Path(__file__).parents[2] / "pytask"


@dataclass(frozen=True)
class StillClock(Clock):
    """A clock that a test moves."""

    passed: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        """Return the seconds that were let pass."""
        return sum(self.passed)


def asked(value: str) -> float | None:
    return asked_wait({"Retry-After": value}, NOW)


def retries(chance: float = 0.0, **timeouts: float) -> tuple[Retries, StillClock]:
    clock = StillClock()
    return Retries.begin(clock, Timeouts(**timeouts), lambda: chance), clock  # type: ignore[arg-type] # of either kind


def test_a_date_is_by_the_servers_clock_however_wrong_ours_is() -> None:
    told = {"Date": "Fri, 27 Nov 2026 10:00:00 GMT", "Retry-After": "Fri, 27 Nov 2026 10:00:09 GMT"}
    assert asked_wait(told, datetime(2026, 11, 27, 11, tzinfo=timezone.utc)) == 9
    assert asked_wait({**told, "Date": "soon"}, datetime(2026, 11, 27, 10, tzinfo=timezone.utc)) == 9


def test_each_wait_is_twice_the_one_before_up_to_the_longest() -> None:
    waits = [retry_wait(Timeouts(), attempt) for attempt in range(1, 8)]
    assert waits == [1, 2, 4, 8, 16, 30, 30]


def test_what_the_server_asks_for_is_kept_to() -> None:
    assert retry_wait(Timeouts(), 1, 7.0) == 7
    assert retry_wait(Timeouts(), 1, 240.0) == 240
    assert retry_wait(Timeouts(), 3, 0.0) == 4


def test_chance_lengthens_a_wait_by_a_quarter_at_most() -> None:
    assert retry_wait(Timeouts(), 3, None, 1.0) == 5
    assert retry_wait(Timeouts(), 3, None, 0.5) == 4.5
    assert retry_wait(Timeouts(), 1, 100.0, 1.0) == 125
    assert retry_wait(Timeouts(http_jitter=0), 3, None, 1.0) == 4


@given(st.integers(1, 100), st.none() | st.floats(0, 1e9), st.floats(0, 1))
def test_no_wait_is_shorter_than_it_would_be_without_chance(attempt: int, asked: float | None, chance: float) -> None:
    without = retry_wait(Timeouts(), attempt, asked)
    assert without <= retry_wait(Timeouts(), attempt, asked, chance) <= 1.25 * without


def test_the_retries_of_a_call_outlast_a_minute_without_network() -> None:
    ours, clock = retries()
    attempt = 1
    while (seconds := ours.wait(attempt)) is not None:
        clock.passed.append(seconds)
        attempt += 1
    assert (attempt, clock.monotonic()) == (8, 91)


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_a_wait_that_fits_is_kept_to_and_one_that_does_not_ends_the_call(chance: float) -> None:
    ours, clock = retries(chance)
    assert ours.wait(1, 240.0) == (300 if chance else 240), "chance takes no more than is left"
    assert ours.wait(1, 301.0) is None
    assert ours.too_long(301.0) == "; it asks for a wait of 301 s, but a call is retried for at most 300 s"
    assert ours.too_long(300.0) == ours.too_long(None) == ""
    clock.passed.append(299.5)
    assert ours.wait(2) is None


def test_a_call_may_have_fewer_attempts() -> None:
    ours, _ = retries()
    assert ours.wait(1, attempts=2) == 1
    assert ours.wait(2, attempts=2) is None


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


def test_who_asks_for_ages_is_told_so_in_seconds() -> None:
    ours, _ = retries()
    assert ours.wait(1, asked("9" * 5_000)) is None
    assert "31,536,000 s" in ours.too_long(asked("9" * 5_000))


@pytest.mark.parametrize("status", [200, 400, 403, 404])
def test_a_poll_waits_only_where_the_answer_is_none(status: int) -> None:
    assert poll_wait(Timeouts(), status, {"Retry-After": "7"}, NOW) == 0


def test_a_poll_waits_as_asked_but_not_for_ever() -> None:
    waits = [poll_wait(Timeouts(), 429, {"Retry-After": value}, NOW) for value in ("7", "9999", "", "soon")]
    assert waits == [7, 30, 0, 0]


@given(st.text() | st.from_regex(r"[A-Za-z0-9 ,:+-]*", fullmatch=True))
def test_no_header_is_too_odd(value: str) -> None:
    wait = asked(value)
    assert wait is None or wait >= 0
    assert retry_wait(Timeouts(), 1, wait) > 0


@given(st.datetimes(timezones=st.just(timezone.utc)))
def test_every_time_comes_back_to_the_second(time: datetime) -> None:
    if time.year >= 1970:
        assert http_date(format_datetime(time, usegmt=True)) == time.replace(microsecond=0)


@pytest.mark.parametrize("sign", ["http_first_wait", "http_longest_wait", "Retry-After", "parsedate_to_datetime"])
def test_nothing_else_computes_a_wait(sign: str) -> None:
    places = {path.relative_to(PRODUCT).as_posix() for path in PRODUCT.rglob("*.py") if sign in path.read_text()}
    assert places <= {"network/retry.py", "clock.py"}


def test_the_documents_have_the_policy_as_it_is() -> None:
    page = (PRODUCT.parent / "docs" / "networks.md").read_text(encoding="utf-8")
    rows = dict(line.strip("| ").split(" | ", 1) for line in page.splitlines() if line.startswith("| "))
    now = Timeouts()
    waits = [f"{retry_wait(now, attempt):g}" for attempt in range(1, now.http_attempts)]
    assert rows["Statuses that are retried"] == ", ".join(str(int(status)) for status in sorted(REPEATED))
    of_a_machine = sorted(REPEATED_ON_A_MACHINE - REPEATED)
    assert rows["A managed identity endpoint"] == f"also {' and '.join(str(int(status)) for status in of_a_machine)}"
    assert rows["Attempts"] == f"at most {now.http_attempts}, within {now.http_retries:g} s"
    unreached = rows["Attempts while no host has answered in this run"]
    assert unreached.startswith(f"at most {now.unreached_attempts}:")
    chance = f"each lengthened at random by up to {now.http_jitter:.0%}".replace("%", " %")
    assert rows["Waits between them"] == f"{', '.join(waits)} s, {chance}"
    total = f"at most {now.http_total:g} s from connecting to the last byte"
    assert rows["One attempt"] == f"{total}, and at most {now.http_read:g} s without a byte"
    assert rows["While the app is verified"].startswith(f"{now.poll_attempts} attempts for a poll")


POSTS = {
    "/config/appsettings/list": "reads",
    "/containerlogs": "reads",
    "/listkeys": "reads",
    "/listCredentials": "reads",
    "/syncfunctiontriggers": "has the triggers read again",
    "/restart": "starts the app once more, which the verification waits for as well",
    "/oauth2/exchange": "gives one more token",
    "/getAuthToken": "gives one more token",
    "/importImage": "copies the same image to the same names",
    "blobs/uploads/": "begins one more upload, and the registry forgets those that nobody ends",
    "/listLogSasUrl": "reads",
    "/cancel": "cancels a run of ACR Tasks that is over already",
    "scheduleRun": "builds once more, so the runs that Azure lists are looked at first (`Tasks.schedule`)",
    "/deactivate": "stops a revision of ours that is stopped already",
    "/slotsswap": "undoes the first swap, so it is sent only once (tests/contract/swaps/test_faults_of_a_swap.py)",
}
"""What each POST of the product does when it is done twice. One that does harm then must not be sent again."""


def test_it_is_known_of_every_post_what_it_does_when_it_is_done_twice() -> None:
    texts = [path.read_text(encoding="utf-8") for path in PRODUCT.rglob("*.py")]
    sent = sum(text.count('"POST"') for text in texts) - sum(text.count('method == "POST"') for text in texts)
    assert sent == len(POSTS), "a POST is new, or gone: say in POSTS what it does when it is done twice"
    assert [end for end in POSTS if not any(end in text for text in texts)] == []
