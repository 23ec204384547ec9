"""What App Service itself wrote about the app's starts; the containers' own lines are in the same text.

A container can print lines that look like the platform's. In the classic form they are told apart by their stamps; in
that of 2025 they cannot be, so that nothing here is a proof by itself there.
Source: https://learn.microsoft.com/azure/app-service/configure-custom-container#access-diagnostic-logs and the logs in
tests/corpus/platform-logs
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.targets.site.platform_log.attempt import Attempt, Failure, FailureKind, PlatformLog
from pytask.targets.site.platform_log.classic import read_classic
from pytask.targets.site.platform_log.dialect_2025 import read_2025
from pytask.targets.site.platform_log.lines import Line, Writer, read_lines
from pytask.targets.site.platform_log.reading import Reading

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["Attempt", "Failure", "FailureKind", "PlatformLog", "read_platform_log"]


def read_platform_log(text: str, *, reference: str, since: datetime, site: str = "") -> PlatformLog:
    """Return the attempts to start the app that began at `since` or later.

    `reference` is the image that was deployed. `site` is the app's name, with `/slot` behind for a slot; attempts that
    the log gives to another one are left out.
    """
    reading = Reading(deployed=reference, since=since)
    for line in read_lines(text):
        _take_in(reading, line)
    drafts = [draft for draft in reading.finish() if draft.began >= since and _is_of(site, draft.site)]
    return PlatformLog(attempts=tuple(draft.attempt() for draft in drafts))


def _take_in(reading: Reading, line: Line) -> None:
    if line.writer is Writer.CLASSIC:
        reading.state(line, read_classic(line))
        return
    statement = read_2025(line.text) if line.writer is Writer.OF_2025 else None
    if statement:
        reading.state(line, statement)
    else:
        reading.output(line.text)


def _is_of(wanted: str, site: str) -> bool:
    """Return whether a site, as the log names it, may be the wanted one; a slot has a mark there, not its name."""
    app, slash, _ = wanted.casefold().partition("/")
    if not wanted or not site or not app:
        return True
    return site.casefold().startswith(f"{app}_") if slash else site.casefold() == app
