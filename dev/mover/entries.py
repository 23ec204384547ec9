"""The keys of a step and of its inputs as they are written, with their comments, ready to be written elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dev.mover.source import Node, Pair, Source

_PLAIN = re.compile(r"[A-Za-z0-9_./$(][A-Za-z0-9_./$()+=@-]*(?::[A-Za-z0-9_./$()+=@-]+)*")
_NO_TEXT = re.compile(r"[0-9.]+|true|false|null|yes|no|on|off|~", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A key and its value as lines without line ends, and the comments that belong to it."""

    name: str
    """Empty when there are only comments."""
    value: Node | None
    """None for a key that no step had."""
    above: tuple[str, ...] = ()
    """The comments and blank lines above the key."""
    rest: str
    """What stands behind the key's name on its line, from the colon on."""
    lines: tuple[str, ...] = ()
    """The further lines of the value."""
    column: int = 0
    tail: str = ""
    """The comment behind the value, if the value ends on a line with one."""
    number: int = 0
    """The line of the file, from 0."""

    @property
    def text(self) -> str:
        """What the value says; empty unless it is a scalar."""
        return self.value.text.strip() if self.value and self.value.kind == "scalar" else ""

    @property
    def comments(self) -> tuple[str, ...]:
        """The comments of an entry that goes: those above it, and the one behind it."""
        tail = (" " * self.column + self.tail,) if self.tail else ()
        return (*(line for line in self.above if line.strip()), *tail)

    def written(self, column: int) -> Iterator[str]:
        """Return the lines of this entry at another column; what a line holds beyond its indentation stays."""
        yield from (shifted(line, self.column, column) for line in self.above)
        if not self.name:
            return
        yield f"{' ' * column}{self.name}{self.rest}"
        yield from (shifted(line, self.column, column) for line in self.lines)


def new_entry(name: str, text: str, like: Entry | None = None) -> Entry:
    """Return an entry with a text as its value; `like` is the entry whose place and comments it takes."""
    lines = text.split("\n")
    several = len(lines) > 1
    rest = ": |" if several else f": {_as_scalar(text)}"
    entry = Entry(
        name=name,
        value=None,
        rest=rest + (f"  {like.tail}" if like and like.tail else ""),
        lines=tuple(f"  {line}".rstrip() for line in lines) if several else (),
    )
    if not like:
        return entry
    above = tuple(shifted(line, like.column, 0) for line in like.above)
    return replace(entry, above=above, number=like.number)


def only_comments(entry: Entry) -> Entry:
    """Return what stays of an entry that goes."""
    return replace(entry, name="", rest="", lines=(), tail="", above=entry.comments)


def as_comment(entry: Entry) -> Entry:
    """Return an entry with its value turned into a comment, for what has no place but is worth reading."""
    written = list(entry.written(entry.column))[len(entry.above) :]
    lines = (f"{' ' * entry.column}# {line[entry.column :]}" for line in written)
    return replace(entry, name="", rest="", lines=(), tail="", above=(*entry.above, *lines))


def _as_scalar(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and not _NO_TEXT.fullmatch(text)
    return text if plain or text in ("true", "false") else "'" + text.replace("'", "''") + "'"


def shifted(line: str, column: int, other: int) -> str:
    """Return a line with its indentation changed by the way from one column to another."""
    if not line.strip() or other == column:
        return line
    if other > column:
        return " " * (other - column) + line
    spaces = len(line) - len(line.lstrip(" "))
    return line[min(spaces, column - other) :]


def read_entries(source: Source, mapping: Node, above_first: int) -> tuple[Entry, ...]:
    """Return the entries of a mapping; `above_first` is the first line that may hold a comment of the first key."""
    if mapping.style == "flow":
        return tuple(_from_flow(source, pair) for pair in mapping.pairs)
    entries, first_above = [], above_first
    for pair in mapping.pairs:
        entries.append(_from_block(source, pair, first_above))
        first_above = _last_line_of(source, pair) + 1
    return tuple(entries)


def stands_alone(source: Source, mapping: Node) -> bool:
    """Tell whether each key of a mapping begins a line, but for the first, and so can be taken out by lines."""
    if mapping.style == "flow":
        return "#" not in _without_scalars(source, mapping)
    begins = [source.line(pair.key.start) for pair in mapping.pairs]
    return len(set(begins)) == len(begins) and all(pair.key.kind == "scalar" for pair in mapping.pairs)


def _without_scalars(source: Source, mapping: Node) -> str:
    """Return the text of a mapping between its scalars: signs, spaces and comments."""
    kept, at = [], mapping.start
    for node in mapping.below():
        if node.kind in ("scalar", "alias"):
            kept.append(source.text[at : node.start])
            at = max(at, node.end)
    return "".join([*kept, source.text[at : mapping.end]])


def _last_line_of(source: Source, pair: Pair) -> int:
    return max(source.line(pair.key.start), source.last_line(pair.value))


def _from_flow(source: Source, pair: Pair) -> Entry:
    written = source.text[pair.value.start : pair.value.end].splitlines() or [""]
    return Entry(
        name=pair.key.text,
        value=source.anchors.get(pair.value.text) if pair.value.kind == "alias" else pair.value,
        rest=f": {written[0]}".rstrip(),
        lines=tuple(f"  {line.strip()}" for line in written[1:]),
        number=source.line(pair.key.start),
    )


def _from_block(source: Source, pair: Pair, first_above: int) -> Entry:
    number, last = source.line(pair.key.start), _last_line_of(source, pair)
    begin = pair.key.end - source.starts[number]
    lines = [line.rstrip("\r\n") for line in source.lines[first_above : last + 1]]
    own = lines[number - first_above :] if number >= first_above else [source.lines[number].rstrip("\r\n")]
    return Entry(
        name=pair.key.text,
        value=source.anchors.get(pair.value.text) if pair.value.kind == "alias" else pair.value,
        above=tuple(lines[: max(0, number - first_above)]),
        rest=own[0][begin:],
        lines=tuple(own[1:]),
        column=source.column(pair.key.start),
        tail=_tail(source, pair, last),
        number=number,
    )


def _tail(source: Source, pair: Pair, last: int) -> str:
    """Return the comment behind a value; a text over several lines has none of its own."""
    value = pair.value
    if value.kind in ("mapping", "sequence") and value.style != "flow":
        begin = pair.key.end + 1
        end_of_line = source.starts[source.line(pair.key.start)] + len(source.lines[source.line(pair.key.start)])
        behind = source.text[begin : min(end_of_line, max(begin, _first_inside(value)))]
        found = re.search(r"(?:^|\s)(#.*)", behind.rstrip())
        return found[1] if found else ""
    line_end = source.starts[last] + len(source.lines[last])
    behind = source.text[max(pair.key.end + 1, value.end) : line_end].strip()
    return behind if behind.startswith("#") and value.style not in ("|", ">") else ""


def _first_inside(value: Node) -> int:
    inside = [*(pair.key.start for pair in value.pairs), *(item.start for item in value.items)]
    return min(inside, default=value.end)
