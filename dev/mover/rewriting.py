"""The lines of a new step, and the lines of the file that they take the place of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dev.mover.entries import as_comment, new_entry, only_comments, shifted
from dev.mover.tasks import NEW_TASK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dev.mover.entries import Entry
    from dev.mover.source import Node, Source
    from dev.mover.steps import Step

_CHOSEN = ("name", "displayname")


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """Lines of a file, numbered from 0, and what takes their place."""

    first: int
    end: int
    """The line behind the last."""
    lines: tuple[str, ...] = ()
    """Without line ends."""


def apply_edits(source: Source, edits: Iterable[Edit]) -> str:
    """Return the text with all edits made; what no edit covers stays byte for byte."""
    lines = list(source.lines)
    for edit in reversed(_apart(edits)):
        old = lines[edit.first : edit.end]
        ending = "\r\n" if old[0].endswith("\r\n") else "\n"
        lines[edit.first : edit.end] = [line + ending for line in edit.lines]
    text = "".join(lines)
    if source.text.endswith("\n") or not text.endswith("\n"):
        return text
    return text.removesuffix("\n").removesuffix("\r")


def _apart(edits: Iterable[Edit]) -> list[Edit]:
    """Return the edits in their order: a blank line between two steps that go is the first one's to take away."""
    found: list[Edit] = []
    for edit in sorted(edits, key=lambda edit: edit.first):
        found.append(replace(edit, first=max(edit.first, found[-1].end)) if found else edit)
    return found


def in_place(source: Source, step: Step, inputs: Sequence[Entry], command: str) -> Edit:
    """Return the edit that makes one old step a new one."""
    lines = _lines(source, (step,), _heads(source, (step,), (step,)), inputs, command)
    return Edit(first=step.number, end=step.last + 1, lines=tuple(lines))


def merged(source: Source, build: Sequence[Step], inputs: Sequence[Entry], command: str) -> list[Edit]:
    """Return the edits that make a build and its pushes one step, in the place of the build."""
    return [_united(source, build, build, inputs, command), *(_taken_out(source, push) for push in build[1:])]


def merged_with(
    source: Source, build: Sequence[Step], deploy: Step, inputs: Sequence[Entry], job: Node | None
) -> list[Edit]:
    """Return the edits that make a build, its pushes and a deployment one step; `job` goes with the deployment."""
    edits = [_united(source, (*build, deploy), (deploy, *build), inputs, "")]
    edits += [_taken_out(source, push) for push in build[1:]]
    return [*edits, _without_job(source, job, deploy) if job else _taken_out(source, deploy)]


def _united(
    source: Source, steps: Sequence[Step], naming: Sequence[Step], inputs: Sequence[Entry], command: str
) -> Edit:
    """Return the edit of the first of several steps that become one; `naming` has the one whose name stays first."""
    first = steps[0]
    behind = [line for step in steps[1:] for line in _behind(source, step, first.column + 2)]
    lines = (*_lines(source, steps, _heads(source, steps, naming), inputs, command), *behind)
    return Edit(first=first.number, end=first.last + 1, lines=lines)


def removed(source: Source, step: Step) -> Edit:
    """Return the edit that takes a step away, with a blank line beside it; its comments stay."""
    comments = [line for entry in (*step.heads.values(), *step.inputs.values()) for line in _own_comments(entry)]
    behind = _behind(source, step, step.column)
    kept = tuple(shifted(line, _indent(line), step.column) for line in comments)
    return _removal(source, step.number, step.last + 1 + len(behind), (*kept, *behind))


def _own_comments(entry: Entry) -> tuple[str, ...]:
    return (_header(entry) if entry.name.lower() == "inputs" else entry).comments


def _taken_out(source: Source, step: Step) -> Edit:
    """Return the edit that takes a step away whose comments are elsewhere, with a blank line beside it."""
    return _removal(source, step.number, step.last + 1 + len(_behind(source, step, 0)))


def _removal(source: Source, first: int, end: int, kept: tuple[str, ...] = ()) -> Edit:
    if not kept and first and not source.lines[first - 1].strip():
        return Edit(first=first - 1, end=end)
    if not kept and end < len(source.lines) and not source.lines[end].strip():
        return Edit(first=first, end=end + 1)
    return Edit(first=first, end=end, lines=kept)


def _without_job(source: Source, job: Node, step: Step) -> Edit:
    """Return the edit that takes a job away whose only step has moved; its comments stay."""
    first, last = source.line(job.start), source.last_line(job)
    own = range(step.number, step.last + 1 + len(_behind(source, step, 0)))
    lines = [source.lines[number].rstrip("\r\n") for number in range(first, last + 1) if number not in own]
    kept = tuple(line for line in lines if line.lstrip().startswith("#"))
    return _removal(source, first, max(last + 1, own.stop), kept)


def _behind(source: Source, step: Step, column: int) -> list[str]:
    """Return the comments behind a step's last line that belong to it: they stand deeper than its dash."""
    dash, found, number = (
        source.column(source.starts[step.number]) + _indent(source.lines[step.number]),
        [],
        step.last + 1,
    )
    while number < len(source.lines) and _is_comment_below(source.lines[number], dash):
        found.append(shifted(source.lines[number].rstrip("\r\n"), _indent(source.lines[number]), column))
        number += 1
    return found


def _is_comment_below(line: str, dash: int) -> bool:
    return line.lstrip().startswith("#") and _indent(line) > dash


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _lines(
    source: Source, steps: Sequence[Step], heads: Sequence[Entry], inputs: Sequence[Entry], command: str
) -> Iterator[str]:
    """Return a new step's lines: what the first step and the last say of the step, and the inputs."""
    first = steps[0]
    added = [new_entry("command", command)] if command else []
    inner = [line for entry in (*added, *inputs) for line in entry.written(_inner_column(first))]
    begin = next(place for place, entry in enumerate(heads) if entry.name)
    top = replace(heads[begin], above=())
    line, offset = source.lines[first.number], first.node.start - source.starts[first.number]
    own = list(top.written(first.column))
    yield line[:offset] + own[0].lstrip(" ")
    yield from own[1:]
    yield from inner if top.name.lower() == "inputs" else ()
    for entry in (only_comments(replace(heads[begin], tail="")), *heads[:begin], *heads[begin + 1 :]):
        yield from entry.written(first.column)
        yield from inner if entry.name.lower() == "inputs" else ()


def _inner_column(step: Step) -> int:
    given = next(iter(step.inputs.values()))
    return given.column if given.column > step.column else step.column + 2


def _heads(source: Source, steps: Sequence[Step], naming: Sequence[Step]) -> list[Entry]:
    """Return a new step's own keys: those of the first step, the names of the first that has them, and comments."""
    first, others = steps[0], steps[1:]
    chosen = {key: next((step.heads[key] for step in naming if key in step.heads), None) for key in _CHOSEN}
    entries: list[Entry] = []
    for key, entry in first.heads.items():
        if key == "task":
            entries.append(_new_task(source, entry))
            entries.extend(_displaced_names(first, chosen))
            entries.extend(_leftovers(others, chosen))
            entries.extend(one for name in _CHOSEN if name not in first.heads and (one := chosen[name]))
        elif key in _CHOSEN and (one := chosen[key]):
            entries.append(one)
        else:
            entries.append(_header(entry) if key == "inputs" else entry)
    return entries


def _displaced_names(step: Step, chosen: dict[str, Entry | None]) -> Iterator[Entry]:
    for key in _CHOSEN:
        if key in step.heads and step.heads[key] is not chosen[key]:
            yield from _displaced(key, step.heads[key])


def _leftovers(others: Sequence[Step], chosen: dict[str, Entry | None]) -> Iterator[Entry]:
    """Return what stays of the other steps' own keys: comments, and display names that the new step does not have."""
    for step in others:
        yield from _displaced_names(step, chosen)
        for key, entry in step.heads.items():
            if key not in _CHOSEN and entry.comments:
                yield only_comments(_header(entry) if key == "inputs" else entry)


def _displaced(key: str, entry: Entry) -> Iterator[Entry]:
    """Return a display name as a comment; a name is nothing to read, and the report names it."""
    if key == "displayname":
        yield as_comment(entry)
    elif entry.comments:
        yield only_comments(entry)


def _new_task(source: Source, entry: Entry) -> Entry:
    value = entry.value
    written = source.text[value.start : value.end] if value else ""
    return replace(entry, rest=entry.rest.replace(written, NEW_TASK, 1))


def _header(entry: Entry) -> Entry:
    """Return the line of `inputs:` without the inputs."""
    if entry.value is None or entry.value.style != "flow":
        return replace(entry, lines=())
    return replace(entry, rest=f":  {entry.tail}" if entry.tail else ":", lines=())
