"""An excerpt of a log that is too large for memory: the platform's lines, and the container's lines around them.

A log that an app has filled is streamed, and reduced row by row. One that fits is kept as it is.
"""

from __future__ import annotations

import re
from collections import deque
from itertools import chain
from typing import TYPE_CHECKING

from pytask.targets.site.platform_log.dialect_2025 import OPENINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FITS = 2 << 20
"""Bytes of a log that is kept as it is; logs of real starts have a few kilobytes."""
_MOST = 4 << 20
"""Bytes that are kept of a larger log: the newest rows, which come last."""
_LONGEST_ROW = 64 << 10
"""Bytes; the platform's own longest line is a `docker run` with all settings."""
_OF_A_ROW = 48
"""Bytes of memory for each row, in addition to its text."""
_AROUND = 40
"""The container's rows that are kept after a line of the platform, and before the next one. A line break in a setting
spreads a `docker run` over several rows."""
_END = b"\n"
_STAMP = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,7})?Z? {1,9}"
_CLASSIC = r"(?:INFO|WARN|WARNING|ERROR|DEBUG|CRITICAL) {1,3}-"
_OF_2025 = rf"(?:(?:Informational|Warning|Error|Critical) {{1,16}})?(?:{'|'.join(OPENINGS)})"
_THE_PLATFORMS = re.compile(
    rf'^(?:{_STAMP}(?:{_CLASSIC}|{_OF_2025})|\{{[^\n]*?"machineName")[^\n]*'.encode(), re.MULTILINE
)
"""A row that looks like the platform's. It is parsed only at the end, when most of the log is gone: a container may
have filled the log with such rows, and parsing each of them would take minutes."""
_CUT = "…".encode()


def excerpt(pieces: Iterable[bytes]) -> str:
    """Return the text of a log that arrives in pieces; of a large one, only what shows how the app starts."""
    coming, begun, size = iter(pieces), list[bytes](), 0
    for piece in coming:
        begun.append(piece)
        size += len(piece)
        if size > _FITS:
            return _of_much(chain(begun, coming))
    return _text(begun)


def _of_much(pieces: Iterable[bytes]) -> str:
    kept = _Kept()
    for rows in _whole_rows(pieces):
        at = 0
        for found in _THE_PLATFORMS.finditer(rows):
            if found.start() > at:
                kept.pass_over(rows[at : found.start()])
            kept.take(_shortened(found.group()))
            at = found.end() + 1
        kept.pass_over(rows[at:])
    return kept.text()


def _whole_rows(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield pieces that each end at a row's end; only the beginning of a row that is longer than a piece."""
    rest = b""
    for piece in pieces:
        rows, end, begun = piece.rpartition(_END)
        if end:
            yield rest + rows + end
            rest = b""
        rest = (rest + begun)[: _LONGEST_ROW + 1]
    yield rest


def _shortened(row: bytes) -> bytes:
    """Return a row of which no more than the longest is kept; a sign says so, as half a secret may stand there."""
    return row if len(row) <= _LONGEST_ROW else row[:_LONGEST_ROW] + _CUT


def _text(pieces: Iterable[bytes]) -> str:
    return b"".join(pieces).decode("utf-8", errors="replace")


class _Kept:
    """The rows that are kept of a large log."""

    def __init__(self) -> None:
        self._rows: deque[bytes] = deque()
        self._size = 0
        self._after = 0
        """Number of the container's rows since the platform's last line."""
        self._before: deque[bytes] = deque(maxlen=_AROUND)
        """The container's latest rows, not kept yet."""

    def take(self, row: bytes) -> None:
        """Add a row that looks like the platform's."""
        if self._before:
            for earlier in self._before:
                self._keep(earlier)
            self._before.clear()
        self._after = 0
        self._keep(row)

    def pass_over(self, rows: bytes) -> None:
        """Add rows of the container, each with its line end; the first and the last ones are worth keeping."""
        while rows and self._after < _AROUND:
            row, _, rows = rows.partition(_END)
            self._after += 1
            self._keep(_shortened(row))
        if rows:
            last = rows.removesuffix(_END).rsplit(_END, _AROUND)[-_AROUND:]
            self._before.extend(map(_shortened, last))

    def text(self) -> str:
        """Return the kept rows as text."""
        return _text(row + _END for row in (*self._rows, *self._before))

    def _keep(self, row: bytes) -> None:
        self._rows.append(row)
        self._size += len(row) + _OF_A_ROW
        while self._size > _MOST:
            self._size -= len(self._rows.popleft()) + _OF_A_ROW
