"""Finding the Dockerfile and its build context in the checkout.

The search is our own: it does not follow symbolic links (they can loop), it skips `.git` and `node_modules`, and only
`*` and `?` are special characters.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from pytask.errors.build_inputs import ContextNotFound, DockerfileAmbiguous, DockerfileNotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DEFAULT_PATTERN = "**/Dockerfile"
_SKIPPED = frozenset({".git", "node_modules"})
_MOST_LISTED = 10


def find_dockerfile(value: str, *, sources: Path, input_name: str) -> Path:
    """Return the one Dockerfile that a path or pattern matches.

    The agent roots file paths at the checkout, so an empty one arrives as the checkout itself and counts as not given.

    Raises:
        DockerfileNotFound: when nothing matches.
        DockerfileAmbiguous: when more than one file does.
    """
    pattern = DEFAULT_PATTERN if _is_root(value, sources) else value
    path = Path(os.path.normpath(sources / pattern))
    if "*" not in pattern and "?" not in pattern:
        if path.is_file():
            return path
        raise _not_found(pattern, sources, input_name)
    matches = sorted(_matching(path))
    if not matches:
        raise _not_found(pattern, sources, input_name)
    if len(matches) > 1:
        listed = "\n".join(shown(match, sources) for match in matches[:_MOST_LISTED])
        more = f"\nand {len(matches) - _MOST_LISTED} more" if len(matches) > _MOST_LISTED else ""
        raise DockerfileAmbiguous(input=input_name, pattern=shown(path, sources), matches=listed + more)
    return matches[0]


def find_context(value: str, *, dockerfile: Path, sources: Path, input_name: str, shared: Iterable[Path] = ()) -> Path:
    """Return the build context's folder.

    `**` as the last part means the Dockerfile's own folder, and the checkout itself means the checkout, as in Docker@2
    (https://github.com/microsoft/azure-pipelines-tasks/blob/master/Tasks/DockerV2/dockerbuild.ts). When an earlier step
    wrote the Dockerfile into one of the `shared` folders, which other steps write to as well, the checkout is the
    context.

    Raises:
        ContextNotFound: when it is not a folder.
    """
    if not value.strip() or Path(value).name == "**":
        return sources if _holds_more(dockerfile.parent, sources, shared) else dockerfile.parent
    path = Path(os.path.normpath(sources / value))
    if not path.is_dir():
        raise ContextNotFound(input=input_name, path=shown(path, sources))
    return path


def shown(path: Path, sources: Path) -> str:
    """Return a path for people: relative to the checkout when it is inside."""
    try:
        return path.relative_to(sources).as_posix()
    except ValueError:
        return str(path)


def _is_root(value: str, sources: Path) -> bool:
    """Tell whether `dockerFile` was left empty, which the agent turns into the checkout."""
    return not value.strip() or Path(os.path.normpath(sources / value)) == sources


def _holds_more(folder: Path, sources: Path, shared: Iterable[Path]) -> bool:
    """Tell whether a folder outside the checkout is or contains the checkout or one of the shared folders."""
    resolved, checkout = folder.resolve(), sources.resolve()
    if resolved.is_relative_to(checkout):
        return False
    return any(one.resolve().is_relative_to(resolved) for one in (checkout, *shared))


def _matching(pattern: Path) -> Iterator[Path]:
    """Yield the files that match an absolute pattern."""
    plain = [part for part in pattern.parts if "*" not in part and "?" not in part]
    fixed = next(i for i, part in enumerate(pattern.parts) if "*" in part or "?" in part)
    folder = Path(*plain[:fixed])
    rule = _rule(pattern.parts[fixed:])
    for file in _files_below(str(folder)):
        if rule.fullmatch(file):
            yield folder / file


def _rule(parts: tuple[str, ...]) -> re.Pattern[str]:
    """Return the pattern for a relative path: `**` matches any number of folders, `*` and `?` stay within a name."""
    *folders, last = parts
    leading = "".join("(?:[^/]+/)*" if part == "**" else _name_rule(part) + "/" for part in folders)
    return re.compile(leading + ("(?:[^/]+/)*[^/]+" if last == "**" else _name_rule(last)))


def _name_rule(part: str) -> str:
    return "".join({"*": "[^/]*", "?": "[^/]"}.get(character, re.escape(character)) for character in part)


def _files_below(folder: str, parents: str = "") -> Iterator[str]:
    """Yield the paths below a folder, with `/` between their parts, each with the `parents` before it."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in _SKIPPED:
                yield from _files_below(entry.path, f"{parents}{entry.name}/")
        elif entry.is_file(follow_symlinks=False):
            yield f"{parents}{entry.name}"


def _not_found(pattern: str, sources: Path, input_name: str) -> DockerfileNotFound:
    names = _files_below(str(sources))
    similar = sorted(name for name in names if "dockerfile" in name.rpartition("/")[2].lower())
    seen = f"; found instead: {', '.join(similar[:_MOST_LISTED])}" if similar else ""
    return DockerfileNotFound(
        input=input_name, pattern=shown(Path(sources / pattern), sources), folder=str(sources), seen=seen
    )
