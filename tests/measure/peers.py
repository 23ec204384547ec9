"""`npm run bench:peers -- --peers FOLDER`: the task beside Microsoft's three that do the same, on a local Azure.

In each turn run Docker's own command line (build, push), our task without verification, and Docker@1 to build, Docker@1
to push and AzureFunctionAppContainer@1 one after the other; who of the latter two is first changes with the turn. All
have the defaults of their inputs, so that each has to find the app's resource group, and a new build ID each time.

FOLDER holds the peers as an agent has them: `DockerV1` and `AzureFunctionAppContainerV1` of
https://github.com/microsoft/azure-pipelines-tasks, folder Tasks. In each: leave out Tests, .npmrc and
package-lock.json, which name a feed of Microsoft's own; put the versions of the packages azure-pipelines-tasks-* in
package.json that npm has nearest to those asked for, and where npm would fetch @xmldom/xmldom by git
`"overrides": {"@xmldom/xmldom": "^0.8.13"}`; then `npm install --ignore-scripts`, `npx tsc` (which writes its files
also where a nearest version lacks a name that is not run here), `npm prune --omit=dev`, and remove what `rm` in
make.json names. What is under `externals` there is not run either.

How the peers are met: their libraries read HTTPS_PROXY and NODE_EXTRA_CA_CERTS, so nothing in them is changed.
Every cost that is not theirs is left out: the agent's work between two steps, what a slow write of the platform takes
beyond its call, and the start of the app's containers, which would go on beside the peers' last calls. Sign-in and Kudu
take no latency, only Resource Manager does.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.agent.agent import Agent
from tests.agent.under_test import ROOT
from tests.measure.peers_azure import AzureForPeers
from tests.measure.processes import watched
from tests.measure.setting import LATENCIES, Ground, Setting, arm_calls, docker_first, say, span, told
from tests.package.unpacked import packed, unpacked
from tests.pipeline import a_pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tests.agent.running_task import TaskRun
    from tests.pipeline import Pipeline

BUDGET = 0.25
"""The most that our task may take of the peers' time."""
_IMAGE = "$(Build.Repository.Name):$(Build.BuildId)"
"""The default of Docker@1's input imageName."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """What one way to deploy came to."""

    steps: tuple[float, ...]
    """Seconds of each of its tasks, from the start of Node to its end."""
    arm_calls: int
    cpu_seconds: float
    """Of Node, Python and docker's command line; the engine's is not in it."""

    @property
    def seconds(self) -> float:
        """Of all tasks together."""
        return sum(self.steps)


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """The floor, the task and the peers, one after the other."""

    floor: float
    ours: Work
    peers: Work

    @property
    def ratio(self) -> float:
        """What part of the peers' time our task took."""
        return self.ours.seconds / self.peers.seconds


class Peers:
    """Microsoft's tasks, as steps of one job each after the other."""

    def __init__(self, pipeline: Pipeline, *, docker: Agent, deploy: Agent) -> None:
        self._pipeline, self._docker, self._deploy = pipeline, docker, deploy

    def run(self, build_id: str) -> list[TaskRun]:
        """Build, push and deploy; what a step sets as variables is there for the next."""
        server = self._pipeline.registry.login_server
        connection, app = self._pipeline.connection.id, self._pipeline.site.name
        registry = {"azureSubscriptionEndpoint": connection, "azureContainerRegistry": server}
        steps = (
            (self._docker, {**registry, "command": "Build an image"}),
            (self._docker, {**registry, "command": "Push an image"}),
            (self._deploy, {"azureSubscription": connection, "appName": app, "imageName": f"{server}/{_IMAGE}"}),
        )
        runs: list[TaskRun] = []
        variables = {"Build.BuildId": build_id}
        for agent, inputs in steps:
            runs.append(self._step(agent, inputs, variables))
            variables |= runs[-1].variables
        return runs

    def _step(self, agent: Agent, inputs: Mapping[str, str], variables: Mapping[str, str]) -> TaskRun:
        return agent.run(inputs, [self._pipeline.connection], variables=variables, timeout=300)


class Bench:
    """The floor, our task and the peers, taking turns on the same ground."""

    def __init__(self, azure: AzureForPeers, pipeline: Pipeline, peers: Peers) -> None:
        self._azure, self._pipeline, self._peers = azure, pipeline, peers
        self.ground = Ground(azure, pipeline)
        self._numbers = itertools.count(1)

    def turn(self, setting: Setting) -> Turn:
        """Let each deploy in this setting."""
        number = next(self._numbers)
        self.ground.settle(setting)
        self.ground.change(setting)
        floor = self.ground.floor.run(number)
        ways = {"ours": self._ours, "peers": self._peers.run}
        names = list(ways) if number % 2 else list(reversed(ways))
        done = {name: self._measured(setting, ways[name], f"{name}{number}") for name in names}
        return Turn(floor=floor, ours=done["ours"], peers=done["peers"])

    def _ours(self, build_id: str) -> list[TaskRun]:
        inputs = {"imageName": "ours", "verify": "false"}
        return [self._pipeline.start(inputs, build_id=build_id).wait(300)]

    def _measured(self, setting: Setting, work: Callable[[str], Sequence[TaskRun]], build_id: str) -> Work:
        self.ground.settle(setting)
        self.ground.change(setting)
        before = len(self._azure.calls)
        with watched(self._pipeline.agent.job.lookup_id) as cost:
            runs = work(build_id)
        self._check(runs, build_id)
        calls = arm_calls(self._azure.calls[before:])
        return Work(steps=tuple(run.seconds for run in runs), arm_calls=calls, cpu_seconds=cost.cpu_seconds)

    def _check(self, runs: Sequence[TaskRun], build_id: str) -> None:
        """Raise RuntimeError where the app was not given the image, or Azure was asked what it does not know here."""
        log = "\n".join(run.log for run in runs)
        if any(run.result != "Succeeded" for run in runs) or self._azure.unexpected:
            raise RuntimeError("\n".join([log, *self._azure.unexpected]))
        image = self._pipeline.site.linux_fx_version
        if not image.endswith(f":{build_id}"):
            raise RuntimeError(f"{log}\nThe app has {image}, not {build_id}.")


@contextmanager
def a_bench(folder: Path, *, task: Path, peers: Path) -> Iterator[Bench]:
    """Return everything that is measured; `task` is our task's folder, `peers` that of the peers."""
    with (
        AzureForPeers(folder=folder / "azure", cache=ROOT / ".cache") as azure,
        a_pipeline(azure, folder / "pipeline", task=task, path=docker_first()) as pipeline,
        _agent(azure, pipeline, folder / "docker", peers / "DockerV1") as docker,
        _agent(azure, pipeline, folder / "deploy", peers / "AzureFunctionAppContainerV1") as deploy,
    ):
        _furnish(azure, pipeline)
        yield Bench(azure, pipeline, Peers(pipeline, docker=docker, deploy=deploy))


def _agent(azure: AzureForPeers, pipeline: Pipeline, folder: Path, task: Path) -> Agent:
    # Docker builds with BuildKit unasked since version 23; our task asks an older one by itself.
    environment = {**pipeline.agent.machine, "DOCKER_BUILDKIT": "1"}
    token = azure.job_access_token
    return Agent(folder=folder, task=task, environment=environment, sources=pipeline.sources, access_token=token)


def _furnish(azure: AzureForPeers, pipeline: Pipeline) -> None:
    """Return the app what it usually has, and what a first deployment by the peers leaves behind."""
    component = azure.add_component("insights")
    azure.grant(pipeline.principal, "Website Contributor", component.id)
    site = pipeline.site
    site.settings["APPLICATIONINSIGHTS_CONNECTION_STRING"] = component.connection_string
    site.config["scmType"] = "VSTSRM"
    site.instances = 0  # on no machine no container starts


def main() -> int:
    """Measure and print; the exit code tells nothing of budgets, as machines are noisy."""
    asked = _asked()
    with (
        tempfile.TemporaryDirectory(prefix="peers-") as folder,
        a_bench(Path(folder), task=_task(asked, Path(folder)), peers=asked.peers.resolve()) as bench,
    ):
        for scenario in ("cold", "warm"):
            bench.turn(Setting(scenario=scenario, latency=0, verify=False))
        say(f"task from {asked.task or 'the package'}, peers from {asked.peers}; context {bench.ground.sample}")
        say(_HEAD)
        measured = {}
        for setting in told(_settings(asked)):
            measured[setting] = [bench.turn(setting) for _ in range(asked.rounds)]
            say(_row(setting, measured[setting]))
        if asked.json:
            _write(asked.json, measured)
    return 0


_HEAD = f"""
Seconds, medians [least-most]; the steps are the peers' build, push and deployment; ratio is the task's time to the
peers' in the same turn, to be at most {BUDGET:.2f}; calls are Resource Manager's, CPU is that of Node, Python and
docker, each ours and the peers'.
scenario, ARM   floor             task              peers             steps               ratio             \
calls   CPU"""


def _row(setting: Setting, turns: Sequence[Turn]) -> str:
    ours, peers = [turn.ours for turn in turns], [turn.peers for turn in turns]
    steps = " + ".join(f"{median(one):.2f}" for one in zip(*(work.steps for work in peers), strict=True))
    times = [[turn.floor for turn in turns], *([work.seconds for work in works] for works in (ours, peers))]
    calls = " ".join(f"{median(work.arm_calls for work in works):>3.0f}" for works in (ours, peers))
    cpu = " ".join(f"{median(work.cpu_seconds for work in works):.2f}" for works in (ours, peers))
    ratios = span([turn.ratio for turn in turns])
    spans = "".join(f"{span(one):<18}" for one in times)
    return f"{setting.scenario:<5} {setting.latency:>4} ms   {spans}{steps:<20}{ratios:<18}{calls} {cpu:>11}"


def _write(file: Path, measured: Mapping[Setting, Sequence[Turn]]) -> None:
    figures = {
        f"{setting.scenario} {setting.latency} ms": [asdict(turn) for turn in some]
        for setting, some in measured.items()
    }
    file.write_text(json.dumps(figures, indent=1), encoding="utf-8")


def _task(asked: argparse.Namespace, folder: Path) -> Path:
    return asked.task.resolve() if asked.task else unpacked(packed(folder), folder / "unpacked")


def _settings(asked: argparse.Namespace) -> Iterator[Setting]:
    for scenario, latency in itertools.product(asked.scenarios, asked.latencies):
        yield Setting(scenario=scenario, latency=latency, verify=False)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="npm run bench:peers --", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--peers", type=Path, required=True, help="folder of the peers' tasks; how to make it is in peers.py"
    )
    parser.add_argument("--rounds", type=int, default=5, help="turns of each setting (default: 5)")
    parser.add_argument("--task", type=Path, default=None, help="folder of our task (default: the package, made now)")
    parser.add_argument("--scenarios", nargs="+", default=["warm", "top"], choices=("warm", "top", "cold"))
    parser.add_argument("--latencies", nargs="+", type=int, default=list(LATENCIES), help="of ARM calls, milliseconds")
    parser.add_argument("--json", type=Path, default=None, help="where the figures of all turns are written")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
