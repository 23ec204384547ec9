"""The stages that update the Function App, verify it, and roll it back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytask.agent.environment import variable
from pytask.background import Background
from pytask.clock import Deadline
from pytask.errors import TaskFailure, render
from pytask.errors.registry import DigestUnknown
from pytask.errors.start import PullFailed, PullNotFound, Unverified
from pytask.model import DeployBy, ImageReference, WhenUnchanged, WhenUnverified
from pytask.stages.image import digest_now
from pytask.stages.set_up_pull_access import wait_for_role_propagation
from pytask.stages.settings import change_settings, confirm_settings, pending, wanted_configuration
from pytask.targets.site.annotation import annotate
from pytask.targets.site.health import look_at_health
from pytask.targets.site.instances import instances_now
from pytask.targets.site.observed import Question
from pytask.targets.site.rollback import Gone, NotRolledBack, known_digest, roll_back
from pytask.targets.site.update import point_at, pull_again
from pytask.targets.site.verify import confirm_configuration, verify_app, verify_while_role_propagates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.errors.start import StartFailure
    from pytask.job import Job
    from pytask.model import Deployment, DeployPlan, Digest, PushedImage, RolledBack, Verification, VerifyPlan
    from pytask.stages.preflight import AppAsFound
    from pytask.targets.site.health import Health

_START_LIMIT = "WEBSITES_CONTAINER_START_TIME_LIMIT"
_BEYOND_START_LIMIT = 60.0


def deploy(job: Job, plan: DeployPlan, found: AppAsFound, image: PushedImage) -> Deployment:
    """Change the settings that differ, then point the app at the image, by its tag or pinned by its digest.

    Raises:
        TaskFailure: why Azure did not take it.
    """
    by_digest = plan.deploy_by is DeployBy.DIGEST
    if by_digest and not image.digest:
        raise DigestUnknown(reference=str(image.reference))
    reference = str(image.pinned if by_digest else image.reference)
    arm, target = found.azure.arm, found.target
    if not target.stopped:
        wait_for_role_propagation(job)
    instances = instances_now(arm, target.resource_id) if plan.verify else None
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
    fresh = image.fresh_tag and not by_digest
    return replace(deployment, settings=settings, sticky=job.record.sticky, fresh_tag=fresh)


def confirm(job: Job, found: AppAsFound, deployment: Deployment) -> None:
    """Read the configuration back, which is done even when no verification is asked for."""
    confirm_configuration(found.azure.arm, deployment)
    if job.record.granted is not None:
        minutes = f"{job.timeouts.role_propagation_limit / 60:g}"
        job.console.line(f"the new role may take up to {minutes} minutes to propagate; until then the app cannot pull")


def is_unchanged(job: Job, plan: DeployPlan, found: AppAsFound, image: PushedImage) -> bool:
    """Tell whether the app runs this very image and is healthy, when nothing is to be written then."""
    if plan.when_unchanged is not WhenUnchanged.SKIP:
        return False
    target = found.target
    health = look_at_health(found.azure, target, found.settings)
    pinned = target.reference.digest if target.reference else None
    same = image.digest is not None and str(image.digest) in {str(health.digest or ""), str(pinned or "")}
    if not same or not health.healthy:
        return False
    if changes := pending(plan, found):
        job.console.line(f"{target.title} runs {image.digest} already; to be changed: {', '.join(changes)}")
        return False
    nothing = "nothing else" if job.record.pull_access else "nothing"
    job.console.line(f"{target.title} runs {image.digest} already and is healthy: {nothing} is written")
    return True


def check(job: Job, plan: DeployPlan, found: AppAsFound) -> Health:
    """Look at the app's present health and tell it, and what a deployment would change besides the image.

    What is wrong with it is a warning, as a deployment may fix it.
    """
    health = look_at_health(found.azure, found.target, found.settings)
    for line in health.told:
        job.console.line(f"  {line}")
    if changes := pending(plan, found):
        job.console.line(f"  a deployment would change: {', '.join(changes)}")
    if health.failure:
        job.console.warning(f"{found.target.title} is not healthy\n{render(health.failure)}")
    return health


def verify(job: Job, plan: VerifyPlan, found: AppAsFound, deployment: Deployment) -> Verification:
    """Verify that the app runs the image, and mark the deployment meanwhile; its settings are read once more.

    Raises:
        TaskFailure: why it does not.
    """
    marking = Background(lambda: _marked(job, found, deployment)) if plan.annotate and found.settings else None
    question = _question(plan, found, deployment)
    if question.seconds > plan.seconds:
        job.console.line(f"  {_START_LIMIT} is longer: verifying for up to {question.seconds / 60:g} minutes")
    job.record.verification = verification = _verified(job, found, question)
    if marking:
        job.console.line(f"  release annotation: {marking.result()}")
    confirm_settings(found, deployment)
    return verification


def _verified(job: Job, found: AppAsFound, question: Question) -> Verification:
    record, say = job.record, job.console.line

    def verify_once(asked: Question) -> Verification:
        try:
            return verify_app(found.azure, asked, digest_now=lambda reference: _digest(found, reference), say=say)
        except PullFailed as failure:
            raise _told_by_registry(found, failure, asked.deployment) from None

    def again(deployment: Deployment) -> Deployment:
        record.deployment = pull_again(found.azure.arm, deployment)
        return record.deployment

    if record.granted is None:
        return verify_once(question)
    window = Deadline(job.clock, record.granted + job.timeouts.role_propagation_limit)
    return verify_while_role_propagates(question, window, verify_once=verify_once, pull_again=again, say=say)


def _told_by_registry(found: AppAsFound, failure: PullFailed, deployment: Deployment) -> StartFailure:
    """Return that the image is gone where the registry says so: the platform does not always tell why a pull fails."""
    if not isinstance(digest_now(found, ImageReference.parse(deployment.reference)), Gone):
        return failure
    app, reference = deployment.target.title, deployment.reference
    return PullNotFound(app=app, reference=reference, line=failure.line, tail=failure.tail)


def _digest(found: AppAsFound, reference: str) -> Digest | None:
    return known_digest(digest_now(found, ImageReference.parse(reference)))


def judge(plan: VerifyPlan, deployment: Deployment, verification: Verification) -> None:
    """Make a failure of checks that could not be made, when the pipeline asks for it.

    Raises:
        Unverified: then.
    """
    if verification.unavailable and plan.when_unverified is WhenUnverified.FAIL:
        gaps = "; ".join(f"{check} ({reason})" for check, reason in verification.unavailable)
        raise Unverified(app=deployment.target.title, reference=deployment.reference, gaps=gaps)


def roll_back_app(job: Job, plan: VerifyPlan, found: AppAsFound, failure: StartFailure) -> None:
    """Point the app at its previous image again and verify it; the record tells why not, when it is not done."""
    record = job.record
    if record.deployment is None:
        return
    try:
        record.rolled_back = _rolled_back(job, plan, found, record.deployment, failure)
    except NotRolledBack as reason:
        record.not_rolled_back, record.configured = str(reason), reason.configured
    except TaskFailure as another:
        record.not_rolled_back = f"the rollback failed: {another}"
    record.lost = isinstance(failure, PullNotFound)
    if record.not_rolled_back:
        job.console.line(f"Not rolled back: {record.not_rolled_back}")


def _rolled_back(
    job: Job, plan: VerifyPlan, found: AppAsFound, deployment: Deployment, failure: StartFailure
) -> RolledBack:
    if not plan.roll_back:
        raise NotRolledBack("rollbackOnFailure is false")
    if not failure.rolls_back:
        raise NotRolledBack("the image is not the cause")
    return roll_back(
        found.azure,
        _question(plan, found, deployment),
        found.previous,
        digest_of=lambda reference: digest_now(found, reference),
        say=job.console.line,
    )


def _question(plan: VerifyPlan, found: AppAsFound, deployment: Deployment) -> Question:
    settings = deployment.settings.now if deployment.settings else found.settings
    return Question(
        deployment=deployment,
        smoke_test=plan.smoke_test,
        seconds=max(plan.seconds, _start_limit(settings)),
        settings=settings,
    )


def _start_limit(settings: Mapping[str, str] | None) -> float:
    """Return the seconds that the app's own start limit asks for; 0 when it has none."""
    limit = (settings or {}).get(_START_LIMIT, "")
    return float(limit) + _BEYOND_START_LIMIT if limit.isdigit() else 0.0


def _marked(job: Job, found: AppAsFound, deployment: Deployment) -> str:
    build, release = variable(job.environment, "Build.BuildNumber"), variable(job.environment, "Release.ReleaseName")
    properties = {
        "Image": deployment.reference,
        "Digest": str(deployment.digest or ""),
        "Build": build,
        "Release": release,
        "Commit": variable(job.environment, "Build.SourceVersion"),
    }
    try:
        name = f"{deployment.target.title} {release or build}".strip()
        return annotate(found.azure.arm, found.settings or {}, name=name, at=deployment.written, properties=properties)
    except TaskFailure as failure:
        return str(failure)
