"""Set the version in every file that contains it: `python -m dev.version 1.2.3`, or `npm run version:set 1.2.3`.

Agents and organizations cache a task by its version, so they do not pick up changes under an old version.
`python -m dev.version --released v1.2.3` tells whether a tag, the version and the changelog say the same.
"""

from __future__ import annotations

import json
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


def release_problems(tag: str, root: Path = ROOT) -> list[str]:
    """Return what keeps a tag from being released, one sentence each: tag, version and changelog must agree."""
    manifest = json.loads((root / "vss-extension.json").read_text(encoding="utf-8"))
    version, changes = manifest["version"], (root / "CHANGELOG.md").read_text(encoding="utf-8")
    _, _, unreleased = changes.partition("## [Unreleased]\n")
    dated = re.search(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$", changes, re.MULTILINE)
    found = [] if tag == f"v{version}" else [f"the tag is {tag}, the version is {version} (npm run version:set)"]
    found += [] if dated else [f"CHANGELOG.md has no line '## [{version}] - YYYY-MM-DD'"]
    if unreleased.partition("\n## ")[0].strip():
        found.append("CHANGELOG.md still has changes under [Unreleased]")
    return found


def _replace(path: Path, place: re.Pattern[str], new: str) -> None:
    text, count = place.subn(new, path.read_text(encoding="utf-8"))
    if not count:
        raise ValueError(f"{path} has no version")
    path.write_text(text, encoding="utf-8")


def main(words: list[str]) -> str | int:
    """Set the version, or with `--released` check a tag, and return the exit code or what is wrong."""
    if words[:1] == ["--released"]:
        return "\n".join(release_problems(" ".join(words[1:]))) or 0
    try:
        set_version(" ".join(words))
    except ValueError as error:
        return f"version:set: {error}"
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
