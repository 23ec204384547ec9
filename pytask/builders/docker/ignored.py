"""Which files of a build context are ignored.

Source: https://docs.docker.com/build/concepts/context/#dockerignore-files
"""

from __future__ import annotations

import posixpath
import re
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_LONGEST = 4096
"""Maximum characters of a pattern, the same as of a path. https://man7.org/linux/man-pages/man3/realpath.3.html"""
_PIECE = re.compile(r"\*\*/?|\*|\?|\[(?:\\.|[^\]\\])+\]|\\?.")


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

    This keeps the set of positions in the path that the pattern can have reached, and advances it piece by piece. One
    regular expression for the whole pattern would try every way to split the path among its asterisks.
    """
    places = {0}
    for piece in _PIECE.findall(posixpath.normpath(pattern[:_LONGEST]).lstrip("/")):
        places = _behind(piece, path, places)
        if not places:
            return False
    return any(place == len(path) or path[place] == "/" for place in places)


def _behind(piece: str, path: str, places: set[int]) -> set[int]:
    """Return where one piece of a pattern may end when it begins at one of the positions."""
    first, end = min(places), len(path)
    if piece == "**":
        return set(range(first, end + 1))
    if piece == "**/":
        return places | {at + 1 for at in range(first, end) if path[at] == "/"}
    if piece == "*":
        return set(_within_a_name(path, places))
    fits = _one(piece)
    return {place + 1 for place in places if place < end and fits(path[place])}


def _within_a_name(path: str, places: set[int]) -> Iterator[int]:
    """Yield the positions themselves, and those after them up to the next slash."""
    going = False
    for at in range(min(places), len(path) + 1):
        going = at in places or (going and path[at - 1] != "/")
        if going:
            yield at


def _one(piece: str) -> Callable[[str], object]:
    """Return the test of one character: a class, `?`, or a literal; an invalid class matches nothing."""
    if piece == "?":
        return lambda character: character != "/"
    if len(piece) == 1 or not piece.startswith("["):
        return (piece.removeprefix("\\") or piece).__eq__
    with warnings.catch_warnings():  # Python warns about classes that a later version may parse differently
        warnings.simplefilter("ignore", FutureWarning)
        try:
            return re.compile(piece, re.DOTALL).fullmatch
        except re.error:
            return lambda _: False
