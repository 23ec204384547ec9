"""The summary shows where the time went."""

from __future__ import annotations

import pytest

from pytask.journal import Journal, StageEnded
from pytask.report.markdown import Words
from pytask.report.times import bar, bars_of, duration, seconds_of, time_bars

SHOW = Words(str)


def a_journal(*stages: tuple[str, float]) -> Journal:
    journal = Journal(lambda _: None)
    for title, seconds in stages:
        journal.add(StageEnded(title=title, seconds=seconds))
    return journal


def test_each_stage_has_a_bar_as_long_as_its_part_of_the_longest() -> None:
    told = time_bars(
        a_journal(("Build image", 48.0), ("Push image", 12.0), ("Update hello", 0.1), ("Verify", 24.0)), SHOW
    )
    assert told.splitlines()[1:-1] == [
        f"Build image   48.0 s  {'█' * 24}",
        f"Push image    12.0 s  {'█' * 6}",
        "Update hello   0.1 s  █",
        f"Verify        24.0 s  {'█' * 12}",
    ]


def test_a_run_without_a_stage_has_no_bars() -> None:
    assert time_bars(a_journal(), SHOW) == ""


def test_with_several_apps_only_what_is_done_once_has_a_line_of_its_own() -> None:
    journal = a_journal(("Build image", 4.0), ("Update hello", 1.0), ("Verify", 2.0), ("Update 3 more apps", 5.0))
    told = time_bars(journal, SHOW, of_the_run=True)
    assert [line.split("  ")[0] for line in told.splitlines()[1:-1]] == ["Build image", "Update 3 more apps"]
    assert seconds_of(journal) == 3.0


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.04, "0.0 s"), (41.23, "41.2 s"), (59.94, "59.9 s"), (60.0, "1 min 0 s"), (125.4, "2 min 5 s")],
)
def test_a_time_is_told_as_people_tell_it(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_no_time_has_no_bar_and_a_little_time_has_one() -> None:
    assert bar(0.0, 10.0) == bar(0.0, 0.0) == ""
    assert bars_of([0.001, 100.0, 0.0], 10) == ("█", "█" * 10, "")
    assert bars_of([], 10) == ()


def test_a_title_can_neither_end_the_block_nor_show_a_secret_nor_push_the_bars_off_the_page() -> None:
    told = time_bars(a_journal(("Update ```\n# heading " + "x" * 90, 1.0)), Words(lambda text: text.replace("x", "y")))
    first, line, last = told.splitlines()
    assert first == "````text"
    assert last == "````"
    assert "x" not in line
    assert len(line) < 70
