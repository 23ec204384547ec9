"""The whole run, top to bottom. A part of the plan that is None is no part of the run."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from pytask.background import Background, Promised, in_background
from pytask.builders.docker.build import Logins, build
from pytask.builders.docker.cli import find_docker
from pytask.errors.start import StartFailure
from pytask.inputs import read_plan
from pytask.report.log import header, tell_deployed, tell_verification
from pytask.report.plan import tell_plan

if TYPE_CHECKING:
    from pytask.builders.docker.cli import DockerCli
    from pytask.job import Job
    from pytask.model import DeployPlan, LoginFor, Plan, PushedImage
    from pytask.stages.preflight import AppAsFound, Findings


def run(job: Job) -> None:
    """Do what the step asks for; what has been done stands in `job.record`, also when it breaks off.

    Raises:
        TaskFailure, ManyFailures: whatever of the catalogue went wrong.
        Cancelled: when the agent asked the task to stop.
    """
    record, say = job.record, job.console.line
    plan = record.plan = read_plan(job.environment, job.console.secret)
    Background(lambda: import_module("pytask.stages"))  # Azure's libraries load while Docker gives its first answers
    docker = find_docker(job.environment, job.timeouts.engine) if plan.recipe else None
    say(header(docker, job.network))
    tell_plan(plan, job.console)

    logins = Logins(hosts=plan.signs_in_to, signed_in=Promised())
    with in_background(lambda: _preflight(job, plan, docker, logins.signed_in)) as preflight:
        if plan.recipe and docker:
            with job.stage("Build image"):
                build(job.machine, plan.recipe, plan.references, docker, logins=logins, stop_when=preflight.when_failed)
        found = preflight.result()
    say(record.preflight)

    from pytask import stages

    if found.engine:
        record.built = found.engine.inspect(plan.references)
        if not plan.command.pushes:
            say(stages.look_into_build(job, found.engine, record.built))
    stages.set_up_pull_access(job, plan, found)
    if found.engine and found.session and record.built and plan.destination:
        with job.stage("Push image"):
            record.pushing = True
            record.pushed = stages.push(
                job, found.engine, found.session, record.built, plan.destination, fresh_tag=found.fresh_tag
            )
    if found.image:
        record.pushed = found.image

    if found.app and plan.deploy and record.pushed:
        _deploy(job, plan.deploy, found.app, record.pushed)
    elif found.app and plan.deploy:
        with job.stage(f"Check {found.app.target.title}"):
            stages.check(job, plan.deploy, found.app)


def _deploy(job: Job, plan: DeployPlan, found: AppAsFound, image: PushedImage) -> None:
    """Point the app at the image and verify it; when the image does not start, roll back."""
    from pytask import stages

    record, say = job.record, job.console.line
    record.unchanged = stages.is_unchanged(job, plan, found, image)
    if record.unchanged:
        return
    say(stages.look_into(job, found, image))
    with job.stage(f"Update {found.target.title}"):
        deployment = record.deployment = stages.deploy(job, plan, found, image)
        say(tell_deployed(deployment))
    if plan.verify is None:
        stages.confirm(job, found, deployment)
        return
    try:
        with job.stage("Verify"):
            record.verification = stages.verify(job, plan.verify, found, deployment)
    except StartFailure as failure:
        with job.stage("Roll back"):
            stages.roll_back_app(job, plan.verify, found, failure)
        raise
    say(tell_verification(record.verification))
    stages.judge(plan.verify, deployment, record.verification)


def _preflight(job: Job, plan: Plan, docker: DockerCli | None, signed_in: Promised[LoginFor]) -> Findings:
    """Preflight, as soon as the libraries of Azure and Docker are loaded; the build does not wait for them."""
    from pytask import stages

    with signed_in:
        return stages.preflight(job, plan, docker, signed_in.give)
