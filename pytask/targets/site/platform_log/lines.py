"""Splitting the log into lines: who wrote each, when, and what it says.

The platform has used four forms, of which the first two are current:

- classic: `2023-09-28T12:27:33.104Z INFO  - text`, always with three fractional digits;
- 2025: `2025-04-25T15:46:48.7803712Z text`, with one to seven digits, because .NET drops trailing zeros;
- until 2020: `2020-04-21 18:23:15.764 INFO  - text`;
- the portal's log stream of 2022: the classic line as a JSON object.

The container's lines are in between: with nine fractional digits in the classic forms, with the same timestamp in the
form of 2025, or without any.
Source: https://learn.microsoft.com/azure/app-service/configure-custom-container#access-diagnostic-logs
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING

from pytask.decode import decode, text_at

if TYPE_CHECKING:
    from collections.abc import Iterator

# Anchored, with parts of limited length, so that foreign text cannot cause backtracking.
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)([T ])(\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z?)(?: |$)", re.ASCII)
_LEVEL = re.compile(r"(?:INFO|WARN|WARNING|ERROR|DEBUG|CRITICAL) {1,3}-(?: |$)")
_SEVERITY = re.compile(r"(?:Informational|Warning|Error|Critical) {1,16}")
_CLASSIC_FRACTIONS = frozenset({0, 3})
_MOST_OF_2025 = 7


class Writer(Enum):
    """Who wrote a line, judged by its form."""

    CLASSIC = "the platform, in a form with a level"
    OF_2025 = "the platform or the container, in the form of 2025"
    CONTAINER = "the container"
    UNKNOWN = "no form: the container, or more of the line before"


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of the log."""

    at: datetime
    writer: Writer
    text: str
    """Without timestamp and level."""
    error: bool = False
    """Whether its level is ERROR."""


def read_lines(text: str) -> Iterator[Line]:
    """Yield the log's lines in the order of their timestamps; lines without one stay after their predecessor.

    Lines before the first timestamp are dropped. So are exact duplicates, because the log stream repeats the end of the
    log when it begins.
    """
    blocks: list[list[Line]] = []
    seen: set[str] = set()
    # Split only at line feeds: a container could use other line ends to fake the platform's lines.
    for row in (part.removesuffix("\r") for part in text.removeprefix("\ufeff").split("\n")):
        line = None if row in seen else stamped(row)
        if line:
            blocks.append([line])
            seen.add(row)
        elif blocks and row not in seen:
            blocks[-1].append(Line(at=blocks[-1][0].at, writer=Writer.UNKNOWN, text=row))
    return (line for block in _in_order(blocks) for line in block)


def _in_order(blocks: list[list[Line]]) -> list[list[Line]]:
    """Return blocks of a timestamped line and its followers, oldest first; a log may be exported newest first."""
    stamps = [block[0].at for block in blocks]
    falling = sum(later < earlier for earlier, later in pairwise(stamps))
    rising = sum(later > earlier for earlier, later in pairwise(stamps))
    return sorted(blocks[::-1] if falling > rising else blocks, key=lambda block: block[0].at)


def stamped(row: str) -> Line | None:
    """Return the line in a row that begins with a timestamp; None for any other row."""
    if row.startswith("{"):
        return _json_line(row)
    found = _STAMP.match(row)
    at = _time(found) if found else None
    if not found or at is None:
        return None
    return _by_form(row[found.end() :], at, len(found.group(4) or ""), dated=found.group(2) + found.group(5))


def _by_form(rest: str, at: datetime, digits: int, *, dated: str) -> Line | None:
    """Return the line after a timestamp; `dated` is the separator of date and time, with the zone."""
    level = _LEVEL.match(rest) if digits in _CLASSIC_FRACTIONS else None
    if level and dated in {"TZ", " "}:
        text, error = rest[level.end() :].strip(), level.group().startswith(("ERROR", "CRIT"))
        return Line(at=at, writer=Writer.CLASSIC, text=text, error=error)
    if dated != "TZ":
        return None
    if digits == 0:
        return Line(at=at, writer=Writer.OF_2025, text=_shortened(rest))
    return Line(at=at, writer=Writer.OF_2025 if digits <= _MOST_OF_2025 else Writer.CONTAINER, text=rest)


def _shortened(rest: str) -> str:
    """Return the text after a timestamp of whole seconds, from a query's rows, without their severity."""
    text = rest.lstrip()
    severity = _SEVERITY.match(text)
    return text[severity.end() :] if severity else text


def _time(found: re.Match[str]) -> datetime | None:
    """Return a timestamp's time in UTC; None when there is no such time."""
    day, _, clock, fraction, _ = found.groups()
    micros = int((fraction or "0").ljust(6, "0")[:6])
    try:
        # By hand: `strptime` would take longer than everything else here.
        year, month, date = map(int, day.split("-"))
        hour, minute, second = map(int, clock.split(":"))
        return datetime(year, month, date, hour, minute, second, micros, tzinfo=timezone.utc)
    except ValueError:
        return None


def _json_line(row: str) -> Line | None:
    """Return a JSON line of the log stream; None when it is not one, because a container may print JSON too."""
    if '"machineName"' not in row:
        return None
    told = decode(row)
    stamp, level, message = (text_at(told, name) for name in ("timestamp", "level", "message"))
    if not (stamp and level):
        return None
    line = stamped(f"{stamp} {level} - {message}")
    return line if line and line.writer is Writer.CLASSIC else None
