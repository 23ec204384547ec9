"""What a build did at each step of its Dockerfile: ran it, or took it from a cache; read from its output.

Source: https://github.com/moby/buildkit/blob/master/util/progress/progressui/printer.go
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_STEP = re.compile(r"#(\d+) \[(?:(?P<stage>\S+(?: \S+)?) )?\d+/\d+\] (?P<what>.+)", re.ASCII)
"""`#7 [build 2/4] RUN npm ci`; the stage has the platform before it when there are several, and no name when there is
one."""
_END = re.compile(r"#(\d+) (?:(?P<cached>CACHED)|DONE (?P<seconds>[\d.]+)s)", re.ASCII)
_LOADED = re.compile(r"#(\d+) (?:extracting )?sha256:[0-9a-f]{64}\b", re.ASCII)
"""The layers of a cached step, which are loaded where another step needs them: the step ends with `DONE` then."""
_PRINTED = re.compile(r"#(\d+) \d+\.\d+ ", re.ASCII)
"""What an instruction itself prints, after the seconds that it has run."""
_PULLS = "FROM "
_BASE = re.compile(
    r"#\d+ (?:\[(?:\S+(?: \S+)? )?\d+/\d+\] )?FROM (?P<name>[^\s@]+)@(?P<digest>sha256:[0-9a-f]{64})", re.ASCII
)
"""`#5 [build 1/4] FROM docker.io/library/node:20@sha256:…`, without the stage for an image that COPY --from names. An
image that the engine has already may be named without a digest."""
_LONGEST = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One instruction that a build has come to the end of."""

    stage: str
    """The name in the Dockerfile, `stage-1` for a stage without one, empty for the only stage."""
    what: str
    """The instruction, cut where it is long."""
    seconds: float = 0.0
    """What running it took; 0 for one that was cached."""
    cached: bool = False

    @property
    def name(self) -> str:
        """What tells it from other steps, in the same build and in the next one."""
        return f"{self.stage} {self.what}" if self.stage else self.what


@dataclass(slots=True)
class Steps:
    """Takes the lines of a build's output, and tells its steps."""

    _named: dict[str, Step] = field(default_factory=dict)
    _ended: dict[str, Step] = field(default_factory=dict)
    _loaded: set[str] = field(default_factory=set)
    """The steps whose layers were loaded, and that have printed nothing since."""
    bases: dict[str, str] = field(default_factory=dict)
    """The digest that each base image had, by its name; filled as the build prints them."""

    def take(self, line: str) -> None:
        """Take one line of output, whatever it is."""
        if base := _BASE.fullmatch(line.strip()):
            self.bases[base["name"]] = base["digest"]
        elif begun := _STEP.fullmatch(line.strip()):
            what = begun["what"][:_LONGEST]
            if not what.startswith(_PULLS):
                stage = (begun["stage"] or "").rpartition(" ")[2]
                self._named.setdefault(begun[1], Step(stage=stage, what=what))
        elif loaded := _LOADED.match(line.strip()):
            self._loaded.add(loaded[1])
        elif printed := _PRINTED.match(line):
            self._loaded.discard(printed[1])
        elif ended := _END.fullmatch(line.strip()):
            self._end(ended[1], float(ended["seconds"] or 0.0), cached=ended["cached"] is not None)

    @property
    def all(self) -> tuple[Step, ...]:
        """The steps that ended, in the order in which they began; what was never needed is not among them."""
        return tuple(self._ended[number] for number in self._named if number in self._ended)

    @property
    def ran(self) -> tuple[Step, ...]:
        """The steps that no cache had."""
        return tuple(step for step in self.all if not step.cached)

    @property
    def cached(self) -> tuple[Step, ...]:
        """The steps that a cache had."""
        return tuple(step for step in self.all if step.cached)

    def _end(self, number: str, seconds: float, *, cached: bool) -> None:
        step = self._named.get(number)
        if step is None:
            return
        before = self._ended.get(number)
        # A step that is said to be cached may be run after all, when what was cached cannot be loaded.
        runs = not cached and number not in self._loaded and (before is None or not before.cached or seconds > 0)
        self._ended[number] = Step(stage=step.stage, what=step.what, seconds=seconds if runs else 0.0, cached=not runs)


def saved(steps: Steps, known: Mapping[str, float]) -> float:
    """Return the seconds that the cached steps took when they ran last, as far as `known` has them by step name."""
    return sum(known.get(step.name, 0.0) for step in steps.cached)
