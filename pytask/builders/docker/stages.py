"""The stages of a Dockerfile that a build needs, and the ones whose results a cache must keep.

Source: https://docs.docker.com/build/building/multi-stage/
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytask.builders.docker.instructions import mounts_of, with_variables
from pytask.builders.docker.syntax import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytask.builders.docker.syntax import Dockerfile

_MAKE_LAYERS = frozenset({"RUN", "COPY", "ADD", "WORKDIR"})


@dataclass(slots=True)
class Stage:
    """One stage of a Dockerfile."""

    name: str
    """In lower case; empty when it has none."""
    number: int
    base: str
    """The image or stage after FROM."""
    sources: list[str] = field(default_factory=list)
    """What COPY --from and RUN --mount=from= name: images, and stages by name or number."""
    layers: int = 0
    """How many instructions of its own make a layer."""

    @property
    def shown(self) -> str:
        """How BuildKit calls it in its output."""
        return self.name or f"stage-{self.number}"


def stages_of(dockerfile: Dockerfile, arguments: Mapping[str, str]) -> tuple[Stage, ...]:
    """Return the stages in order, with variables replaced by the given build arguments or their defaults."""
    stages: list[Stage] = []
    for name, text in with_variables(dockerfile, arguments):
        if name == "FROM":
            stages.append(_begun(text, len(stages)))
        elif stages:
            stages[-1].layers += name in _MAKE_LAYERS
            stages[-1].sources += _sources(name, text)
    return tuple(stages)


def stages_to_keep(stages: Sequence[Stage], target: str) -> tuple[Stage, ...]:
    """Return the stages whose layers, together, are all those of a build of `target`, its own last.

    A stage that another one of them begins from is left out: that one has its layers. One without a name cannot be
    built on its own and is left out as well, unless it is the last.
    """
    last = _named(stages, target) if target else (stages[-1] if stages else None)
    if last is None:
        return ()
    buildable = [one for one in _needed(stages, last) if one is last or one.name]
    begun_from = {id(_named(stages, one.base, before=one.number)) for one in buildable}
    return tuple(one for one in buildable if one is last or (_has_layers(stages, one) and id(one) not in begun_from))


def with_bases(stages: Sequence[Stage], stage: Stage) -> tuple[Stage, ...]:
    """Return a stage and those that it begins from, the stage itself first."""
    base = _named(stages, stage.base, before=stage.number)
    return (stage, *with_bases(stages, base)) if base else (stage,)


def unnamed(stages: Sequence[Stage], target: str) -> tuple[Stage, ...]:
    """Return the stages that a build of `target` needs and that have layers, but no name to build them by."""
    last = _named(stages, target) if target else (stages[-1] if stages else None)
    needed = _needed(stages, last) if last else ()
    return tuple(one for one in needed if one is not last and one.layers and not one.name)


def _begun(text: str, number: int) -> Stage:
    given = [word for word in words(text) if not word.startswith("--")]
    base, *rest = given or [""]
    named = len(rest) > 1 and rest[0].upper() == "AS"
    return Stage(name=rest[1].lower() if named else "", number=number, base=base)


def _sources(name: str, text: str) -> Iterator[str]:
    if name == "COPY":
        for word in words(text):
            if not word.startswith("--"):
                return
            if word.startswith("--from="):
                yield word.removeprefix("--from=")
    elif name == "RUN":
        for mount in mounts_of(text):
            yield from (part[len("from=") :] for part in mount.split(",") if part.startswith("from="))


def _needed(stages: Sequence[Stage], last: Stage) -> tuple[Stage, ...]:
    """Return a stage and all those that it needs, in the Dockerfile's order."""
    found, left = {last.number}, [last]
    while left:
        stage = left.pop()
        used = [_named(stages, stage.base, before=stage.number)]
        used += [_numbered(stages, name, before=stage.number) for name in stage.sources]
        new = [one for one in used if one and one.number not in found]
        found.update(one.number for one in new)
        left += new
    return tuple(stage for stage in stages if stage.number in found)


def _has_layers(stages: Sequence[Stage], stage: Stage) -> bool:
    """Tell whether a stage has layers that are not of an image that it begins from."""
    return any(one.layers for one in with_bases(stages, stage))


def _numbered(stages: Sequence[Stage], name: str, *, before: int) -> Stage | None:
    """Return the stage of a name or number before another one; None when it means an image."""
    if name.isdecimal():
        return stages[int(name)] if int(name) < before else None
    return _named(stages, name, before=before)


def _named(stages: Sequence[Stage], name: str, *, before: int | None = None) -> Stage | None:
    """Return the last stage of a name before another one; None when there is none, and the name means an image."""
    return next((one for one in reversed(stages[:before]) if one.name and one.name == name.lower()), None)
