"""Compile a tree of modules with the Python that runs this script: `bytecode.py SOURCES TARGET PREFIX`.

Every `.py` below SOURCES becomes a `.pyc` in the same place below TARGET. Python does not check it against its source,
because the files of a package are never edited and their dates mean nothing. Tracebacks show PREFIX before file names.
Run by cpython.mjs. https://peps.python.org/pep-0552/
"""

from __future__ import annotations

import importlib.util
import marshal
import sys
import warnings
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

UNCHECKED = (0b01).to_bytes(4, "little")


def main(sources: str, target: str, prefix: str) -> None:
    """Compile all modules, always in the same order: each module can influence the bytes of those after it."""
    warnings.simplefilter("ignore")  # about oddities in libraries that are not errors
    for file in sorted(Path(sources).rglob("*.py")):
        place = file.relative_to(sources)
        made = Path(target, place).with_suffix(".pyc")
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_bytes(_compiled(file.read_bytes(), prefix + place.as_posix()))


def _compiled(source: bytes, name: str) -> bytes:
    code = compile(source, name, "exec", dont_inherit=True, optimize=0)
    held = list(_texts(code))  # marshal writes a text differently if something else refers to it too
    made = importlib.util.MAGIC_NUMBER + UNCHECKED + importlib.util.source_hash(source) + marshal.dumps(code)
    held.clear()
    return made


def _texts(part: object) -> Iterator[str]:
    """Return all texts in a piece of code."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, (tuple, frozenset)):
        for one in part:
            yield from _texts(one)
    elif isinstance(part, CodeType):
        for name in dir(part):
            if name.startswith("co_") and not callable(getattr(part, name)):
                yield from _texts(getattr(part, name))


main(*sys.argv[1:])
