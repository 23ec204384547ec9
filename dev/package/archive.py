"""Write zip files whose bytes are always the same for the same content: `archive.py VSIX` rewrites one.

Entries are sorted by name, without dates, owners or traces of the system.
cpython.mjs runs this script, so that the compression is also the same on every machine.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NO_DATE = (1980, 1, 1, 0, 0, 0)
_PLAIN_FILE = 0o100644 << 16
_UNIX = 3
_LOCAL_HEADER = 30
"""Bytes before an entry's name. https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT (4.3.7)"""


def write_archive(path: Path, content: Mapping[str, bytes], *, compressed: bool) -> None:
    """Write a zip file with `content` by name."""
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(content):
            entry = zipfile.ZipInfo(name, _NO_DATE)
            entry.compress_type, entry.external_attr, entry.create_system = method, _PLAIN_FILE, _UNIX
            archive.writestr(entry, content[name], compresslevel=9)


def index(archive: Path | IO[bytes]) -> str:
    """Return an archive's index for launch.py, one line a module: name, offset, size in bytes, name of its file."""
    with zipfile.ZipFile(archive) as opened:
        entries = opened.infolist()
    return "".join(_line(entry) for entry in entries if entry.filename.endswith(".pyc"))


def _line(entry: zipfile.ZipInfo) -> str:
    module = entry.filename.removesuffix(".pyc").removesuffix("/__init__").replace("/", ".")
    start = entry.header_offset + _LOCAL_HEADER + len(entry.filename)
    return f"{module} {start} {entry.file_size} {entry.filename}\n"


def rewrite(path: Path) -> None:
    """Rewrite a zip file by the rules above."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    write_archive(path, content, compressed=True)


if __name__ == "__main__":
    rewrite(Path(sys.argv[1]))
