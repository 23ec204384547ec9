"""Which files of a build context are ignored.

Source: https://docs.docker.com/build/concepts/context/#dockerignore-files
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_FOLDERS, _ANYTHING, _NAME = "**/", "**", "*"


def can_be_copied(file: Path, *, context: Path, dockerfile: Path) -> bool:
    """Tell whether `COPY .` copies a file: it is in the context, and no ignore file excludes it."""
    resolved, folder = file.resolve(), context.resolve()
    if not resolved.is_relative_to(folder):
        return False
    return not is_ignored(resolved.relative_to(folder).as_posix(), _patterns(context, dockerfile))


def is_ignored(path: str, patterns: str) -> bool:
    """Tell whether an ignore file's text excludes a path of the context; the last matching line decides."""
    ignored = False
    for line in patterns.splitlines():
        pattern, keep = line.strip().removeprefix("!").strip(), line.strip().startswith("!")
        if pattern and not line.startswith("#") and _matches(path, pattern):
            ignored = not keep
    return ignored


def _patterns(context: Path, dockerfile: Path) -> str:
    """Return the ignore file's text; one named after the Dockerfile takes precedence over the context's."""
    for file in (dockerfile.with_name(f"{dockerfile.name}.dockerignore"), context / ".dockerignore"):
        if file.is_file():
            return file.read_text(encoding="utf-8-sig", errors="replace")
    return ""


def _matches(path: str, pattern: str) -> bool:
    """Tell whether a pattern matches a path or one of its parent folders.

    The pattern is matched piece by piece against all places of the path at once, so it takes no more time than both
    are long, whatever stars it has. Places are the bits of a number; bit 0 is before the first letter.
    """
    slashes = _where(path, "/".__eq__)
    places = 1
    for piece in _pieces(posixpath.normpath(pattern).lstrip("/")):
        if piece in {_FOLDERS, _ANYTHING}:
            following = (1 << len(path) + 1) - (places & -places)
            places = places | (following & slashes) << 1 if piece == _FOLDERS else following
        elif piece == _NAME:
            places = _within_name(places, path)
        else:
            places = (places & _where(path, _letters(piece))) << 1
        if not places:
            return False
    return bool(places & (slashes | 1 << len(path)))


def _where(path: str, fits: Callable[[str], object]) -> int:
    """Return the places before the letters that fit."""
    return int("".join("1" if fits(letter) else "0" for letter in reversed(path)) or "0", 2)


def _within_name(places: int, path: str) -> int:
    """Return the places that can be reached without passing a slash."""
    found, reached = [], False
    for number, letter in enumerate(f"{path}/"):
        reached = reached or bool(places >> number & 1)
        found.append("1" if reached else "0")
        reached = reached and letter != "/"
    return int("".join(reversed(found)), 2)


def _letters(piece: str) -> Callable[[str], object]:
    """Return what tells whether a letter fits a piece that stands for one letter; a bad class fits none."""
    if piece == "?":
        return "/".__ne__
    if not piece.startswith("[") or len(piece) == 1:
        return piece[-1].__eq__
    try:
        return re.compile(piece, re.DOTALL).fullmatch
    except re.error:
        return lambda _: False


def _pieces(pattern: str) -> Iterator[str]:
    """Yield the parts of a pattern: wildcards, classes such as `[a-z]`, and letters, escaped or not."""
    at, classes = 0, True
    while at < len(pattern):
        wild = next((one for one in (_FOLDERS, _ANYTHING, _NAME) if pattern.startswith(one, at)), "")
        end = _end_of_class(pattern, at) if classes and pattern[at] == "[" else 0
        # When one class has no end, no later one has.
        classes = classes and end >= 0
        escaped = 2 if pattern[at] == "\\" and at + 1 < len(pattern) else 1
        length = len(wild) or (end - at if end > 0 else escaped)
        yield pattern[at : at + length]
        at += length


def _end_of_class(pattern: str, begin: int) -> int:
    """Return where a class ends; 0 for an empty one, which is none, and -1 when it does not end."""
    at = begin + 1
    while at < len(pattern) and pattern[at] != "]":
        at += 2 if pattern[at] == "\\" else 1
    if at >= len(pattern):
        return -1
    return at + 1 if at > begin + 1 else 0
