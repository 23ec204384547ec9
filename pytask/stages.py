"""The stages of a run that need Azure's and Docker's libraries; importing this module loads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.agent.oidc import open_oidc_tokens
from pytask.cloud.arm import open_azure
from pytask.cloud.credentials import open_credentials
from pytask.errors.registry import DigestDiffers
from pytask.functionapp.find import find_target
from pytask.functionapp.proof import confirm_configuration
from pytask.functionapp.proof import prove as prove_app
from pytask.functionapp.update import point_at
from pytask.image.engine import open_engine
from pytask.image.push import Push
from pytask.model import FederatedIdentity, PushedImage
from pytask.registry.contents import open_repository
from pytask.registry.lookup import login_server
from pytask.registry.tokens import DOCKER_USER, sign_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.cloud.arm import Azure
    from pytask.image.engine import Engine, PushProgress
    from pytask.job import Job
    from pytask.model import BuiltImage, Deployment, Plan, Proof, Target

_ACCESS_TOKEN = "ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN"  # noqa: S105 - a name
"""The job's own token; every task gets it.
https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Worker/TaskRunner.cs"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """What the look-ahead found: the way into Azure and Docker, the app, and the registry's host."""

    azure: Azure
    engine: Engine
    target: Target
    login_server: str


def look_ahead(job: Job, plan: Plan) -> Findings:
    """Find out beside the build what would make the run fail behind it. Reads only.

    Raises:
        TaskFailure: why the run cannot succeed.
    """
    engine = open_engine(job.environment)
    azure = _open_azure(job, plan)
    target = find_target(azure.arm, plan.app)
    return Findings(
        azure=azure, engine=engine, target=target, login_server=login_server(azure.arm, plan.destination.registry)
    )


def push(job: Job, plan: Plan, found: Findings, image: BuiltImage) -> PushedImage:
    """Push every tag and have the registry confirm the digest.

    Raises:
        TaskFailure: why the registry did not take it.
    """
    work = Push(
        engine=found.engine,
        user=DOCKER_USER,
        password=lambda: sign_in(found.azure, found.login_server).refresh_token,
        registry=found.login_server,
        clock=job.clock,
        patience=job.patience,
        say=job.console.line,
    )
    seen = work.all(image, plan.destination.references(found.login_server))
    pushed = _confirmed(plan, found, seen)
    job.console.line(f"{pushed.reference} is {pushed.digest}")
    job.console.line(f"{pushed.new_layers} of {pushed.layers} layers new, {pushed.new_bytes / 1_000_000:.1f} MB")
    return pushed


def deploy(found: Findings, image: PushedImage) -> Deployment:
    """Point the app at the image.

    Raises:
        TaskFailure: why Azure did not take it.
    """
    return point_at(found.azure.arm, found.target, image)


def confirm(found: Findings, deployment: Deployment) -> None:
    """Read the configuration back, which is done also when no proof is asked for."""
    confirm_configuration(found.azure.arm, deployment)


def prove(job: Job, plan: Plan, found: Findings, deployment: Deployment) -> Proof:
    """Prove that the app runs the image.

    Raises:
        TaskFailure: why it does not.
    """
    return prove_app(found.azure.arm, deployment, seconds=plan.verify_seconds, say=job.console.line)


def _open_azure(job: Job, plan: Plan) -> Azure:
    say, mask = job.console.line, job.console.secret
    credentials = open_credentials(
        plan.connection,
        fresh_assertion=_fresh_assertion(job, plan),
        clock=job.clock,
        patience=job.patience,
        say=say,
        mask=mask,
    )
    return open_azure(credentials, clock=job.clock, patience=job.patience, say=say)


def _fresh_assertion(job: Job, plan: Plan) -> Callable[[], str]:
    if not isinstance(plan.connection.identity, FederatedIdentity):
        return str
    token = job.console.secret(job.environment.get(_ACCESS_TOKEN, ""))
    tokens = open_oidc_tokens(
        job.environment, connection=plan.connection.id, access_token=token, mask=job.console.secret
    )
    return tokens.fresh


def _confirmed(plan: Plan, found: Findings, seen: PushProgress) -> PushedImage:
    session = sign_in(found.azure, found.login_server)
    manifest = open_repository(session, plan.destination.repository).manifest(plan.destination.tags[0])
    if seen.digest and seen.digest != manifest.digest:
        reference = f"{found.login_server}/{plan.destination.repository}:{plan.destination.tags[0]}"
        raise DigestDiffers(reference=reference, pushed=seen.digest, found=manifest.digest)
    return PushedImage(
        registry=found.login_server,
        repository=plan.destination.repository,
        tags=plan.destination.tags,
        digest=manifest.digest,
        media_type=manifest.media_type,
        layers=seen.layers,
        new_layers=len(seen.done),
        new_bytes=sum(seen.sent.values()),
    )
