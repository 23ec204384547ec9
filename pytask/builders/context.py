"""The files of a build context, as Docker would send them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.builders.ignore import Ignored, is_ignored, read_patterns
from pytask.errors import TaskFailure
from pytask.errors.acr_context import ContextUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, a folder or a link of the context."""

    path: str
    """Relative to the context, with slashes."""
    place: str
    """Where it is on this machine."""
    status: os.stat_result


def entries(context: Path, dockerfile: Path) -> Iterator[Entry]:
    """Yield what the ignore file leaves of a context, each folder before what is in it, in order of the names.

    Raises:
        IgnorePatternInvalid: when Docker would not build with the ignore file.
        ContextUnreadable: when a folder cannot be read.
    """
    ignored = Ignored(read_patterns(ignore_file(context, dockerfile)))
    yield from _below(str(context), "", ignored, (), [])


def can_be_copied(file: Path, *, context: Path, dockerfile: Path) -> bool:
    """Tell whether `COPY .` copies a file: it is in the context, and the ignore file does not exclude it.

    An ignore file that Docker would refuse, or that cannot be read, excludes nothing.
    """
    resolved, folder = file.resolve(), context.resolve()
    if not resolved.is_relative_to(folder):
        return False
    try:
        return not is_ignored(resolved.relative_to(folder).as_posix(), ignore_file(context, dockerfile))
    except TaskFailure:
        return True


def ignore_file(context: Path, dockerfile: Path) -> str:
    """Return the text of the ignore file; one named after the Dockerfile takes precedence over the context's.

    Raises:
        ContextUnreadable: when it cannot be read.
    """
    for file in (dockerfile.with_name(f"{dockerfile.name}.dockerignore"), context / ".dockerignore"):
        try:
            text = file.read_text(encoding="utf-8", errors="surrogateescape")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            continue
        except OSError as error:
            raise _unreadable(str(file), error) from error
        if text:  # BuildKit cannot tell an empty file from none
            return text
    return ""


def _below(folder: str, path: str, ignored: Ignored, parent: Sequence[bool], held: list[Entry]) -> Iterator[Entry]:
    """Yield what is below a folder; `held` are folders that are excluded, unless something in them is kept."""
    try:
        with os.scandir(folder) as listing:
            found = sorted(listing, key=lambda one: one.name)
        for one in found:
            yield from _of(one, f"{path}{one.name}", ignored, parent, held)
    except OSError as error:
        raise _unreadable(folder, error) from error


def _of(
    found: os.DirEntry[str], path: str, ignored: Ignored, parent: Sequence[bool], held: list[Entry]
) -> Iterator[Entry]:
    excluded, matched = ignored.excludes(path, parent) if ignored.patterns else (False, [])
    is_folder = found.is_dir(follow_symlinks=False)
    if excluded and not (is_folder and ignored.may_keep_below(path)):
        return
    entry = Entry(path, found.path, found.stat(follow_symlinks=False))
    if excluded:
        held.append(entry)
    else:
        yield from held
        held.clear()
        yield entry
    if is_folder:
        yield from _below(found.path, f"{path}/", ignored, matched, held)
        if held and held[-1] is entry:
            held.pop()


def _unreadable(place: str, error: OSError) -> ContextUnreadable:
    return ContextUnreadable(path=place, reason=error.strerror or type(error).__name__)
