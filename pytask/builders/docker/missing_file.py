"""A file that COPY or ADD did not find, and where it is instead."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pytask.builders.context import can_be_copied
from pytask.builders.docker.dockerfile import shown
from pytask.errors.build import BuildCause

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytask.model import Recipe

_QUOTED_ENDS = ('": not found', '" not found')
_UNQUOTED = (": file does not exist", ": no such file or directory")
_TEMPORARY = ("/buildkit-mount", "/docker-builder")
_OUTSIDE = "forbidden path outside the build context: "
_PATTERN = frozenset("*?[")


def missing_file(said: str) -> str:
    """Return the path that Docker did not find, in Docker's words; empty when none is missing.

    Sources: https://github.com/moby/buildkit/issues/4128, https://github.com/moby/buildkit/issues/1939
    and https://github.com/moby/moby/blob/v20.10.24/builder/dockerfile/copy.go
    """
    if _OUTSIDE in said:
        return said.partition(_OUTSIDE)[2].split(maxsplit=1)[0]
    for end in _QUOTED_ENDS:
        before, found, _ = said.rpartition(end)
        if found and '"' in before:
            return before.rpartition('"')[2]
    for end in _UNQUOTED:
        before, found, _ = said.rpartition(end)
        if found:
            return _without_temporary(before.rpartition(" ")[2])
    return ""


def why_missing(path: str, step: str, said: str, recipe: Recipe) -> tuple[BuildCause, str]:
    """Return why a file was not found, and its actual folder or name (empty when it is nowhere)."""
    if _OUTSIDE in said:
        return BuildCause.FILE_OUTSIDE, ""
    if "--from=" in step:
        return BuildCause.FILE_NOT_IN_STAGE, ""
    name = path.strip("/")
    parts = PurePosixPath(name).parts
    if not name or ".." in parts or _PATTERN & set(name):
        return BuildCause.FILE_MISSING, ""
    with suppress(OSError, ValueError):
        return _sought(name, parts, recipe)
    return BuildCause.FILE_MISSING, ""


def _sought(name: str, parts: tuple[str, ...], recipe: Recipe) -> tuple[BuildCause, str]:
    file = recipe.context / name
    if file.exists():
        hidden = not can_be_copied(file, context=recipe.context, dockerfile=recipe.dockerfile)
        return (BuildCause.FILE_HIDDEN if hidden else BuildCause.FILE_MISSING), ""
    if other := _in_other_case(recipe.context, parts):
        return BuildCause.FILE_IN_OTHER_CASE, other
    folder = next((folder for folder in _others(recipe) if (folder / name).exists()), None)
    return (BuildCause.FILE_ELSEWHERE, shown(folder, recipe.sources)) if folder else (BuildCause.FILE_MISSING, "")


def _others(recipe: Recipe) -> Iterator[Path]:
    """Yield the folders that may have been mistaken for the context: the Dockerfile's, and parents of both."""
    for folder in (recipe.dockerfile.parent, *recipe.context.parents, *recipe.dockerfile.parents):
        if folder != recipe.context and folder.is_relative_to(recipe.sources):
            yield folder


def _in_other_case(folder: Path, parts: tuple[str, ...]) -> str:
    """Return the context's spelling of a path that differs only in case; empty when there is none."""
    found: list[str] = []
    for part in parts:
        names = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
        same = next((name for name in names if name == part), None)
        same = same or next((name for name in names if name.lower() == part.lower()), None)
        if same is None:
            return ""
        found.append(same)
        folder /= same
    return "/".join(found)


def _without_temporary(path: str) -> str:
    """Return a path without Docker's temporary folder for the context."""
    for sign in _TEMPORARY:
        _, found, rest = path.partition(sign)
        if found:
            return f"/{rest.partition('/')[2]}"
    return path
