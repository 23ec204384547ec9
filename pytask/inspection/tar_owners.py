"""The owners of the files in a tar archive, read as a stream: headers are parsed, contents skipped.

Supports USTAR, GNU and PAX archives: https://www.gnu.org/software/tar/manual/html_node/Standard.html and
https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_02. The standard library's `tarfile`
reads the same, but parses every field of each file, which takes six times as long.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_BLOCK = 512
_ZEROS = bytes(_BLOCK)
_WITHOUT_CONTENT = frozenset(b"123456")
"""Links, devices, folders and pipes: no content follows their header, whatever its size field says."""
_GLOBAL_PAX, _PAX, _SOLARIS_PAX = b"gxX"
_LONG_NAME, _LONG_LINK, _GNU_SPARSE = b"LKS"
_OLD_FILE, _FOLDER_END = 0, ord("/")
_LONGEST_EXTENSION = 1 << 20
"""Bytes. More than any tool writes before one file, and the limit of Docker's own reader.
https://cs.opensource.google/go/go/+/refs/tags/go1.22.0:src/archive/tar/reader.go"""


class Owned(NamedTuple):
    """One entry of an archive: a file, folder, link or device, or a whiteout."""

    name: str
    user: int
    group: int


class ArchiveBroken(Exception):  # noqa: N818 - its name says what happened
    """The bytes are not a tar archive, or end too soon."""


def owners(pieces: Iterable[bytes]) -> Iterator[Owned]:
    """Yield every entry of an archive up to its end mark; the chunks may have any length.

    Raises:
        ArchiveBroken: when it is not a tar archive.
    """
    source = _Source(pieces)
    everywhere: dict[bytes, bytes] = {}
    here: dict[bytes, bytes] = {}
    while (header := source.block()) not in (b"", _ZEROS):
        _confirm(header)
        kind, size = header[156], _number(header[124:136])
        if kind in (_PAX, _SOLARIS_PAX):
            here |= _records(_extension(source, size))
        elif kind == _GLOBAL_PAX:
            everywhere |= _records(_extension(source, size))
        elif kind == _LONG_NAME:
            here.setdefault(b"path", _text(_extension(source, size)))
        elif kind == _LONG_LINK:
            _extension(source, size)
        else:
            if kind == _GNU_SPARSE:
                _pass_sparse_map(source, header)
            said = {**everywhere, **here} if everywhere else here
            yield _owned(header, said)
            source.skip(_padded(_content(header, kind, size, here)))
            here = {}


class _Source:
    """Reads blocks from chunks. A block is nearly always within one chunk, and contents are skipped without copying."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._piece = b""
        self._at = 0

    def block(self) -> bytes:
        """Return the next block; empty when the archive ends between two blocks."""
        at = self._at
        found = self._piece[at : at + _BLOCK]
        self._at = at + _BLOCK
        return found if len(found) == _BLOCK else self._across(found)

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes, which must be a multiple of the block size."""
        blocks = [self.block() for _ in range(size // _BLOCK)]
        if blocks and not blocks[-1]:
            raise ArchiveBroken("it ends within an extended header")
        return b"".join(blocks)

    def skip(self, size: int) -> None:
        """Skip `size` bytes."""
        self._at += size
        while self._at > len(self._piece):
            self._at -= len(self._piece)
            self._piece = self._next()

    def _across(self, found: bytes) -> bytes:
        """Return a block that begins with `found` at the end of the chunk."""
        for piece in self._pieces:
            missing = _BLOCK - len(found)
            found += piece[:missing]
            self._piece, self._at = piece, min(missing, len(piece))
            if len(found) == _BLOCK:
                return found
        if found:
            raise ArchiveBroken("it ends within a header")
        return b""

    def _next(self) -> bytes:
        try:
            return next(self._pieces)
        except StopIteration:
            raise ArchiveBroken("it ends within a file") from None


def _owned(header: bytes, said: Mapping[bytes, bytes]) -> Owned:
    # Nearly every entry has no extensions; without this test the two lookups would cost the most here.
    user = _decimal(said[b"uid"]) if said and b"uid" in said else _number(header[108:116])
    group = _decimal(said[b"gid"]) if said and b"gid" in said else _number(header[116:124])
    name = said.get(b"GNU.sparse.name") or said.get(b"path") or _own_name(header)
    return Owned(name.rstrip(b"/").decode("utf-8", "surrogateescape"), user, group)


def _own_name(header: bytes) -> bytes:
    name = _text(header[:100])
    # Only POSIX archives have the folder here; GNU archives have times.
    prefix = _text(header[345:500]) if header[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _content(header: bytes, kind: int, size: int, here: Mapping[bytes, bytes]) -> int:
    """Return how many bytes of content follow the header."""
    if kind in _WITHOUT_CONTENT or (kind == _OLD_FILE and _text(header[:100])[-1:] == b"/"):
        return 0
    size = _decimal(here[b"size"]) if b"size" in here else size
    if size < 0:
        raise ArchiveBroken(f"it has a file of {size} bytes")
    return size


def _pass_sparse_map(source: _Source, header: bytes) -> None:
    """Skip the continuation blocks of a sparse file's map; each says whether another follows.

    Source: https://www.gnu.org/software/tar/manual/html_node/Old-GNU-Format.html
    """
    more = header[482]
    while more:
        more = source.read(_BLOCK)[504]


def _extension(source: _Source, size: int) -> bytes:
    """Return an extended header, which describes the next entry."""
    if not 0 <= size <= _LONGEST_EXTENSION:
        raise ArchiveBroken(f"it has an extended header of {size} bytes")
    return source.read(_padded(size))[:size]


def _records(text: bytes) -> dict[bytes, bytes]:
    """Return the records of an extended header: `length key=value` and a newline each, with the length in bytes."""
    found = {}
    while text.strip(b"\0"):
        length = text.partition(b" ")[0]
        end = _decimal(length)
        key, equals, value = text[len(length) + 1 : end - 1].partition(b"=")
        if not equals or text[end - 1 : end] != b"\n":
            raise ArchiveBroken("it has an extended header that cannot be read")
        found[key] = value
        text = text[end:]
    return found


def _confirm(header: bytes) -> None:
    """Check the header's checksum: the sum of its bytes, with the checksum field counted as blanks.

    The low half of Adler-32 is that sum plus one, which avoids a loop in Python.
    """
    stated = _number(header[148:156])
    blanks = 8 * 0x20
    if zlib.adler32(header) & 0xFFFF != (stated - blanks + sum(header[148:156]) + 1) % 65521 and stated != _signed_sum(
        header
    ):
        raise ArchiveBroken("it has a header with a wrong checksum")


def _signed_sum(header: bytes) -> int:
    """Return the checksum as some old tools computed it, with signed bytes."""
    return sum(byte - 256 if byte > 127 else byte for byte in header[:148] + b" " * 8 + header[156:])  # noqa: PLR2004


def _number(field: bytes) -> int:
    """Return a number written in octal digits or, when the first bit is set, in base 256.

    Source: https://www.gnu.org/software/tar/manual/html_node/Extensions.html
    """
    if field[0] & 0x80:
        value = int.from_bytes(field, "big") & ((1 << (8 * len(field) - 1)) - 1)
        return value - (1 << (8 * len(field) - 1)) if field[0] & 0x40 else value
    try:
        return int(_text(field).strip() or b"0", 8)
    except ValueError as error:
        raise ArchiveBroken("it has a header with an invalid number") from error


def _decimal(text: bytes) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise ArchiveBroken(f"it has an extended header with the invalid number {text!r}") from error


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK
