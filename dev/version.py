"""Sets the version everywhere it stands: `python -m dev.version 1.2.3`. `npm run version:set 1.2.3` does the same.

Agents and organizations keep a task by its version: content that changed under an old one is not delivered.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_JSON = r'^(  "version": )"[^"]*"'
PLACES = {
    "pytask/__init__.py": r'^(__version__ = )"[^"]*"',
    "pyproject.toml": r'^(version = )"[^"]*"',
    "package.json": _JSON,
    "vss-extension.json": _JSON,
    "package-lock.json": r'^(  "version": |    "": \{\n      "name": "[^"]+",\n      "version": )"[^"]*"',
}
"""Where the version stands between quotation marks, at the end of what the expression finds."""
_IN_TASK = re.compile(r'^(  "version": )\{[^}]*\}', re.MULTILINE)


def set_version(version: str, root: Path = ROOT) -> None:
    """Write a version into every file that has it.

    Raises:
        ValueError: when it is not three numbers, or a file has no place for it.
    """
    found = _VERSION.fullmatch(version)
    if not found:
        raise ValueError(f"{version} is no version: three numbers with dots between, such as 1.4.0")
    for name, place in PLACES.items():
        _replace(root / name, re.compile(place, re.MULTILINE), rf'\g<1>"{version}"')
    major, minor, patch = found.groups()
    parts = f'{{ "Major": {major}, "Minor": {minor}, "Patch": {patch} }}'
    _replace(root / "task" / "task.json", _IN_TASK, rf"\g<1>{parts}")


def _replace(path: Path, place: re.Pattern[str], new: str) -> None:
    text, count = place.subn(new, path.read_text(encoding="utf-8"))
    if not count:
        raise ValueError(f"{path} has no version")
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    try:
        set_version(" ".join(sys.argv[1:]))
    except ValueError as error:
        sys.exit(f"version:set: {error}")
