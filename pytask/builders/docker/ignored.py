"""Which files of a build context are ignored.

Source: https://docs.docker.com/build/concepts/context/#dockerignore-files
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

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
    """Tell whether a pattern matches a path or one of its parent folders."""
    cleaned = posixpath.normpath(pattern).lstrip("/")
    rule = "".join(map(_rule, _PIECE.findall(cleaned)))
    try:
        return re.fullmatch(f"(?:{rule})(?:/.*)?", path, re.DOTALL) is not None
    except re.error:
        return False


def _rule(piece: str) -> str:
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    if piece in known:
        return known[piece]
    return piece if len(piece) > 1 and piece.startswith("[") else re.escape(piece.removeprefix("\\") or piece)
