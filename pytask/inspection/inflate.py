"""Decompressing a layer while it is downloaded."""

from __future__ import annotations

import zlib
from itertools import chain
from typing import TYPE_CHECKING

from pytask.inspection.tar_owners import ArchiveBroken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_GZIP = b"\x1f\x8b"
_MOST_IN = 64 * 1024
"""Bytes. The input left after a member is copied, so archives of many small members (eStargz) need small steps."""
_MOST_OUT = 1024 * 1024
"""Bytes decompressed at a time, whatever the compression ratio, which limits the memory."""


def inflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a layer's archive from its blob, which may be gzip with any number of members, or uncompressed.

    Like Docker, this trusts the first bytes and not the media type.

    Raises:
        ArchiveBroken: when it cannot be decompressed, or ends too soon.
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
    """The gzip member being decompressed; the next one starts automatically."""

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
