"""`npm run bench`: what the task costs above `docker build` and `docker push`, on a local Azure.

Floor and task take turns in one sitting, on images of their own with the same content: absolute seconds of a machine
mean little, their difference much. The floor is Docker's own command line with credentials at hand.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.measure.floor import Floor
from tests.measure.processes import watched
from tests.measure.sample import Sample
from tests.measure.timeline import draw
from tests.sandbox.local_azure import LocalAzure
from tests.sandbox.pipeline import a_pipeline
from tests.sandbox.under_test import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.measure.processes import Cost
    from tests.sandbox.front import Call
    from tests.sandbox.pipeline import Pipeline
    from tests.sandbox.running_task import TaskRun

ARM = "management.azure.com"
LATENCIES = (0, 150)
SCENARIOS = ("warm", "top", "cold")


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One row of the table: what is measured under which circumstances."""

    scenario: str
    """`warm`: nothing changed; `top`: a small file of the top layer; `cold`: all layers, and no build cache."""
    latency: int
    """Milliseconds that each ARM call takes longer."""
    verify: bool

    def __str__(self) -> str:
        return f"{self.scenario:<5} {self.latency:>4} ms  {'proof' if self.verify else 'no proof':<9}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """The floor and the task, one after the other."""

    floor: float
    run: TaskRun
    cost: Cost
    calls: tuple[Call, ...]
    started: float
    """When Node was started, by the machine's monotonic clock."""

    @property
    def overhead(self) -> float:
        """Seconds that the task took longer than the floor."""
        return self.run.seconds - self.floor

    @property
    def until_build(self) -> float:
        """Seconds from the start of the task to a running `docker build`."""
        building = self.cost.began("docker build")
        return building - self.started if building else float("nan")

    @property
    def arm_calls(self) -> int:
        """Calls of Resource Manager."""
        return sum(call.host == ARM for call in self.calls)


class Bench:
    """A pipeline and a floor with the same sources."""

    def __init__(self, azure: LocalAzure, pipeline: Pipeline) -> None:
        self.azure, self.pipeline = azure, pipeline
        self.sample = Sample(pipeline.sources)
        self.floor = Floor(azure, pipeline.principal, pipeline.registry.login_server, pipeline.sources)
        self._numbers = itertools.count(1)

    def turn(self, setting: Setting) -> Turn:
        """Bring the sources into their state, and let the floor and the task run in it."""
        self._settle(setting)
        if setting.scenario == "cold":
            self.sample.renew()
            self.floor.forget_builds()
        elif setting.scenario == "top":
            self.sample.touch()
        number = next(self._numbers)
        floor = self.floor.run(number)
        if setting.scenario == "cold":  # otherwise the task would find the floor's layers
            self.sample.renew()
            self.floor.forget_builds()
        elif setting.scenario == "top":
            self.sample.touch()
        return self._task(setting, number, floor)

    def _task(self, setting: Setting, number: int, floor: float) -> Turn:
        before = len(self.azure.calls)
        inputs = {
            "imageName": "bench",
            "resourceGroupName": self.pipeline.site.resource_group,
            "verify": str(setting.verify),
        }
        with watched(self.pipeline.agent.job.lookup_id) as cost:
            running = self.pipeline.start(inputs, build_id=f"task{number}")
            run = running.wait(300)
        calls = tuple(self.azure.calls[before:])
        if run.result != "Succeeded":
            raise RuntimeError(run.log)
        started = cost.began("node") or min(life.began for life in cost.lives.values())
        return Turn(floor=floor, run=run, cost=cost, calls=calls, started=started)

    def _settle(self, setting: Setting) -> None:
        """Let the app's containers come up first: they would take the processor from what is measured."""
        self.azure.settle(self.pipeline.site)
        self.azure.faults.forget()
        if setting.latency:
            self.azure.faults.script(f" {ARM}/", status=None, delay=setting.latency / 1000, times=None)


def main() -> int:
    """Measure and print; the exit code tells nothing of budgets, as machines are noisy."""
    asked = _asked()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        LocalAzure(folder=Path(folder) / "azure", cache=ROOT / ".cache") as azure,
        a_pipeline(azure, Path(folder) / "pipeline", task=asked.task.resolve()) as pipeline,
    ):
        bench = Bench(azure, pipeline)
        for warming in (
            Setting(scenario="cold", latency=0, verify=False),
            Setting(scenario="warm", latency=0, verify=False),
        ):
            bench.turn(warming)
        _say(f"task from {asked.task}; context {bench.sample.megabytes:.0f} MB in {bench.sample.files} files")
        _say(_HEAD)
        turns = {setting: [bench.turn(setting) for _ in range(asked.rounds)] for setting in _told(_settings(asked))}
        _report(asked.json, turns)
        shown = Setting(scenario="top", latency=150, verify=True)
        asked.svg.parent.mkdir(parents=True, exist_ok=True)
        asked.svg.write_text(draw(bench.turn(shown), str(shown)), encoding="utf-8")
        _say(f"\nThe timeline of one run ({' '.join(str(shown).split())}): {asked.svg}")
    return 0


_HEAD = """
Seconds, medians [least-most]; overhead is the task's time above the floor's in the same turn;
'build at' is when docker build runs, calls are Resource Manager's, CPU is that of Node, Python and docker.
scenario, ARM, proof       floor               task                overhead            build at  calls  CPU   Python"""


def _row(setting: Setting, turns: list[Turn]) -> str:
    spans = (_span([turn.floor for turn in turns]), _span([turn.run.seconds for turn in turns]))
    overhead = _span([turn.overhead for turn in turns])
    until = median(turn.until_build for turn in turns)
    calls = median(turn.arm_calls for turn in turns)
    cpu = median(turn.cost.cpu_seconds for turn in turns)
    memory = median(turn.cost.megabytes("python") for turn in turns)
    head = f"{setting!s:<26} {spans[0]:<19} {spans[1]:<19} {overhead:<19}"
    return f"{head} {until:>8.2f}  {calls:>5.0f}  {cpu:>4.2f}  {memory:>3.0f} MB"


def _report(file: Path | None, turns: dict[Setting, list[Turn]]) -> None:
    for setting, measured in turns.items():
        _say(_row(setting, measured))
    if file:
        figures = {" ".join(str(setting).split()): [turn.overhead for turn in some] for setting, some in turns.items()}
        file.write_text(json.dumps(figures, indent=1), encoding="utf-8")


def _span(seconds: list[float]) -> str:
    return f"{median(seconds):.2f} [{min(seconds):.2f}-{max(seconds):.2f}]"


def _settings(asked: argparse.Namespace) -> Iterator[Setting]:
    for scenario, latency, verify in itertools.product(asked.scenarios, asked.latencies, (False, True)):
        yield Setting(scenario=scenario, latency=latency, verify=verify)


def _told(settings: Iterator[Setting]) -> Iterator[Setting]:
    """Say which setting is being measured, where a person looks on."""
    for setting in settings:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{setting}")
        yield setting


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="npm run bench --", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="turns of each setting (default: 5)")
    parser.add_argument(
        "--task", type=Path, default=ROOT / "task", help="folder of the task (default: the source tree's)"
    )
    parser.add_argument("--scenarios", nargs="+", default=list(SCENARIOS), choices=SCENARIOS)
    parser.add_argument("--latencies", nargs="+", type=int, default=list(LATENCIES), help="of ARM calls, milliseconds")
    parser.add_argument("--svg", type=Path, default=ROOT / "build" / "timeline.svg", help="where the timeline is drawn")
    parser.add_argument("--json", type=Path, default=None, help="where the overheads of all turns are written")
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
