"""The attempts found so far, and finding the one that a line belongs to."""

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

# Lines without a container's name belong to one of the last few attempts; this limit keeps the search linear.
_REACH = 8
_LONGEST_CALL = 86400.0


@dataclass(kw_only=True, slots=True)
class Drafts:
    """The attempts, in the order found."""

    all: list[Draft] = field(default_factory=list)
    by_container: dict[str, Draft] = field(default_factory=dict)

    def open(self, line: Line) -> Draft:
        """Begin an attempt at a line, and return it."""
        self.all.append(Draft(began=line.at, writer=line.writer))
        return self.all[-1]

    def latest(self, line: Line, wanted: Callable[[Draft], bool]) -> Draft | None:
        """Return the latest attempt in the line's form that `wanted` accepts; None when there is none."""
        near = reversed(self.all[-_REACH:])
        return next((one for one in near if one.writer is line.writer and wanted(one)), None)

    def called(self, line: Line, statement: Statement, wanted: Callable[[Draft], bool]) -> Draft | None:
        """Return the attempt whose container was pinged for as long as the line says; without a time, the latest."""
        near = [one for one in self.all[-_REACH:] if one.writer is line.writer and wanted(one)]
        if statement.seconds is None or not near:
            return near[-1] if near else None
        since = line.at - timedelta(seconds=min(statement.seconds, _LONGEST_CALL))
        return min(reversed(near), key=lambda one: one.distance(since))

    def named(self, line: Line, statement: Statement) -> Draft:
        """Return a container's attempt; for a new name, one that has no name yet, or else a new attempt."""
        draft = self.by_container.get(statement.container)
        if draft is None:
            made = self.latest(line, lambda one: one.is_open() and not one.container and bool(one.started))
            pulled = self.latest(line, lambda one: one.is_open() and not one.container)
            draft = made or pulled or self.open(line)
            self.call(draft, line, statement)
        draft.site = draft.site or plain_site(statement.site)
        return draft

    def call(self, draft: Draft, line: Line, statement: Statement) -> None:
        """Assign a container to an attempt, so that later lines about it are assigned too."""
        draft.is_called(statement.container)
        draft.made_at = line.at
        self.by_container[statement.container] = draft
