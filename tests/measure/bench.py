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

from tests.measure.processes import watched
from tests.measure.setting import LATENCIES, SCENARIOS, Ground, Setting, arm_calls, say, span, told
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
        return arm_calls(self.calls)


class Bench:
    """The floor and the task, taking turns on the same ground."""

    def __init__(self, azure: LocalAzure, pipeline: Pipeline) -> None:
        self.azure, self.pipeline = azure, pipeline
        self.ground = Ground(azure, pipeline)
        self._numbers = itertools.count(1)

    def turn(self, setting: Setting) -> Turn:
        """Bring the sources into their state, and let the floor and the task run in it."""
        self.ground.settle(setting)
        self.ground.change(setting)
        number = next(self._numbers)
        floor = self.ground.floor.run(number)
        self.ground.change(setting)
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
        say(f"task from {asked.task}; context {bench.ground.sample}")
        say(_HEAD)
        turns = {setting: [bench.turn(setting) for _ in range(asked.rounds)] for setting in told(_settings(asked))}
        _report(asked.json, turns)
        shown = Setting(scenario="top", latency=150, verify=True)
        asked.svg.parent.mkdir(parents=True, exist_ok=True)
        asked.svg.write_text(draw(bench.turn(shown), str(shown)), encoding="utf-8")
        say(f"\nThe timeline of one run ({' '.join(str(shown).split())}): {asked.svg}")
    return 0


_HEAD = """
Seconds, medians [least-most]; overhead is the task's time above the floor's in the same turn;
'build at' is when docker build runs, calls are Resource Manager's, CPU is that of Node, Python and docker.
scenario, ARM, proof       floor               task                overhead            build at  calls  CPU   Python"""


def _row(setting: Setting, turns: list[Turn]) -> str:
    spans = (span([turn.floor for turn in turns]), span([turn.run.seconds for turn in turns]))
    overhead = span([turn.overhead for turn in turns])
    until = median(turn.until_build for turn in turns)
    calls = median(turn.arm_calls for turn in turns)
    cpu = median(turn.cost.cpu_seconds for turn in turns)
    memory = median(turn.cost.megabytes("python") for turn in turns)
    head = f"{setting!s:<26} {spans[0]:<19} {spans[1]:<19} {overhead:<19}"
    return f"{head} {until:>8.2f}  {calls:>5.0f}  {cpu:>4.2f}  {memory:>3.0f} MB"


def _report(file: Path | None, turns: dict[Setting, list[Turn]]) -> None:
    for setting, measured in turns.items():
        say(_row(setting, measured))
    if file:
        figures = {" ".join(str(setting).split()): [turn.overhead for turn in some] for setting, some in turns.items()}
        file.write_text(json.dumps(figures, indent=1), encoding="utf-8")


def _settings(asked: argparse.Namespace) -> Iterator[Setting]:
    for scenario, latency, verify in itertools.product(asked.scenarios, asked.latencies, (False, True)):
        yield Setting(scenario=scenario, latency=latency, verify=verify)


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


if __name__ == "__main__":
    sys.exit(main())
