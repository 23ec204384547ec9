"""What is kept of a log that is too large for memory: what the platform says, and the container's lines around it.

A log that an app has filled comes as a stream and is cut to size row by row. One that fits is kept as it is.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING

from pytask.targets.site.platform_log.dialect_2025 import read_2025
from pytask.targets.site.platform_log.lines import Writer, stamped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FITS = 2 << 20
"""Bytes that are kept as they are; logs of real starts have some kilobytes."""
_MOST = 4 << 20
"""Bytes that are kept of a larger log; the newest, which come last."""
_OF_A_ROW = 48
"""Bytes of memory that a row takes besides its own."""
_LONGEST_ROW = 64 << 10
"""Bytes; the platform's own longest line is a `docker run` with all settings."""
_AROUND = 40
"""Rows of the container that are kept after a line of the platform, and as many before the next one. A line break in a
setting spreads a `docker run` over several rows."""
_BLANK = b"\n"
_FORM = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,7})?Z? ")
"""The beginning of a row that may be the platform's: this alone rules out most of what a container prints."""


def excerpt(pieces: Iterable[bytes]) -> str:
    """Return the text of a log that comes in pieces: whole, or of a larger one what says how the app starts."""
    kept = _Kept()
    for row in _rows(pieces):
        kept.take(row)
    return kept.text()


def _rows(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the rows, without their ends and cut to the longest; a row may be longer than memory allows."""
    row = b""
    for piece in pieces:
        first, *others = piece.split(_BLANK)
        row = (row + first[:_LONGEST_ROW])[:_LONGEST_ROW]
        for other in others:
            yield row
            row = other[:_LONGEST_ROW]
    yield row


class _Kept:
    """The rows that are kept, and whether they are all."""

    def __init__(self) -> None:
        self._rows: deque[bytes] = deque()
        self._size = 0
        self._whole = True
        self._after = 0
        """Rows of the container since the platform's last line."""
        self._before: deque[bytes] = deque(maxlen=_AROUND)
        """Its latest rows that are not kept yet."""

    def take(self, row: bytes) -> None:
        """Take the next row."""
        if self._whole:
            self._keep(row)
            if self._size > _FITS:
                self._thin_out()
        else:
            self._sift(row)

    def text(self) -> str:
        """Return what is kept."""
        return _BLANK.join([*self._rows, *self._before]).decode("utf-8", errors="replace")

    def _thin_out(self) -> None:
        """Begin to keep only what matters, also of what was taken already."""
        rows, self._rows, self._size, self._whole = self._rows, deque(), 0, False
        for row in rows:
            self._sift(row)

    def _sift(self, row: bytes) -> None:
        if _is_the_platforms(row):
            for earlier in self._before:
                self._keep(earlier)
            self._before.clear()
            self._after = 0
            self._keep(row)
        elif self._after < _AROUND:
            self._after += 1
            self._keep(row)
        else:
            self._before.append(row)

    def _keep(self, row: bytes) -> None:
        self._rows.append(row)
        self._size += len(row) + _OF_A_ROW
        while self._size > _MOST:
            self._size -= len(self._rows.popleft()) + _OF_A_ROW


def _is_the_platforms(row: bytes) -> bool:
    """Tell whether a row is the platform's, or a container's that reads like it."""
    if not (_FORM.match(row) or row.startswith(b"{")):
        return False
    line = stamped(row.decode("utf-8", errors="replace").removesuffix("\r"))
    if line is None:
        return False
    return line.writer is Writer.CLASSIC or (line.writer is Writer.OF_2025 and read_2025(line.text) is not None)
