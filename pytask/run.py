"""The whole run, top to bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.agent.environment import without_the_agents_own
from pytask.ahead import ahead
from pytask.image.build import build
from pytask.image.cli import find_docker
from pytask.inputs import read_inputs
from pytask.plan import make_plan, render_plan
from pytask.report import header, tell_deployed, tell_proof

if TYPE_CHECKING:
    from pytask.job import Job
    from pytask.model import Plan
    from pytask.stages import Findings


def run(job: Job) -> None:
    """Build, push, deploy and prove; what has been done stands in `job.record`, also when it breaks off.

    Raises:
        TaskFailure, ManyFailures: whatever of the catalogue came in the way.
        Cancelled: when the agent asked the task to stop.
    """
    console, record = job.console, job.record

    inputs = read_inputs(job.environment, console.secret)
    plan = record.plan = make_plan(inputs)
    docker = find_docker(without_the_agents_own(job.environment))
    console.line(header(docker))
    console.line(render_plan(plan))
    for note in inputs.notes:
        console.line(f"  note    {note}")

    with ahead(lambda: _look_ahead(job, plan)) as looking, job.stage("Build image"):
        build(
            plan,
            docker,
            environment=without_the_agents_own(job.environment),
            full_environment=job.environment,
            patience=job.patience,
            say=console.line,
            stop_when=looking.when_failed,
        )
    found = looking.result()
    record.target = found.target
    record.built = found.engine.inspect(plan.references)

    # Azure's and Docker's libraries are loaded by the look-ahead, beside the build: the build starts without them.
    from pytask import stages  # noqa: PLC0415

    with job.stage("Push image"):
        record.pushing = True
        record.pushed = stages.push(job, plan, found, record.built)

    with job.stage(f"Update {found.target.name}"):
        record.updating = True
        record.deployment = stages.deploy(found, record.pushed)
        console.line(tell_deployed(record.deployment))

    if not plan.verify:
        stages.confirm(found, record.deployment)
        return
    with job.stage("Prove"):
        record.proof = stages.prove(job, plan, found, record.deployment)
    console.line(tell_proof(record.proof))


def _look_ahead(job: Job, plan: Plan) -> Findings:
    from pytask import stages  # noqa: PLC0415 - see above

    return stages.look_ahead(job, plan)
