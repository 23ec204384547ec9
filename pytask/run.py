"""The whole run, with one function per command, to read from top to bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask import stages
from pytask.background import Background
from pytask.build_stage import build_during_preflight
from pytask.inputs import read_plan
from pytask.journal import Planned, PreflightPassed
from pytask.model import Build, BuildAndPush, BuildPushDeploy, Check, Deploy, Swap, assert_never
from pytask.report.log import begin

if TYPE_CHECKING:
    from pytask.job import Job


def run(job: Job) -> None:
    """Do what the step asks for, and record it in the journal, even when the run fails halfway.

    Raises:
        TaskFailure, ManyFailures: when something in the catalogue went wrong.
        Cancelled: when the agent asks the task to stop.
    """
    plan = read_plan(job.environment, job.console.secret)
    job.journal.add(Planned(plan))
    Background(stages.load)  # Azure's libraries load while Docker starts to answer
    match plan:
        case Build():
            build(job, plan)
        case BuildAndPush():
            build_and_push(job, plan)
        case BuildPushDeploy():
            build_push_deploy(job, plan)
        case Deploy():
            deploy(job, plan)
        case Swap():
            swap(job, plan)
        case Check():
            check(job, plan)
        case _:
            assert_never(plan)


def build(job: Job, plan: Build) -> None:
    """Build the image and inspect it where it was built."""
    found, image = build_during_preflight(job, plan, lambda *seams: stages.preflight_build(plan, *seams))
    stages.inspect_built(image, clock=job.clock, timeouts=job.timeouts, say=job.console.line)
    stages.keep_cache(job, image, found.registries)


def build_and_push(job: Job, plan: BuildAndPush) -> None:
    """Build the image and push it."""
    found, image = build_during_preflight(job, plan, lambda *seams: stages.preflight_push(job, plan, *seams))
    stages.push_image(job, image, plan.names, found)
    stages.keep_cache(job, image, found.source.registries)


def build_push_deploy(job: Job, plan: BuildPushDeploy) -> None:
    """Build the image, push it, and roll it out."""
    found, image = build_during_preflight(job, plan, lambda *seams: stages.preflight_push_and_target(job, plan, *seams))
    roll_out = stages.prepare(job, found)
    pushed = stages.push_image(job, image, plan.names, found)
    with stages.keeping_cache(job, image, found.source.registries):
        roll_out(pushed)


def deploy(job: Job, plan: Deploy) -> None:
    """Roll out an image that is already in a registry, or in another one that it is imported from."""
    begin(plan, job.console, job.network)
    access = stages.open_access(job, plan)
    found = stages.preflight_deploy(job, plan, access)
    job.journal.add(PreflightPassed(found.findings))
    roll_out = stages.prepare(job, found)
    image = stages.bring_image(job, found.image)
    job.journal.add(image)
    roll_out(image)


def swap(job: Job, plan: Swap) -> None:
    """Swap a slot that an earlier run verified with production."""
    begin(plan, job.console, job.network)
    access = stages.open_access(job, plan)
    found = stages.preflight_swap(job, plan, access)
    job.journal.add(PreflightPassed(found.findings))
    stages.swap_as_it_is(job, found, named=plan.image is not None)


def check(job: Job, plan: Check) -> None:
    """Report on the app without changing anything."""
    begin(plan, job.console, job.network)
    access = stages.open_access(job, plan)
    found = stages.preflight_check(job, plan, access)
    job.journal.add(PreflightPassed(found.findings))
    stages.Rollouts(job=job, seen=found.targets).check()
