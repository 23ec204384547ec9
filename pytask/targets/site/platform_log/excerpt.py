"""What is kept of a log that is too large for memory: what the platform says, and the container's lines around it.

A log that an app has filled comes as a stream and is cut to size row by row. One that fits is kept as it is.
"""

from __future__ import annotations

import re
from collections import deque
from itertools import chain
from typing import TYPE_CHECKING

from pytask.targets.site.platform_log.dialect_2025 import read_2025
from pytask.targets.site.platform_log.lines import Writer, stamped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FITS = 2 << 20
"""Bytes that are kept as they are; logs of real starts have some kilobytes."""
_MOST = 4 << 20
"""Bytes that are kept of a larger log; the newest, which come last."""
_LONGEST_ROW = 64 << 10
"""Bytes; the platform's own longest line is a `docker run` with all settings."""
_OF_A_ROW = 48
"""Bytes of memory that a row takes besides its own."""
_AROUND = 40
"""Rows of the container that are kept after a line of the platform, and as many before the next one. A line break in a
setting spreads a `docker run` over several rows."""
_END = b"\n"
_PERHAPS_THE_PLATFORMS = re.compile(
    rb"^(?:\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,7})?Z? {1,9}[A-Z]|\{)[^\n]*", re.MULTILINE
)
"""A row that may be the platform's: its form and a capital letter. This alone rules out most of what containers print,
without a look at each row."""


def excerpt(pieces: Iterable[bytes]) -> str:
    """Return the text of a log that comes in pieces: whole, or of a larger one what says how the app starts."""
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
        for found in _PERHAPS_THE_PLATFORMS.finditer(rows):
            kept.pass_over(rows[at : found.start()])
            kept.take(found.group()[:_LONGEST_ROW])
            at = found.end() + 1
        kept.pass_over(rows[at:])
    return kept.text()


def _whole_rows(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield pieces that each end with a row; of a row that is longer than a piece only the beginning."""
    rest = b""
    for piece in pieces:
        rows, end, begun = piece.rpartition(_END)
        if end:
            yield rest + rows + end
            rest = b""
        rest = (rest + begun)[:_LONGEST_ROW]
    yield rest


def _text(pieces: Iterable[bytes]) -> str:
    return b"".join(pieces).decode("utf-8", errors="replace")


class _Kept:
    """The rows that are kept of a large log."""

    def __init__(self) -> None:
        self._rows: deque[bytes] = deque()
        self._size = 0
        self._after = 0
        """Rows of the container since the platform's last line."""
        self._before: deque[bytes] = deque(maxlen=_AROUND)
        """Its latest rows that are not kept yet."""

    def take(self, row: bytes) -> None:
        """Take a row that may be the platform's."""
        if not _is_the_platforms(row):
            self.pass_over(row + _END)
            return
        for earlier in self._before:
            self._keep(earlier)
        self._before.clear()
        self._after = 0
        self._keep(row)

    def pass_over(self, rows: bytes) -> None:
        """Take rows of the container, each with its end: the first and the last ones are worth keeping."""
        while rows and self._after < _AROUND:
            row, _, rows = rows.partition(_END)
            self._after += 1
            self._keep(row[:_LONGEST_ROW])
        if rows:
            last = rows.removesuffix(_END).rsplit(_END, _AROUND)[-_AROUND:]
            self._before.extend(row[:_LONGEST_ROW] for row in last)

    def text(self) -> str:
        """Return what is kept."""
        return _text(row + _END for row in (*self._rows, *self._before))

    def _keep(self, row: bytes) -> None:
        self._rows.append(row)
        self._size += len(row) + _OF_A_ROW
        while self._size > _MOST:
            self._size -= len(self._rows.popleft()) + _OF_A_ROW


def _is_the_platforms(row: bytes) -> bool:
    """Tell whether a row is the platform's, or a container's that reads like it."""
    line = stamped(row.decode("utf-8", errors="replace").removesuffix("\r"))
    if line is None:
        return False
    return line.writer is Writer.CLASSIC or (line.writer is Writer.OF_2025 and read_2025(line.text) is not None)
