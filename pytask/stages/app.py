"""The stages that change the Function App, prove it, and put it back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytask.agent.environment import variable
from pytask.ahead import Ahead
from pytask.clock import Deadline
from pytask.errors import TaskFailure, render
from pytask.errors.registry import DigestUnknown
from pytask.errors.start import NotProven, PullNotFound
from pytask.functionapp.annotation import annotate
from pytask.functionapp.back import StaysForward, go_back
from pytask.functionapp.health import look_at_health
from pytask.functionapp.heed import prove_while_role_is_new
from pytask.functionapp.instances import instances_now
from pytask.functionapp.proof import Question, confirm_configuration
from pytask.functionapp.proof import prove as prove_app
from pytask.functionapp.update import point_at
from pytask.model import DeployBy, WhenNotProven, WhenUnchanged
from pytask.stages.image import digest_now
from pytask.stages.let_pull import wait_until_heeded
from pytask.stages.settings import change_settings, confirm_settings, pending, wanted_configuration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.errors.start import StartFailure
    from pytask.functionapp.health import Health
    from pytask.job import Job
    from pytask.model import Deployment, DeployPlan, Proof, ProofPlan, PushedImage, WentBack
    from pytask.stages.look_ahead import AppAsFound

_START_LIMIT = "WEBSITES_CONTAINER_START_TIME_LIMIT"
_BEYOND_START_LIMIT = 60.0


def deploy(job: Job, plan: DeployPlan, found: AppAsFound, image: PushedImage) -> Deployment:
    """Change the settings that differ, then point the app at the image, by its tag or pinned by its digest.

    Raises:
        TaskFailure: why Azure did not take it.
    """
    by_digest = plan.deploy_by is DeployBy.DIGEST
    if by_digest and not image.digest:
        raise DigestUnknown(reference=image.reference)
    reference = image.pinned if by_digest else image.reference
    arm, target = found.azure.arm, found.target
    if not target.stopped:
        wait_until_heeded(job)
    instances = instances_now(arm, target.resource_id) if plan.proof else None
    job.record.updating = True
    settings = change_settings(job, plan, found)
    deployment = point_at(
        arm,
        target,
        reference,
        image.digest,
        instances=instances,
        beside=wanted_configuration(plan, found),
        settings=settings.moment if settings else None,
    )
    return replace(deployment, settings=settings, sticky=job.record.sticky)


def confirm(job: Job, found: AppAsFound, deployment: Deployment) -> None:
    """Read the configuration back, which is done also when no proof is asked for."""
    confirm_configuration(found.azure.arm, deployment)
    if job.record.granted is not None:
        minutes = f"{job.patience.role_heeded_at_last / 60:g}"
        job.console.line(f"Azure may take up to {minutes} minutes to heed the new role; until then the app cannot pull")


def is_unchanged(job: Job, plan: DeployPlan, found: AppAsFound, image: PushedImage) -> bool:
    """Tell whether the app runs this very image and is well, when nothing is to be written then."""
    if plan.when_unchanged is not WhenUnchanged.SKIP:
        return False
    target = found.target
    health = look_at_health(found.azure, target, found.settings)
    same = image.digest != "" and image.digest in {health.started, target.image.partition("@")[2]}
    if not same or not health.well:
        return False
    if changes := pending(plan, found):
        job.console.line(f"{target.title} runs {image.digest} already; to be changed: {', '.join(changes)}")
        return False
    nothing = "nothing else" if job.record.let_in else "nothing"
    job.console.line(f"{target.title} runs {image.digest} already and is well: {nothing} is written")
    return True


def check(job: Job, plan: DeployPlan, found: AppAsFound) -> Health:
    """Look at the app's present health and tell it, and what a deployment would change besides the image.

    What is wrong with it is a warning, as a deployment may mend it.
    """
    health = look_at_health(found.azure, found.target, found.settings)
    for line in health.told:
        job.console.line(f"  {line}")
    if changes := pending(plan, found):
        job.console.line(f"  a deployment would change: {', '.join(changes)}")
    if health.failure:
        job.console.warning(f"{found.target.title} is not well\n{render(health.failure)}")
    return health


def prove(job: Job, plan: ProofPlan, found: AppAsFound, deployment: Deployment) -> Proof:
    """Prove that the app runs the image, and mark the deployment beside it; its settings are looked at once more.

    Raises:
        TaskFailure: why it does not.
    """
    marking = Ahead(lambda: _marked(job, found, deployment)) if plan.annotate and found.settings else None
    question = _question(plan, found, deployment)
    if question.seconds > plan.seconds:
        job.console.line(f"  {_START_LIMIT} is longer: proving for up to {question.seconds / 60:g} minutes")
    proof = _proved(job, found, question)
    if marking:
        job.console.line(f"  release annotation: {marking.result()}")
    job.record.proof = proof
    confirm_settings(found, deployment)
    return proof


def _proved(job: Job, found: AppAsFound, question: Question) -> Proof:
    record, say = job.record, job.console.line
    if record.granted is None:
        return prove_app(found.azure, question, say)

    def restarted(deployment: Deployment) -> None:
        record.deployment = deployment

    window = Deadline(job.clock, record.granted + job.patience.role_heeded_at_last)
    return prove_while_role_is_new(found.azure, question, window, say=say, restarted=restarted)


def judge(plan: ProofPlan, deployment: Deployment, proof: Proof) -> None:
    """Make a failure of a proof with gaps, when the pipeline asks for it.

    Raises:
        NotProven: then.
    """
    if proof.missing and plan.when_not_proven is WhenNotProven.FAIL:
        gaps = "; ".join(f"{step.value} ({reason})" for step, reason in proof.missing)
        raise NotProven(app=deployment.target.title, reference=deployment.reference, gaps=gaps)


def put_back(job: Job, plan: ProofPlan, found: AppAsFound, failure: StartFailure) -> None:
    """Put the previous image back and prove it; why it is not put back, when it is not, stands in the record too."""
    record = job.record
    if record.deployment is None:
        return
    try:
        record.went_back = _went_back(job, plan, found, record.deployment, failure)
    except StaysForward as reason:
        record.stayed, record.configured = str(reason), reason.configured
    except TaskFailure as another:
        record.stayed = f"it could not be put back: {another}"
    record.lost = isinstance(failure, PullNotFound)
    if record.stayed:
        job.console.line(f"Not put back: {record.stayed}")


def _went_back(job: Job, plan: ProofPlan, found: AppAsFound, deployment: Deployment, failure: StartFailure) -> WentBack:
    if not plan.go_back:
        raise StaysForward("rollbackOnFailure is false")
    if not failure.goes_back:
        raise StaysForward("the image is not the cause")
    return go_back(
        found.azure,
        _question(plan, found, deployment),
        found.previous,
        digest_of=lambda reference: digest_now(found, reference),
        say=job.console.line,
    )


def _question(plan: ProofPlan, found: AppAsFound, deployment: Deployment) -> Question:
    settings = deployment.settings.now if deployment.settings else found.settings
    return Question(
        deployment=deployment,
        smoke_test=plan.smoke_test,
        seconds=max(plan.seconds, _start_limit(settings)),
        settings=settings,
    )


def _start_limit(settings: Mapping[str, str] | None) -> float:
    """Give the seconds that the app's own start limit asks for; 0 when it has none."""
    limit = (settings or {}).get(_START_LIMIT, "")
    return float(limit) + _BEYOND_START_LIMIT if limit.isdigit() else 0.0


def _marked(job: Job, found: AppAsFound, deployment: Deployment) -> str:
    build, release = variable(job.environment, "Build.BuildNumber"), variable(job.environment, "Release.ReleaseName")
    properties = {
        "Image": deployment.reference,
        "Digest": deployment.digest,
        "Build": build,
        "Release": release,
        "Commit": variable(job.environment, "Build.SourceVersion"),
    }
    try:
        name = f"{deployment.target.title} {release or build}".strip()
        return annotate(found.azure.arm, found.settings or {}, name=name, at=deployment.written, properties=properties)
    except TaskFailure as failure:
        return str(failure)
