"""One run stopped at one point: what is left, what is said, and whether the next run works."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.agent.agent import SECRET_VARIABLES
from tests.agent.under_test import TASK
from tests.end_to_end.hurried import hurried_task
from tests.end_to_end.watch import files_with
from tests.pipeline import EXAMPLE, SECRET, a_pipeline
from tests.signals.claims import World, state_told, untruths
from tests.signals.points import CRASHING, SLOW_BUILD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.agent.running_task import RunningTask, TaskRun
    from tests.local_azure.azure import LocalAzure
    from tests.pipeline import Pipeline
    from tests.signals.points import How, Point

_GONE_AFTER = 10.0
"""Seconds after the signal in which everything has ended: the agent then kills Node."""
_SETTLED = 6.0
"""Seconds in which a write that is out takes effect; the local Azure's slow ones take 4."""
_SHORTEST_TOKEN = 20


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one stopped run."""

    name: str
    wrong: tuple[str, ...]
    seconds: float
    """From the signal to the end of the last process."""
    told: str
    log: str


def have_images(azure: LocalAzure, folder: Path) -> None:
    """Have three images in the registry: `stable`, `former`, and `crashing`, which does not start.

    `stable` has a layer that `former` lacks, so that a run which deploys it has one to inspect.
    """
    azure.reset()
    with a_pipeline(azure, folder) as pipeline:
        build = {"command": "buildAndPush", "appName": ""}
        assert pipeline.run(build, tags="stable").result == "Succeeded"
        (pipeline.sources / "former.txt").write_text("former\n")
        assert pipeline.run(build, tags="former").result == "Succeeded"
        (pipeline.sources / "former.txt").unlink()
        (pipeline.sources / "Dockerfile").write_text(CRASHING)
        assert pipeline.run(build, tags="crashing").result == "Succeeded"


def try_point(point: Point, how: How, azure: LocalAzure, folder: Path) -> Trial:
    """Stop a run at a point, and judge it and the next one."""
    azure.reset()
    task = TASK if point.pulls else hurried_task(folder, role_propagation=3.0)
    with a_pipeline(azure, folder, task=task, app_pull="managed_identity" if point.pulls else None) as pipeline:
        _prepare(pipeline, point, folder)
        before = World.of(pipeline)
        run, seconds, left = _stopped(pipeline, point, how)
        wrong = [*left, *_left_on_disk(pipeline, run, folder)]
        if run is not None:
            _settle(pipeline)
            wrong += _said_wrong(run, how, before, World.of(pipeline))
            wrong += [f"the run {one.id} goes on" for one in pipeline.azure.task_runs if not one.over]
            wrong += _next(pipeline, point)
        told, log = (state_told(run), run.log) if run else ("", "")
        return Trial(f"{point.name}, {how}", tuple(wrong), seconds, told, log)


def _prepare(pipeline: Pipeline, point: Point, folder: Path) -> None:
    (folder / "tmp").mkdir()
    pipeline.agent.machine["TMPDIR"] = str(folder / "tmp")
    pipeline.site.config["linuxFxVersion"] = "DOCKER|contoso.azurecr.io/hello-function:former"
    if point.swaps:
        image = "contoso.azurecr.io/hello-function:stable"
        slot = pipeline.azure.add_slot(pipeline.site, image=image, settings=dict(pipeline.site.settings))
        pipeline.azure.grant(pipeline.principal, "Website Contributor", slot.id)
    if point.in_acr:
        pipeline.azure.grant(pipeline.principal, "Container Registry Tasks Contributor", pipeline.registry.id)
    if not point.pulls:
        pipeline.azure.grant(pipeline.principal, "Role Based Access Control Administrator", pipeline.registry.id)
    if point.dockerfile:
        (pipeline.sources / "Dockerfile").write_text(point.dockerfile)
    elif not point.inputs or point.in_acr:
        pipeline.edit("Hello", f"Hello {time.time_ns()}")  # a layer that the registry does not have


def _stopped(pipeline: Pipeline, point: Point, how: How) -> tuple[TaskRun | None, float, list[str]]:
    """Start a run and stop it at the point; return it, the seconds it took to end, and what is wrong with that."""
    started, tasks, at = threading.Event(), list["RunningTask"](), list[float]()

    def stop() -> None:
        started.wait()
        at.append(time.monotonic())
        _send(tasks[0], how)

    watch, met = point.when_met(pipeline, stop)
    tasks.append(pipeline.start(point.inputs, on_line=watch, build_id="7"))
    started.set()
    run = tasks[0].wait(90)
    if not met.is_set():
        return run, 0.0, [f"the point was not met; the run ended {run.result}:\n{run.log}"]
    while pipeline.agent.orphans() and time.monotonic() - at[0] < _GONE_AFTER:
        time.sleep(0.05)
    orphans = [f"process {number} is left: {_command(number)}" for number in pipeline.agent.orphans()]
    return run, time.monotonic() - at[0], orphans


def _send(task: RunningTask, how: How) -> None:
    if how == "SIGINT":
        task.cancel()
    elif how == "SIGTERM":
        os.kill(task.pid, signal.SIGTERM)
    else:
        task.kill()


def _left_on_disk(pipeline: Pipeline, run: TaskRun | None, folder: Path) -> Iterator[str]:
    minted = {value for value in run.secret_values if len(value) > _SHORTEST_TOKEN} if run else set()
    secrets = {*minted, SECRET, pipeline.azure.job_access_token, *SECRET_VARIABLES.values()}
    yield from (f"{path} holds a secret" for path, _ in files_with(secrets, folder))
    yield from (f"{path} is left" for path in (folder / "tmp").rglob("*"))
    job = pipeline.agent.job.temp
    yield from (f"{path} is left" for path in job.rglob("*") if path.is_file() and path.suffix != ".md")
    if run and any(secret in run.log for secret in secrets):
        yield "a secret stands in the log"


def _said_wrong(run: TaskRun, how: How, before: World, now: World) -> Iterator[str]:
    if how == "SIGINT" and run.result != "Canceled":
        yield f"the run ended {run.result}"
    if "run-cancelled: the run was canceled" not in run.log:
        yield f"the log does not end with the cancellation:\n{run.log}"
    if not run.summaries:
        yield "there is no summary"
    yield from untruths(state_told(run), before, now)


def _settle(pipeline: Pipeline) -> None:
    """Wait until nothing that was sent can still take effect."""
    time.sleep(_SETTLED if any(call.method != "GET" for call in pipeline.azure.writes) else 0)


def _next(pipeline: Pipeline, point: Point) -> Iterator[str]:
    """Run the step again, with an image that starts."""
    pipeline.azure.faults.forget()
    if point.dockerfile == SLOW_BUILD:
        (pipeline.sources / "Dockerfile").write_text((EXAMPLE / "Dockerfile").read_text())
    for slot in pipeline.site.slots.values():
        pipeline.azure.settle(slot)
    inputs = {**point.inputs, "verifyTimeoutMinutes": "1"}
    if "imageName" in inputs:
        inputs["imageName"] = "hello-function:stable"
    run = pipeline.run(inputs, build_id="8")
    # A tag that the app may have run before is no evidence by itself; nothing else may be missing.
    if run.result not in {"Succeeded", "SucceededWithIssues"} or pipeline.call()[0] != 200:
        yield f"the next run ended {run.result}:\n{run.log}"


def _command(number: int) -> str:
    try:
        return Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return "ended meanwhile"
