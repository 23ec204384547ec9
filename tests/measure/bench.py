"""`npm run bench`: what the task costs above `docker build` and `docker push`, on a local Azure.

Floor, the source tree's task and the packed one take turns in one sitting, on images of their own with the same
content: absolute seconds of a machine mean little, their difference much. The floor is Docker's own command line with
credentials at hand.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.agent.agent import Agent
from tests.agent.under_test import ROOT
from tests.local_azure.azure import LocalAzure
from tests.measure.budgets import BUDGETS, LAG, Figures, tell_budgets
from tests.measure.package import forget, seconds_to_unpack
from tests.measure.plot import Panel, plot
from tests.measure.processes import watched
from tests.measure.setting import LATENCIES, SCENARIOS, Ground, Setting, arm_calls, docker_first, say, span, told
from tests.measure.timeline import draw
from tests.package.unpacked import packed, unpacked
from tests.pipeline import a_pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.agent.running_task import TaskRun
    from tests.local_azure.front.front import Call
    from tests.measure.processes import Cost
    from tests.pipeline import Pipeline

SOURCE, PACKAGE = "source", "package"


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """The floor and the task, one after the other."""

    floor: float
    run: TaskRun
    cost: Cost
    calls: tuple[Call, ...]
    started: float
    """When Node was started, by the machine's monotonic clock."""
    lag: float | None
    """Seconds from the platform's "ready" to the verdict; None without verification."""

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
    def cpu_seconds(self) -> float:
        """Of Node, Python and the docker command."""
        return self.cost.cpu_seconds

    @property
    def arm_calls(self) -> int:
        """Calls of Resource Manager."""
        return arm_calls(self.calls)


class Bench:
    """The floor and the tasks, taking turns on the same ground."""

    def __init__(self, azure: LocalAzure, pipelines: Mapping[str, Pipeline], folders: Mapping[str, Path]) -> None:
        self.azure, self.pipelines, self._folders = azure, pipelines, folders
        self.ground = Ground(azure, next(iter(pipelines.values())))
        self._numbers = itertools.count(1)

    def turn(self, setting: Setting) -> dict[str, Turn]:
        """Bring the sources into their state, and let the floor and each task run in it."""
        number = next(self._numbers)
        self.ground.settle(setting)
        self.ground.change(setting)
        floor = self.ground.floor.run(number)
        # Who goes first changes, as whoever follows finds the processor's caches full of the same.
        names = sorted(self.pipelines, reverse=bool(number % 2))
        return {name: self._task(name, setting, f"{name}{number}", floor) for name in names}

    def calls(self, name: str, **inputs: str) -> tuple[Call, ...]:
        """Return the calls of one deployment with further inputs."""
        setting = Setting(scenario="warm", latency=0, verify=False)
        return self._task(name, setting, f"calls{next(self._numbers)}", 0.0, **inputs).calls

    def _task(self, name: str, setting: Setting, build_id: str, floor: float, **more: str) -> Turn:
        pipeline = self.pipelines[name]
        self.ground.settle(setting)
        self.ground.change(setting)
        if setting.scenario == "first":
            forget(self._folders[name])
        before = len(self.azure.calls)
        group, verdicts = pipeline.site.resource_group, list[float]()
        inputs = {"imageName": name, "resourceGroupName": group, "verify": str(setting.verify), **more}
        with watched(pipeline.agent.job.lookup_id) as cost:
            run = pipeline.start(inputs, build_id=build_id, on_line=lambda line: _note_verdict(line, verdicts)).wait(
                300
            )
        if run.result != "Succeeded":
            raise RuntimeError(run.log)
        started = cost.began("node") or min(life.began for life in cost.lives.values())
        return Turn(
            floor=floor,
            run=run,
            cost=cost,
            calls=tuple(self.azure.calls[before:]),
            started=started,
            lag=verdicts[0] - pipeline.site.log.ready_at if verdicts else None,
        )


def _note_verdict(line: str, verdicts: list[float]) -> None:
    if "Verified: " in line:
        verdicts.append(time.monotonic())


Measured = dict[Setting, list[dict[str, Turn]]]
"""By setting: of each turn what each task came to."""


def main() -> int:
    """Measure and print; the exit code tells nothing of budgets, as machines are noisy."""
    asked = _asked()
    with ExitStack() as until_measured:
        folder = Path(until_measured.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        vsix = packed(folder)
        tasks = {SOURCE: ROOT / "task", PACKAGE: unpacked(vsix, folder / "unpacked")}
        bench = _bench(folder, {name: tasks[name] for name in asked.tasks}, until_measured)
        for scenario in ("cold", "warm"):
            bench.turn(Setting(scenario=scenario, latency=0, verify=False))
        say(f"context {bench.ground.sample}; {asked.rounds} turns of each setting\n{_HEAD}")
        measured = _measured(bench, asked)
        _draw(bench, asked)
        _plot(measured, asked)
        if PACKAGE in asked.tasks:
            unpacking = [seconds_to_unpack(vsix, folder / "again") for _ in range(asked.rounds)]
            tell_budgets(_figures(bench, measured, vsix, unpacking))
    return 0


_HEAD = """
Seconds, medians [least-most]; overhead is the task's time above the floor's in the same turn;
'build at' is when docker build runs, calls are Resource Manager's, CPU is that of Node, Python and docker;
'lag' is from the platform's "ready" to the verdict.
scenario, ARM, verify      task     floor               task                overhead            build at  calls  CPU  \
 Python  lag"""


def _bench(folder: Path, tasks: Mapping[str, Path], until_measured: ExitStack) -> Bench:
    azure = until_measured.enter_context(LocalAzure(folder=folder / "azure", cache=ROOT / ".cache"))
    first, *_ = tasks.values()
    pipeline = until_measured.enter_context(a_pipeline(azure, folder / "pipeline", task=first, path=docker_first()))
    pipelines = {}
    for name, task in tasks.items():
        agent = Agent(
            folder=folder / name,
            task=task,
            environment=pipeline.agent.machine,
            sources=pipeline.sources,
            access_token=azure.job_access_token,
        )
        pipelines[name] = replace(pipeline, agent=until_measured.enter_context(agent))
    return Bench(azure, pipelines, tasks)


def _measured(bench: Bench, asked: argparse.Namespace) -> Measured:
    measured: Measured = {}
    for setting in told(_settings(asked)):
        measured[setting] = [bench.turn(setting) for _ in range(asked.rounds)]
        for name in asked.tasks:
            say(_row(setting, name, [turn[name] for turn in measured[setting]]))
    if asked.json:
        figures = {
            f"{' '.join(str(setting).split())}, {name}": [turn[name].overhead for turn in turns]
            for setting, turns in measured.items()
            for name in asked.tasks
        }
        asked.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return measured


def _row(setting: Setting, name: str, turns: Sequence[Turn]) -> str:
    spans = (span([turn.floor for turn in turns]), span([turn.run.seconds for turn in turns]))
    overhead = span([turn.overhead for turn in turns])
    until = median(turn.until_build for turn in turns)
    calls = median(turn.arm_calls for turn in turns)
    cpu = median(turn.cpu_seconds for turn in turns)
    memory = median(turn.cost.megabytes("python") for turn in turns)
    head = f"{setting!s:<26} {name:<8} {spans[0]:<19} {spans[1]:<19} {overhead:<19}"
    return f"{head} {until:>8.2f}  {calls:>5.0f}  {cpu:>4.2f}  {memory:>3.0f} MB  {_lag(turns)}"


def _lag(turns: Sequence[Turn]) -> str:
    lags = [turn.lag for turn in turns if turn.lag is not None]
    return span(lags) if lags else "-"


def _figures(bench: Bench, measured: Measured, vsix: Path, unpacking: Sequence[float]) -> Figures:
    def middle(scenario: str, latency: int, what: str) -> float | None:
        turns = measured.get(Setting(scenario=scenario, latency=latency, verify=False))
        return median(getattr(turn[PACKAGE], what) for turn in turns) if turns else None

    each = [turn[PACKAGE] for turns in measured.values() for turn in turns]
    costs, lags = [turn.cost for turn in each], [turn.lag for turn in each if turn.lag is not None]
    return Figures(
        overhead_150=middle("warm", 150, "overhead"),
        overhead_0=middle("warm", 0, "overhead"),
        build_at_warm=middle("warm", 0, "until_build"),
        build_at_first=middle("first", 0, "until_build"),
        with_group=bench.calls(PACKAGE),
        without_group=bench.calls(PACKAGE, resourceGroupName=""),
        with_settings=bench.calls(PACKAGE, appSettings="NEW=1"),
        cpu_seconds=middle("warm", 150, "cpu_seconds"),
        megabytes=max(cost.megabytes("python") for cost in costs),
        lag=max(lags) if lags else None,
        vsix_megabytes=vsix.stat().st_size / 1e6,
        unpacking=median(unpacking),
    )


def _draw(bench: Bench, asked: argparse.Namespace) -> None:
    name = asked.tasks[-1]
    shown = Setting(scenario="top", latency=150, verify=True)
    asked.svg.parent.mkdir(parents=True, exist_ok=True)
    asked.svg.write_text(draw(bench.turn(shown)[name], f"{shown}, {name}"), encoding="utf-8")
    say(f"\nThe timeline of one run ({' '.join(str(shown).split())}, {name}): {asked.svg}")


def _plot(measured: Measured, asked: argparse.Namespace) -> None:
    name = asked.tasks[-1]
    overheads, lags = dict[str, list[float]](), dict[str, list[float]]()
    for setting, turns in measured.items():
        if setting.verify:
            lags[_titled(setting)] = [turn[name].lag or 0.0 for turn in turns]
        else:
            overheads[_titled(setting)] = [turn[name].overhead for turn in turns]
    limits = {_titled(Setting(scenario="warm", latency=ms, verify=False)): seconds for ms, seconds in BUDGETS.items()}
    panels = (
        Panel("Added to docker build and docker push, without verification", overheads, limits),
        Panel("From the platform's “ready” to the verdict", lags, dict.fromkeys(lags, LAG)),
    )
    note = f"The {name}, {asked.rounds} turns each on the local Azure: median, least to most; red: the budget."
    asked.plot.write_text(plot(panels, note), encoding="utf-8")
    say(f"The figures as a plot: {asked.plot}")


def _titled(setting: Setting) -> str:
    return f"{setting.scenario}, ARM at {setting.latency} ms"


def _settings(asked: argparse.Namespace) -> Iterator[Setting]:
    for scenario, latency, verify in itertools.product(asked.scenarios, asked.latencies, (False, True)):
        if scenario != "first" or (latency == 0 and not verify):
            yield Setting(scenario=scenario, latency=latency, verify=verify)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="npm run bench --", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="turns of each setting (default: 3)")
    parser.add_argument("--tasks", nargs="+", default=[SOURCE, PACKAGE], choices=(SOURCE, PACKAGE))
    parser.add_argument("--scenarios", nargs="+", default=list(SCENARIOS), choices=SCENARIOS)
    parser.add_argument("--latencies", nargs="+", type=int, default=list(LATENCIES), help="of ARM calls, milliseconds")
    parser.add_argument("--svg", type=Path, default=ROOT / "build" / "timeline.svg", help="where the timeline is drawn")
    parser.add_argument("--plot", type=Path, default=ROOT / "build" / "bench.svg", help="where the figures are drawn")
    parser.add_argument("--json", type=Path, default=None, help="where the overheads of all turns are written")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
