"""Where the time of a run went, as text bars."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytask.journal import StageEnded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytask.journal import Journal
    from pytask.report.markdown import Words

_WIDTH = 24
"""Characters of the longest bar: with the longest title, a line fits a page of 757 pixels."""
_LONGEST_TITLE = 32
_OF_THE_RUN = re.compile(r"(?:Build|Push|Import) image|\w+ \d+ more apps?")
"""The stages that are not those of one app."""
_MINUTE = 60


def time_bars(journal: Journal, show: Words, *, of_the_run: bool = False) -> str:
    """Return a line with a bar for each stage, as a code block; empty when no stage has ended.

    With `of_the_run` the stages of a single app are left out.
    """
    stages = [one for one in journal.all(StageEnded) if not of_the_run or _OF_THE_RUN.fullmatch(one.title)]
    if not stages:
        return ""
    titles = [_short(show.redact(one.title)) for one in stages]
    wide, most = max(map(len, titles)), max(one.seconds for one in stages)
    lengths = [duration(one.seconds) for one in stages]
    lines = [
        f"{title:<{wide}}  {length:>{max(map(len, lengths))}}  {bar(one.seconds, most)}".rstrip()
        for title, length, one in zip(titles, lengths, stages, strict=True)
    ]
    return show.block("\n".join(lines))


def seconds_of(journal: Journal) -> float:
    """Return the seconds that the stages of one app took, whose part of the journal this is."""
    return sum(one.seconds for one in journal.all(StageEnded) if not _OF_THE_RUN.fullmatch(one.title))


def bars_of(seconds: Sequence[float], width: int) -> tuple[str, ...]:
    """Return a bar for each of several times, the longest of `width` characters."""
    most = max(seconds, default=0.0)
    return tuple(bar(one, most, width) for one in seconds)


def bar(seconds: float, most: float, width: int = _WIDTH) -> str:
    """Return a bar whose length shows a time as part of the longest one; anything that took time has at least one."""
    if seconds <= 0 or most <= 0:
        return ""
    return "█" * max(1, round(width * seconds / most))


def duration(seconds: float) -> str:
    """Return a time for people, such as `41.2 s` or `2 min 5 s`."""
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    return f"{minutes} min {rest} s"


def _short(title: str) -> str:
    flat = " ".join(title.split())
    return flat if len(flat) <= _LONGEST_TITLE else f"{flat[: _LONGEST_TITLE - 1]}…"
