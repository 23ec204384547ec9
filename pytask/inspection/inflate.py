"""Unpacking a layer while it comes in."""

from __future__ import annotations

import zlib
from itertools import chain
from typing import TYPE_CHECKING

from pytask.inspection.tar_owners import ArchiveBroken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_GZIP = b"\x1f\x8b"
_MOST_IN = 64 * 1024
"""What is left behind a member is copied, so archives of many small ones (eStargz) want small steps."""
_MOST_OUT = 1024 * 1024
"""Bytes unpacked at a time, however well they were packed: this bounds the memory."""


def inflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Return a layer's archive out of its blob, packed with gzip (of any number of members) or not at all.

    Like Docker, it goes by the first bytes and not by what the media type says.

    Raises:
        ArchiveBroken: when it cannot be unpacked, or ends too soon.
    """
    source = iter(pieces)
    first = b""
    while len(first) < len(_GZIP) and (piece := next(source, None)) is not None:
        first += piece
    if not first.startswith(_GZIP):
        yield first
        yield from source
        return
    member = _Member()
    for packed in chain([first], source):
        yield from member.unpack(packed)
    if member.begun:
        raise ArchiveBroken("its compressed data ends too early")


class _Member:
    """The member of a gzip file that is being unpacked; the next one follows by itself."""

    def __init__(self) -> None:
        self._inflater = zlib.decompressobj(wbits=31)
        self.begun = False

    def unpack(self, packed: bytes) -> Iterator[bytes]:
        view = memoryview(packed)
        for start in range(0, len(packed), _MOST_IN):
            step: bytes | memoryview = view[start : start + _MOST_IN]
            while step:
                yield self._inflate(step)
                if self._inflater.eof:
                    step = self._inflater.unused_data
                    self._inflater, self.begun = zlib.decompressobj(wbits=31), False
                else:
                    step = self._inflater.unconsumed_tail

    def _inflate(self, step: bytes | memoryview) -> bytes:
        self.begun = True
        try:
            return self._inflater.decompress(step, _MOST_OUT)
        except zlib.error as error:
            raise ArchiveBroken(f"it cannot be decompressed: {error}") from error
