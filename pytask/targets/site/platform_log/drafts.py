"""The attempts found so far, and which of them a line may be of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from pytask.targets.site.platform_log.draft import Draft
from pytask.targets.site.platform_log.names import plain_site

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.targets.site.platform_log.lines import Line
    from pytask.targets.site.platform_log.statement import Statement

# Lines that name no container belong to one of the last few attempts; looking no further keeps this linear.
_REACH = 8
_LONGEST_CALL = 86400.0


@dataclass(kw_only=True, slots=True)
class Drafts:
    """The attempts in the order in which they were found."""

    all: list[Draft] = field(default_factory=list)
    by_container: dict[str, Draft] = field(default_factory=dict)

    def open(self, line: Line) -> Draft:
        """Begin an attempt with a line and return it."""
        self.all.append(Draft(began=line.at, writer=line.writer))
        return self.all[-1]

    def latest(self, line: Line, wanted: Callable[[Draft], bool]) -> Draft | None:
        """Return the latest attempt of the line's form that is as wanted; None where there is none."""
        near = reversed(self.all[-_REACH:])
        return next((one for one in near if one.writer is line.writer and wanted(one)), None)

    def called(self, line: Line, statement: Statement, wanted: Callable[[Draft], bool]) -> Draft | None:
        """Return the attempt whose container was called for as long as a line tells; without that the latest."""
        near = [one for one in self.all[-_REACH:] if one.writer is line.writer and wanted(one)]
        if statement.seconds is None or not near:
            return near[-1] if near else None
        since = line.at - timedelta(seconds=min(statement.seconds, _LONGEST_CALL))
        return min(reversed(near), key=lambda one: one.distance(since))

    def named(self, line: Line, statement: Statement) -> Draft:
        """Return the attempt of a container; a name that is new is that of one that has none yet, else of a new one."""
        draft = self.by_container.get(statement.container)
        if draft is None:
            made = self.latest(line, lambda one: one.is_open() and not one.container and bool(one.started))
            pulled = self.latest(line, lambda one: one.is_open() and not one.container)
            draft = made or pulled or self.open(line)
            self.call(draft, line, statement)
        draft.site = draft.site or plain_site(statement.site)
        return draft

    def call(self, draft: Draft, line: Line, statement: Statement) -> None:
        """Note that a container is of an attempt, so that later lines on it are, too."""
        draft.is_called(statement.container)
        draft.made_at = line.at
        self.by_container[statement.container] = draft
