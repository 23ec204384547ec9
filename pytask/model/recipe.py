"""How an image is built, apart from its names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from pytask.model.cache import BuildCache
    from pytask.model.connection import Secret


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildArgument:
    """One `--build-arg`; without a value, Docker takes it from the environment."""

    name: str
    value: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildSecret:
    """A secret for `RUN --mount=type=secret,id=…`."""

    id: str
    content: Secret | Path
    """The text itself, or the file that contains it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """Everything that `docker build` needs except the image's names."""

    dockerfile: Path
    context: Path
    sources: Path
    """The folder of the checkout."""
    platform: str
    target: str
    """A stage of the Dockerfile; empty for the last."""
    arguments: tuple[BuildArgument, ...]
    secrets: tuple[BuildSecret, ...]
    labels: tuple[tuple[str, str], ...]
    flags: tuple[str, ...]
    """Extra flags; a known flag is joined to its value by `=`."""
    cache: BuildCache | None = None
    """The build cache; its registry is known when the build begins."""
