"""Under which circumstances a turn is measured, and what brings them about."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.agent.under_test import PYTHON
from tests.local_azure.weather import AS_RECORDED
from tests.measure.floor import DOCKER, Floor
from tests.measure.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.front.front import Call
    from tests.pipeline import Pipeline

ARM = "management.azure.com"
LATENCIES = (0, 150)
SCENARIOS = ("warm", "top", "cold", "first")


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One row of a table: what is measured under which circumstances."""

    scenario: str
    """`warm`: nothing changed; `top`: a small file of the top layer; `cold`: all layers, and no build cache.

    `first`: nothing changed, and nothing of the task's folder is in memory, as when it was unpacked long ago.
    """
    latency: int
    """Milliseconds that each ARM call takes longer."""
    verify: bool

    def __str__(self) -> str:
        return f"{self.scenario:<5} {self.latency:>4} ms  {'verify' if self.verify else 'no verify':<9}"


class Ground:
    """A pipeline and a floor with the same sources, in the state that a setting asks for."""

    def __init__(self, azure: LocalAzure, pipeline: Pipeline) -> None:
        self.azure, self.pipeline = azure, pipeline
        self.sample = Sample(pipeline.sources)
        self.floor = Floor(azure, pipeline.principal, pipeline.registry.login_server, pipeline.sources)

    def settle(self, setting: Setting) -> None:
        """Let the app's containers come up first, which would take the processor from what is measured.

        A write takes what every call takes and no more: how slow Azure is beyond that is nobody's overhead.
        """
        self.azure.settle(self.pipeline.site)
        self.azure.faults.forget()
        self.azure.use_weather(replace(AS_RECORDED, slow_write=0.0))
        if setting.latency:
            self.azure.faults.script(f" {ARM}/", status=None, delay=setting.latency / 1000, times=None)

    def change(self, setting: Setting) -> None:
        """Change the sources for whoever builds next, who would otherwise find the layers of the one before."""
        if setting.scenario == "cold":
            self.sample.renew()
            self.floor.forget_builds()
        elif setting.scenario == "top":
            self.sample.touch()


def docker_first() -> str:
    """Return this machine's PATH with the floor's docker first: another may be in the way that cannot do BuildKit."""
    return os.pathsep.join([str(PYTHON.parent), str(Path(DOCKER).parent), os.environ["PATH"]])


def arm_calls(calls: Iterable[Call]) -> int:
    """Return how many of the calls were Resource Manager's."""
    return sum(call.host == ARM for call in calls)


def span(figures: Sequence[float]) -> str:
    """Return a median with the least and the most."""
    return f"{median(figures):.2f} [{min(figures):.2f}-{max(figures):.2f}]"


def told(settings: Iterable[Setting]) -> Iterator[Setting]:
    """Say which setting is being measured, where a person looks on."""
    for setting in settings:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{setting}")
        yield setting


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
