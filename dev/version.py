"""Set the version in every file that contains it: `python -m dev.version 1.2.3`, or `npm run version:set 1.2.3`.

Agents and organizations cache a task by its version, so they do not pick up changes under an old version.
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
"""For each file, an expression that ends where the version begins; the version is in quotation marks."""
_IN_TASK = re.compile(r'^(  "version": )\{[^}]*\}', re.MULTILINE)


def set_version(version: str, root: Path = ROOT) -> None:
    """Write a version into every file that contains one.

    Raises:
        ValueError: when the version is not three numbers, or a file does not contain one.
    """
    found = _VERSION.fullmatch(version)
    if not found:
        raise ValueError(f"{version} is not a version: give three numbers with dots between, such as 1.4.0")
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
