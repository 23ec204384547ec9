"""Reading App Service's log of the app's starts, which also contains the containers' own lines.

A container can print lines that look like the platform's. In the classic form their timestamps differ; in the form of
2025 they do not, so nothing read from it is evidence on its own.
Source: https://learn.microsoft.com/azure/app-service/configure-custom-container#access-diagnostic-logs and the logs in
tests/corpus/platform-logs
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytask.targets.site.platform_log.attempt import Attempt, Failure, FailureKind, PlatformLog
from pytask.targets.site.platform_log.classic import is_unfinished, read_classic
from pytask.targets.site.platform_log.dialect_2025 import read_2025
from pytask.targets.site.platform_log.excerpt import excerpt
from pytask.targets.site.platform_log.lines import Line, Writer, read_lines
from pytask.targets.site.platform_log.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

__all__ = ["Attempt", "Failure", "FailureKind", "PlatformLog", "excerpt", "read_platform_log"]


def read_platform_log(text: str, *, reference: str, since: datetime, site: str = "") -> PlatformLog:
    """Return the attempts to start the app that began at `since` or later.

    `reference` is the deployed image. `site` is the app's name, followed by `/slot` for a slot; attempts of other sites
    are left out.
    """
    reading = Reading(deployed=reference, since=since)
    for line in _whole_commands(read_lines(text), reference):
        _take_in(reading, line)
    drafts = [draft for draft in reading.finish() if draft.began >= since and _is_of(site, draft.site)]
    return PlatformLog(attempts=tuple(draft.attempt() for draft in drafts))


def _whole_commands(lines: Iterator[Line], reference: str) -> Iterator[Line]:
    """Yield the lines, with a `docker run` command of several lines joined."""
    head: Line | None = None
    pieces: list[str] = []
    for line in lines:
        if head and line.writer is Writer.UNKNOWN:
            pieces.append(line.text)
            continue
        if head:
            yield replace(head, text=" ".join(pieces))
        head, pieces = (line, [line.text]) if is_unfinished(line, reference) else (None, [])
        if head is None:
            yield line
    if head:
        yield replace(head, text=" ".join(pieces))


def _take_in(reading: Reading, line: Line) -> None:
    if line.writer is Writer.CLASSIC:
        reading.state(line, read_classic(line, reading.deployed))
        return
    statement = read_2025(line.text) if line.writer is Writer.OF_2025 else None
    if statement:
        reading.state(line, statement)
    else:
        reading.output(line.text)


def _is_of(wanted: str, site: str) -> bool:
    """Tell whether a site named in the log may be the wanted one; the log has a mark for a slot, not its name."""
    app, slash, _ = wanted.casefold().partition("/")
    if not wanted or not site or not app:
        return True
    return site.casefold().startswith(f"{app}_") if slash else site.casefold() == app
