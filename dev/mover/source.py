"""A YAML file as text and as a tree of nodes that know where in the text they are written."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ruamel.yaml.events import Event

_BLOCK = ("|", ">")


class Unreadable(Exception):  # noqa: N818 - it says what the text is
    """A text that is not YAML, with the reason and its line."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Node:
    """A value, and the offsets in the text between which it is written; two nodes are equal only if they are one."""

    start: int
    end: int
    kind: str
    """`scalar`, `mapping`, `sequence` or `alias`."""
    text: str = ""
    """What a scalar says; for an alias, the anchor's name."""
    style: str = ""
    """A scalar's quote or block sign; `flow` for a collection in brackets."""
    anchor: str = ""
    pairs: tuple[Pair, ...] = ()
    items: tuple[Node, ...] = ()

    def get(self, key: str) -> Node | None:
        """Return the value of a key; Azure Pipelines does not mind the case."""
        return next((pair.value for pair in self.pairs if pair.key.text.lower() == key.lower()), None)

    def says(self, key: str) -> str:
        """Return the text of a key's scalar; empty when there is none."""
        value = self.get(key)
        return value.text.strip() if value and value.kind == "scalar" else ""

    def below(self) -> Iterator[Node]:
        """Return this node and everything in it."""
        yield self
        for child in (*(part for pair in self.pairs for part in (pair.key, pair.value)), *self.items):
            yield from child.below()


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A key of a mapping and its value."""

    key: Node
    value: Node


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A file's text, its lines with their ends, and the documents in it."""

    text: str
    lines: tuple[str, ...]
    starts: tuple[int, ...]
    roots: tuple[Node, ...]
    anchors: Mapping[str, Node]
    """The nodes that aliases may mean, by name."""

    def line(self, offset: int) -> int:
        """Return the number of the line, from 0, that holds an offset."""
        return bisect_right(self.starts, offset) - 1

    def last_line(self, node: Node) -> int:
        """Return the number of the last line on which something of the node is written."""
        return self.line(max(node.start, node.end - 1))

    def column(self, offset: int) -> int:
        """Return how far an offset is from the beginning of its line; a byte order mark does not count."""
        start = self.starts[self.line(offset)]
        return offset - start - self.text[start:offset].count("\ufeff")


def read_source(text: str) -> Source:
    """Return a parsed file; raise Unreadable when it is not YAML."""
    lines = tuple(_split(text))
    starts, offset = [], 0
    for line in lines:
        starts.append(offset)
        offset += len(line)
    roots = _roots(text)
    anchors = {node.anchor: node for root in roots for node in root.below() if node.anchor}
    return Source(text=text, lines=lines, starts=tuple(starts) or (0,), roots=roots, anchors=anchors)


def _roots(text: str) -> tuple[Node, ...]:
    """Return the documents of a text; raise Unreadable when it is not YAML.

    A tab that only separates is YAML, and Azure Pipelines takes it, but the library does not: it reads a space instead.
    """
    try:
        return tuple(_documents(text))
    except YAMLError as error:
        at = getattr(getattr(error, "problem_mark", None), "index", -1)
        if not _is_separating_tab(text, at):
            raise Unreadable(_reason(error)) from error
        return _roots(f"{text[:at]} {text[at + 1 :]}")
    except RecursionError as error:
        raise Unreadable("it is nested too deeply") from error


def _is_separating_tab(text: str, at: int) -> bool:
    """Tell whether a tab stands behind something on its line, or on a line with nothing but a comment."""
    if text[at : at + 1] != "\t":
        return False
    before, after = text[:at].rpartition("\n")[2], text[at:].partition("\n")[0].strip()
    return bool(before.strip(" \t-")) or not after or after.startswith("#")


def _split(text: str) -> Iterator[str]:
    """Return the lines of a text with their ends; only a line feed ends one."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def _reason(error: YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
    return f"line {mark.line + 1}: {problem}" if mark else str(problem)


def _documents(text: str) -> Iterator[Node]:
    events = iter(YAML(typ="safe", pure=True).parse(text))
    for event in events:
        if isinstance(event, DocumentStartEvent):
            yield _node(next(events), events, text, 0)


def _node(event: Event, events: Iterator[Event], text: str, key_end: int) -> Node:
    """Return the node that begins with an event; `key_end` is where an empty value counts as written."""
    start, end = event.start_mark.index, event.end_mark.index
    if isinstance(event, AliasEvent):
        return Node(start=start, end=end, kind="alias", text=event.anchor)
    if isinstance(event, ScalarEvent):
        return _scalar(event, text, key_end)
    if isinstance(event, MappingStartEvent):
        return _mapping(event, events, text)
    if isinstance(event, SequenceStartEvent):
        return _sequence(event, events, text)
    raise Unreadable(f"unexpected {type(event).__name__}")


def _scalar(event: ScalarEvent, text: str, key_end: int) -> Node:
    start, end, style = event.start_mark.index, event.end_mark.index, event.style or ""
    if style in _BLOCK:  # the mark is behind the blank lines that follow
        end = start + len(text[start:end].rstrip())
    elif start == end and not event.anchor:
        start = end = key_end or start
    return Node(start=start, end=end, kind="scalar", text=event.value, style=style, anchor=event.anchor or "")


def _mapping(event: MappingStartEvent, events: Iterator[Event], text: str) -> Node:
    pairs = []
    while not isinstance(following := next(events), MappingEndEvent):
        key = _node(following, events, text, 0)
        pairs.append(Pair(key, _node(next(events), events, text, key.end + 1)))
    ends = [pair.value.end for pair in pairs]
    return _collection(event, following, ends, kind="mapping", pairs=tuple(pairs))


def _sequence(event: SequenceStartEvent, events: Iterator[Event], text: str) -> Node:
    items: list[Node] = []
    while not isinstance(following := next(events), SequenceEndEvent):
        items.append(_node(following, events, text, 0))
    return _collection(event, following, [item.end for item in items], kind="sequence", items=tuple(items))


def _collection(
    event: MappingStartEvent | SequenceStartEvent,
    last: Event,
    ends: list[int],
    *,
    kind: str,
    pairs: tuple[Pair, ...] = (),
    items: tuple[Node, ...] = (),
) -> Node:
    """Return a collection; one without brackets ends with its last child, as the mark is behind comments."""
    start = event.start_mark.index
    return Node(
        start=start,
        end=last.end_mark.index if event.flow_style else max([start, *ends]),
        kind=kind,
        style="flow" if event.flow_style else "",
        anchor=event.anchor or "",
        pairs=pairs,
        items=items,
    )
