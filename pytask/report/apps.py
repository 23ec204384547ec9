"""What became of each of several apps: the one table in log and summary, and the list in the record."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pytask.journal import (
    Action,
    Attempted,
    ChangedBySomeoneElse,
    ImageRestored,
    LeftAsItIs,
    Refused,
    RolloutFailed,
)
from pytask.model import App, RolledBack, SlotsFound, Verdict, Verification, labels_of
from pytask.report.markdown import Words, cell
from pytask.report.times import bars_of, duration, seconds_of
from pytask.report.verdict import one_verdict, running_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pytask.journal import Journal

_MOST_NAMES = 10
_BAR = 10
"""Characters of the longest bar in the table."""
_OWN = frozenset(Action) - {Action.PUSH, Action.IMPORT, Action.CACHE}
"""The changes of one app."""


class End(Enum):
    """What became of an app; the values are for people."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    DEPLOYED = "deployed, not verified"
    UNCHANGED = "unchanged"
    ROLLED_BACK = "rolled back"
    FAILED = "failed"
    STOPPED = "stopped halfway"
    NOT_BEGUN = "not begun"


DONE = frozenset({End.VERIFIED, End.UNVERIFIED, End.DEPLOYED, End.UNCHANGED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One app, and what became of it."""

    label: str
    app: App
    end: End
    runs: str
    """The image that it runs; empty when unknown."""
    failure: str
    """Code of its failure; empty when it has none."""
    journal: Journal


def rows_of(journal: Journal, redact_image: Callable[[str], str] = str) -> tuple[Row, ...]:
    """Return a row for each app of the run, `appName` first; none for a run with only one, and for a swap."""
    if journal.last(SlotsFound):
        return ()
    found = [(part, app) for part in journal.targets() if (app := part.last(App))]
    if len(found) <= 1:
        return ()
    labels = labels_of([app for _, app in found])
    return tuple(
        Row(
            label=label,
            app=app,
            end=end_of(part),
            runs=running_image(part, redact_image),
            failure=failed.failure.code if (failed := part.last(RolloutFailed)) else "",
            journal=part,
        )
        for (part, app), label in zip(found, labels, strict=True)
    )


def end_of(journal: Journal) -> End:
    """Return what became of the app whose part of the journal this is."""
    if journal.last(RolloutFailed):
        back = journal.last(RolledBack) or journal.last(ImageRestored)
        return End.ROLLED_BACK if back and not journal.last(ChangedBySomeoneElse) else End.FAILED
    if journal.last(LeftAsItIs):
        return End.UNCHANGED
    if verification := journal.last(Verification):
        return End.VERIFIED if verification.verdict is Verdict.VERIFIED else End.UNVERIFIED
    refused = [one.attempt for one in journal.all(Refused)]
    if not any(one.action in _OWN and one not in refused for one in journal.all(Attempted)):
        return End.NOT_BEGUN
    is_done = journal.update() is not None and one_verdict(journal) is Verdict.SKIPPED
    return End.DEPLOYED if is_done else End.STOPPED


def was_begun(rows: Iterable[Row]) -> bool:
    """Tell whether anything became of any app."""
    return any(row.end is not End.NOT_BEGUN for row in rows)


def table(rows: tuple[Row, ...]) -> str:
    """Return the table for the log, with how many apps had which end."""
    widths = [max(len(one) for one in column) for column in ([row.label for row in rows], [_end(row) for row in rows])]
    lines = [f"  {row.label:<{widths[0]}}  {_end(row):<{widths[1]}}  {row.runs}".rstrip() for row in rows]
    return "\n".join([f"{len(rows)} apps: {counts(rows)}", *lines])


def markdown_table(rows: tuple[Row, ...], show: Words) -> str:
    """Return the table for the summary."""
    seconds = [seconds_of(row.journal) for row in rows]
    lines = [
        f"| {cell(_linked(row, show))} | {cell(show.escaped(_end(row)))} | {cell(show.code(row.runs))} "
        f"| {f'{drawn} {duration(took)}' if drawn else ''} |"
        for row, took, drawn in zip(rows, seconds, bars_of(seconds, _BAR), strict=True)
    ]
    return "\n".join(["| App | Result | Runs | Time |", "|---|---|---|---|", *lines])


def counts(rows: tuple[Row, ...]) -> str:
    """Return how many apps had which end, such as `199 verified, 1 rolled back`."""
    numbers = ((sum(row.end is end for row in rows), end.value) for end in End)
    return ", ".join(f"{number} {end}" for number, end in numbers if number)


def names(labels: Sequence[str]) -> str:
    """Return the names of apps, and how many more there are when there are many."""
    more = len(labels) - _MOST_NAMES
    return f"{', '.join(labels[:_MOST_NAMES])}{f' and {more} more' if more > 0 else ''}"


def as_record(row: Row) -> dict[str, object]:
    """Return an app's part of the record."""
    return {
        "name": row.label,
        "app": row.app.resource_id,
        "result": row.end.value,
        "failure": row.failure,
        "runningImage": row.runs,
        "verification": one_verdict(row.journal).value,
    }


def _end(row: Row) -> str:
    return f"{row.end.value} ({row.failure})" if row.failure else row.end.value


def _linked(row: Row, show: Words) -> str:
    name = show.escaped(row.label)
    return f"[{name}]({row.app.url})" if row.app.url else name
