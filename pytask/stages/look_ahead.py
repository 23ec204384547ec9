"""Finding out beside the build, or before anything, what would make the run fail behind it. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.agent.oidc import open_oidc_tokens
from pytask.cloud.arm import open_azure
from pytask.cloud.credentials import open_credentials
from pytask.cloud.http import open_door
from pytask.cloud.metadata import with_known_cloud
from pytask.errors import TaskFailure
from pytask.functionapp.find import find_app
from pytask.functionapp.host import durable_notes
from pytask.functionapp.pull import pull_notes
from pytask.functionapp.settings import confirm_readable, read_settings, settings_notes
from pytask.image.engine import open_engine
from pytask.image.reference import parse_reference
from pytask.model import FederatedIdentity, PreviousImage
from pytask.registry.contents import open_repository
from pytask.registry.image import read_image
from pytask.registry.lookup import login_server
from pytask.registry.rights import confirm_push, everybody_may_pull, may_pull
from pytask.registry.tokens import sign_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.cloud.arm import Azure
    from pytask.functionapp.find import Found
    from pytask.image.engine import Engine
    from pytask.image.reference import Reference
    from pytask.job import Job
    from pytask.model import ExistingImage, Plan, ServiceConnection, Target
    from pytask.registry.contents import Repository
    from pytask.registry.tokens import RegistrySession

_ACCESS_TOKEN = "ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN"  # noqa: S105 - a name
"""The job's own token; every task gets it.
https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Worker/TaskRunner.cs"""


@dataclass(frozen=True, kw_only=True, slots=True)
class AppAsFound:
    """The app as it is before anything is changed, and the way to it."""

    azure: Azure
    session: RegistrySession | None
    target: Target
    settings: Mapping[str, str] | None
    """None when the connection may not read them."""
    previous: PreviousImage | None
    known_layers: frozenset[str]
    """Digests of the layers that the app runs already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """What was found. None stands for what is no part of this run."""

    engine: Engine | None = None
    session: RegistrySession | None = None
    """Signed in to the registry of the run's image; None also where nothing is pushed and the registry refuses."""
    app: AppAsFound | None = None
    notes: tuple[str, ...] = ()


def look_ahead(job: Job, plan: Plan) -> Findings:
    """Find out what the run needs, and whether it can succeed; the record says in words what was found.

    Raises:
        TaskFailure: why it certainly cannot.
    """
    began = job.clock.monotonic()
    engine = open_engine(job.environment) if plan.command.builds else None
    findings = _found(job, plan, plan.connection, engine) if plan.connection else Findings(engine=engine)
    job.record.target = findings.app.target if findings.app else None
    job.record.looked_ahead = _told(findings, job.clock.monotonic() - began)
    return findings


def _found(job: Job, plan: Plan, connection: ServiceConnection, engine: Engine | None) -> Findings:
    azure = _open_azure(job, connection)
    found = find_app(azure.arm, plan.deploy.app) if plan.deploy else None
    session = _session(azure, plan, found)
    if session and plan.destination:
        confirm_push(session, plan.destination.repository)
    if found is None or plan.deploy is None:
        return Findings(engine=engine, session=session)
    settings = read_settings(azure.arm, found.target.resource_id)
    confirm_readable(settings, plan.deploy.settings, found.target)
    notes = (*settings_notes(settings, plan.deploy.settings), *_notes(azure, plan, found, session, settings))
    if plan.destination is None and not _may_read(session, plan.existing or _image_of(found)):
        session, notes = None, notes + _unread(plan)
    previous, known = _previous(session, found.target)
    app = AppAsFound(
        azure=azure, session=session, target=found.target, settings=settings, previous=previous, known_layers=known
    )
    return Findings(engine=engine, session=session, app=app, notes=notes)


def _notes(
    azure: Azure, plan: Plan, found: Found, session: RegistrySession | None, settings: Mapping[str, str] | None
) -> tuple[str, ...]:
    """Give what should be known of how the app pulls, and of what it is doing when it is changed."""
    durable = durable_notes(azure.arm, found.target.resource_id) if plan.deploy and plan.deploy.proof else ()
    image = plan.destination or plan.existing
    if session is None:
        return durable
    repository = image.repository if image else ""
    pulls = pull_notes(
        found, session.login_server, settings, open_to_all=lambda: everybody_may_pull(session, repository)
    )
    return (*pulls, *durable)


def repository_of(session: RegistrySession | None, reference: str) -> tuple[Repository, str] | None:
    """Open the repository of a reference, with its tag or digest; None when it is in another registry."""
    parsed = parse_reference(reference, input_name="imageName")
    if session is None or parsed.registry != session.login_server:
        return None
    return open_repository(session, parsed.repository), parsed.digest or parsed.tag or "latest"


def _told(found: Findings, seconds: float) -> str:
    """Give what was found, in a few words; empty when Azure was not asked."""
    words = []
    if found.app:
        target = found.app.target
        words.append(f"{target.title} is in {target.resource_group}, now {target.image or 'without an image'}")
    if found.session:
        words.append(f"{found.session.login_server} lets us in")
    if not words:
        return ""
    notes = "".join(f"\n  note    {note}" for note in found.notes)
    return f"Looked ahead in {seconds:.1f} s: {', '.join(words)}{notes}"


def _open_azure(job: Job, connection: ServiceConnection) -> Azure:
    say, mask = job.console.line, job.console.secret
    credentials = open_credentials(
        with_known_cloud(connection, open_door(clock=job.clock, patience=job.patience, say=say)),
        fresh_assertion=_fresh_assertion(job, connection),
        clock=job.clock,
        patience=job.patience,
        say=say,
        mask=mask,
    )
    return open_azure(credentials, clock=job.clock, patience=job.patience, say=say)


def _fresh_assertion(job: Job, connection: ServiceConnection) -> Callable[[], str]:
    if not isinstance(connection.identity, FederatedIdentity):
        return str
    token = job.console.secret(job.environment.get(_ACCESS_TOKEN, ""))
    tokens = open_oidc_tokens(job.environment, connection=connection.id, access_token=token, mask=job.console.secret)
    return tokens.fresh


def _session(azure: Azure, plan: Plan, found: Found | None) -> RegistrySession | None:
    """Sign in to the registry that this run is about; where nothing is pushed, a refusal is no failure."""
    if plan.destination and plan.destination.registry:
        return sign_in(azure, login_server(azure.arm, plan.destination.registry))
    image = plan.existing or _image_of(found)
    try:
        return sign_in(azure, image.registry) if image else None
    except TaskFailure:
        return None


def _image_of(found: Found | None) -> Reference | None:
    image = found.target.image if found else ""
    return parse_reference(image, input_name="imageName") if image else None


def _may_read(session: RegistrySession | None, image: ExistingImage | Reference | None) -> bool:
    """Tell whether the registry lets us read the image: it lets everybody of its tenant in."""
    try:
        return session is not None and image is not None and may_pull(session, image.repository)
    except TaskFailure:
        return False


def _unread(plan: Plan) -> tuple[str, ...]:
    undone = "the image is not inspected, and the digest of a tag is not known"
    existing = plan.existing
    return (f"the connection may not read the registry {existing.registry}: {undone}",) if existing else ()


def _previous(session: RegistrySession | None, target: Target) -> tuple[PreviousImage | None, frozenset[str]]:
    """Hold fast what the app is configured with, before a tag can move; what cannot be read stays unknown."""
    if not target.image:
        return None, frozenset()
    try:
        opened = repository_of(session, target.image)
        image = read_image(*opened) if opened else None
    except TaskFailure:
        image = None
    digest = image.digest if image else ""
    layers = frozenset(layer.digest for layer in image.layers) if image else frozenset[str]()
    return PreviousImage(reference=target.image, digest=digest), layers
