"""Docker's errors about its command line, from before it builds anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.builders.docker.arguments import flag_names
from pytask.errors.build_arguments import ArgumentsNeedContainerd, ArgumentsNotUnderstood
from pytask.errors.foreign import beginning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytask.model import Recipe

_BEGINS = (
    "unknown flag: ",
    "unknown shorthand flag: ",
    "flag needs an argument: ",
    "invalid argument ",
    "bad flag syntax: ",
    "invalid boolean value",
    "failed to parse ",
)
"""https://github.com/spf13/pflag/blob/master/errors.go"""
_HOLDS = (
    " requires exactly 1 argument",
    " requires 1 argument",
    " cannot be used together",
)
"""https://github.com/docker/cli/blob/master/cli/required.go"""
_NEEDS_CONTAINERD = ("not supported for the docker driver", "not supported for docker driver")
"""The wording since buildx 0.11, and the older one. https://github.com/docker/buildx/blob/v0.29.1/build/opt.go and
https://github.com/docker/compose/issues/9832"""
_LONGEST = 300


def usage_mistake(recipe: Recipe, output: Sequence[str]) -> ArgumentsNotUnderstood | ArgumentsNeedContainerd | None:
    """Return the mistake in `arguments` that docker reports; None when the build had begun or `arguments` is empty."""
    if not recipe.flags or any(line.startswith("#") and line[1:2] in set("123456789") for line in output):
        return None
    said = next(filter(_is_of_usage, map(_plain, output)), "")
    if not said:
        return None
    kind = ArgumentsNeedContainerd if any(sign in said for sign in _NEEDS_CONTAINERD) else ArgumentsNotUnderstood
    return kind(input="arguments", said=beginning(said, _LONGEST), flags=", ".join(flag_names(recipe.flags)))


def _plain(line: str) -> str:
    return line.strip().removeprefix("ERROR: ").removeprefix("docker: ").removeprefix("failed to build: ")


def _is_of_usage(line: str) -> bool:
    return line.startswith(_BEGINS) or any(sign in line for sign in (*_HOLDS, *_NEEDS_CONTAINERD))
