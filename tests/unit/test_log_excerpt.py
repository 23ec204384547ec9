"""A log too large for memory is told the same as without what the container printed."""

from __future__ import annotations

import re
import tracemalloc
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.targets.site.platform_log import excerpt, read_platform_log
from pytask.targets.site.platform_log.dialect_2025 import OPENINGS, read_2025
from pytask.targets.site.platform_log.lines import read_lines
from tests.platform_lines import classic, classic_start, of_2025, start_of_2025
from tests.scripted import REFERENCE
from tests.unit.growth import grows_linearly, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytask.targets.site.platform_log import PlatformLog

CORPUS = Path(__file__).parents[1] / "corpus" / "platform-logs"
LARGE = 2_600_000
MOST = 4_300_000
CHATTER = {
    "nine digits": "2026-11-27T12:00:02.123456789Z info: the app says the same again and again\n",
    "seven digits": "2026-11-27T12:00:02.1234567Z info: the app says the same again and again\n",
    "no time": "   at Microsoft.Azure.WebJobs.Script.Something(Object one, Object two)\n",
    "one letter": "x\n",
}
EXITS = classic(9, "Container shop_1_0a1b2c3d for site shop has exited, failing site start", "ERROR")
LOGS = {
    "classic": classic_start(),
    "classic, exited": classic_start(ready=None) + EXITS,
    "2025": start_of_2025(),
    "2025, exited": start_of_2025(ready=None) + of_2025(9, "Container has finished running with exit code: 1."),
    "a variable with line breaks": classic(1, "docker run -d --name shop_1_0a1b2c3d -e A=one").rstrip()
    + f"\ntwo\nthree -e B=four {REFERENCE}\n"
    + classic(3, "Container shop_1_0a1b2c3d for site shop initialized successfully and is ready to serve requests."),
}


def told(text: str) -> PlatformLog:
    return read_platform_log(text, reference=REFERENCE, since=datetime(2020, 1, 1, tzinfo=timezone.utc), site="shop")


def without_output(log: PlatformLog) -> PlatformLog:
    return replace(log, attempts=tuple(replace(attempt, output=()) for attempt in log.attempts))


def pieces(text: str, size: int = 100_000) -> Iterator[bytes]:
    whole = text.encode()
    return (whole[at : at + size] for at in range(0, len(whole), size))


@given(st.binary(max_size=300), st.integers(min_value=1, max_value=40))
def test_a_log_that_fits_is_kept_as_it_is_however_it_was_cut(text: bytes, size: int) -> None:
    assert excerpt(text[at : at + size] for at in range(0, len(text), size)) == text.decode(errors="replace")


@pytest.mark.parametrize("chatter", CHATTER)
@pytest.mark.parametrize("log", LOGS)
def test_a_log_of_many_megabytes_tells_of_the_same_starts(log: str, chatter: str) -> None:
    lines = LOGS[log].splitlines(keepends=True)
    noise = CHATTER[chatter] * (LARGE // len(CHATTER[chatter]) // 2 + 1)
    large = "".join([noise, *lines[:-1], noise, lines[-1]])
    kept = excerpt(pieces(large))
    assert len(kept) < 100_000
    assert without_output(told(kept)) == without_output(told(LOGS[log]))
    assert told(kept).attempts


def test_the_last_lines_of_a_container_that_exits_are_kept() -> None:
    noise = CHATTER["nine digits"] * (LARGE // 60)
    last = "2026-11-27T12:00:08.123456789Z ModuleNotFoundError: No module named 'requests'\n"
    kept = excerpt(pieces(classic_start(ready=None) + noise + last + EXITS))
    assert "ModuleNotFoundError" in told(kept).attempts[-1].output[-1]


def test_a_log_takes_no_more_memory_than_what_is_kept_of_it() -> None:
    piece = (CHATTER["nine digits"] * 1_500).encode()
    tracemalloc.start()
    excerpt(piece for _ in range(200))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10_000_000


def test_a_row_without_an_end_is_cut() -> None:
    kept = excerpt(b"x" * 100_000 for _ in range(200))
    assert 0 < len(kept) < 100_000
    assert told(excerpt([b"x" * LARGE, b"\n", *pieces(LOGS["classic"])])).attempts == told(LOGS["classic"]).attempts


def test_of_a_log_full_of_the_platforms_own_lines_the_newest_are_kept() -> None:
    starts = of_2025(0, "Container start method called.") * (2 * LARGE // 60)
    kept = excerpt(pieces(starts + LOGS["2025"]))
    assert len(kept) < MOST
    assert told(kept).attempts[-1].ready_at == told(LOGS["2025"]).attempts[-1].ready_at


def test_every_statement_of_2025_begins_as_the_excerpt_expects() -> None:
    opening = re.compile("|".join(OPENINGS))
    told = [line.text for log in CORPUS.glob("*/log.txt") for line in read_lines(log.read_text(errors="replace"))]
    statements = {text for text in told if read_2025(text)}
    assert len(statements) > 50
    assert [text for text in statements if not opening.match(text)] == []


ROWS = {
    "classic": classic(1, "Pull Image successful, Time taken: 12 Seconds"),
    "2025": of_2025(1, "Container start method called."),
    "almost 2025": of_2025(1, "Container of mine is called."),
    "JSON": '{"machineName":"x","timestamp":"2023-09-28T12:27:33.104Z","level":"INFO","message":"Starting"}\n',
}


@pytest.mark.parametrize("row", ROWS)
def test_rows_that_read_like_the_platforms_cost_little_of_the_processor(row: str) -> None:
    text = ROWS[row] * 60_000
    # A look at each row took a hundred times as long as splitting them.
    most = 50 * max(0.005, min(seconds(lambda _: text.encode().decode().split("\n"), 1) for _ in range(3)))
    assert any(seconds(lambda _: excerpt(pieces(text)), 1) < most for _ in range(5))


def test_ten_times_as_many_rows_that_read_like_the_platforms_take_ten_times_as_long() -> None:
    assert grows_linearly(lambda size: excerpt(pieces(ROWS["2025"] * size)), small=40_000)


def test_a_row_that_is_cut_says_so_as_half_a_secret_may_stand_there() -> None:
    row = classic(1, "x" * 70_000 + " the end")
    kept = excerpt([*pieces(CHATTER["one letter"] * LARGE), *pieces(row), *pieces("y" * 80_000)])
    assert [line[-1] for line in kept.splitlines() if len(line) > 60_000] == ["…", "…"]
