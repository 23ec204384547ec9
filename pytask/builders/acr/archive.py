"""The build context as one compressed archive, whose bytes depend on nothing but names, modes and contents.

Python's `tarfile` writes what is rare; it needs twice the time for the header of an ordinary file.
Source of the format: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06
"""

from __future__ import annotations

import os
import stat
import sys
import tarfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.builders.context import Entry, entries
from pytask.errors.acr_context import ContextChanged, ContextUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RESERVED = ".function-app-container-deploy"
"""The folder of the archive with the Dockerfile, which may be anywhere, and an ignore file that hides this folder."""
DOCKERFILE = f"{RESERVED}/Dockerfile"
_MTIME = 499_162_500
"""Seconds: 1985-10-26T08:15:00Z, as in npm's packages. Zip archives, such as Python's wheels, know no year before 1980.
https://github.com/npm/pacote/blob/main/lib/util/tar-create-options.js"""
_BLOCK = 512
_AT_ONCE = 1 << 20
"""Bytes that are read at once, and the most of a file that is read whole."""
_LEVEL = 1
"""Of the compression: to send an archive to Azure takes less time than to compress it better."""
_GZIP = 31
"""zlib's `wbits` for a gzip header, which then has no time."""
_LONGEST_NAME, _LARGEST = 100, 8**11


@dataclass(frozen=True, slots=True)
class Packed:
    """How much was packed so far."""

    files: int = 0
    size: int = 0
    """Bytes, uncompressed."""


def packed(context: Path, dockerfile: Path) -> Iterator[tuple[bytes, Packed]]:
    """Yield the compressed archive of a context in pieces, each with how much was packed by then.

    Raises:
        ContextUnreadable, ContextChanged, IgnorePatternInvalid: when Docker could not build with it either.
    """
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    files = size = 0
    gathered: list[bytes] = []
    waiting = 0
    for piece, is_file in _tar(context, dockerfile):
        files += is_file
        size += len(piece)
        gathered.append(piece)
        waiting += len(piece)
        if waiting >= _AT_ONCE:
            yield compressor.compress(b"".join(gathered)), Packed(files, size)
            gathered, waiting = [], 0
    yield compressor.compress(b"".join(gathered)) + compressor.flush(), Packed(files, size)


def _tar(context: Path, dockerfile: Path) -> Iterator[tuple[bytes, bool]]:
    """Yield the archive in pieces; with the first one of a file, true."""
    yield from _own(dockerfile)
    for entry in entries(context, dockerfile):
        if entry.path != RESERVED and not entry.path.startswith(f"{RESERVED}/"):
            yield from _entry(entry)
    yield b"\0" * (2 * _BLOCK), False


def _own(dockerfile: Path) -> Iterator[tuple[bytes, bool]]:
    try:
        text = dockerfile.read_bytes()
    except OSError as error:
        raise ContextUnreadable(path=str(dockerfile), reason=error.strerror or type(error).__name__) from error
    yield _header(f"{RESERVED}/", "5", 0o755, 0), False
    for name, content in ((DOCKERFILE, text), (f"{DOCKERFILE}.dockerignore", f"{RESERVED}\n".encode())):
        yield _header(name, "0", 0o644, len(content)) + _padded(content, len(content)), False


def _entry(entry: Entry) -> Iterator[tuple[bytes, bool]]:
    mode = entry.status.st_mode
    if stat.S_ISREG(mode):
        yield from _file(entry)
    elif stat.S_ISDIR(mode):
        yield _header(f"{entry.path}/", "5", _mode(mode), 0), False
    elif stat.S_ISLNK(mode):
        yield _header(entry.path, "2", 0o777, 0, os.readlink(entry.place)), True  # noqa: PTH115 - a text


def _file(entry: Entry) -> Iterator[tuple[bytes, bool]]:
    mode, left = _mode(entry.status.st_mode), 0
    try:
        with open(entry.place, "rb", buffering=0) as file:  # noqa: PTH123 - a third faster than Path.open
            if entry.status.st_size < _AT_ONCE:
                content = file.readall()
                yield _header(entry.path, "0", mode, len(content)) + _padded(content, len(content)), True
                return
            size = left = os.fstat(file.fileno()).st_size
            yield _header(entry.path, "0", mode, size), True
            while left > 0 and (piece := file.read(min(_AT_ONCE, left))):
                left -= len(piece)
                yield (piece if left else _padded(piece, size)), False
    except OSError as error:
        raise ContextUnreadable(path=entry.path, reason=error.strerror or type(error).__name__) from error
    if left:
        raise ContextChanged(path=entry.path)


def _padded(content: bytes, size: int) -> bytes:
    """Return the last bytes of a file of `size` bytes, filled up to a whole block."""
    return content + b"\0" * (-size % _BLOCK)


def _mode(mode: int) -> int:
    """Return the permissions; Windows has none, and there every file is executable, as with Docker's command."""
    return mode & 0o755 | 0o111 if sys.platform == "win32" else mode & 0o7777


def _header(name: str, kind: str, mode: int, size: int, link: str = "") -> bytes:
    path, target = (os.fsencode(text) for text in (name, link))
    if len(path) > _LONGEST_NAME or len(target) > _LONGEST_NAME or size >= _LARGEST or not (name + link).isascii():
        return _rare_header(name, kind, mode, size, link)
    fields = b"%s%07o\0%07o\0%07o\0%011o\0%011o\0        %s%sustar\x0000" % (
        path.ljust(100, b"\0"), mode, 0, 0, size, _MTIME, kind.encode(), target.ljust(100, b"\0"),
    )  # fmt: skip
    block = bytearray(fields.ljust(_BLOCK, b"\0"))
    block[148:155] = b"%06o\0" % sum(block)
    return bytes(block)


def _rare_header(name: str, kind: str, mode: int, size: int, link: str) -> bytes:
    entry = tarfile.TarInfo(name.rstrip("/"))
    entry.type, entry.mode, entry.size, entry.mtime, entry.linkname = kind.encode(), mode, size, _MTIME, link
    return entry.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
