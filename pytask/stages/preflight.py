"""Finding out beside the build, or before anything, what would make the run fail behind it. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytask.background import Background
from pytask.builders.docker.engine import open_engine
from pytask.stages.connections import open_connection, open_registries, open_way_out
from pytask.stages.images import Opened, open_destination, open_existing, open_running, previous_image
from pytask.stages.pull_access import PullScene, PullSetup, look_at_pull
from pytask.targets.site.find import find_app
from pytask.targets.site.functions import durable_notes
from pytask.targets.site.settings import confirm_readable, settings_notes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.builders.docker.cli import DockerCli
    from pytask.builders.docker.engine import Engine
    from pytask.cloud.arm import Azure
    from pytask.job import Job
    from pytask.model import LoginFor, Plan, PreviousImage, PushedImage, Target
    from pytask.registry.registries import Registries
    from pytask.registry.session import RegistrySession
    from pytask.targets.site.find import Found


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
    pull: PullSetup


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """What was found. None stands for what is no part of this run."""

    engine: Engine | None = None
    session: RegistrySession | None = None
    """The registry of the run's image; None also where nothing is pushed and the registry does not let us read."""
    image: PushedImage | None = None
    """The image that is in a registry already."""
    fresh_tag: bool = False
    """Whether the registry has no image yet under the tag that this run pushes and deploys."""
    app: AppAsFound | None = None
    notes: tuple[str, ...] = ()


def preflight(job: Job, plan: Plan, docker: DockerCli | None, signed_in: Callable[[LoginFor], None]) -> Findings:
    """Find out what the run needs, and whether it can succeed; the record says in words what was found.

    `docker` is the command that builds. `signed_in` is told early what gives user and password for a registry.

    Raises:
        TaskFailure: why it certainly cannot.
    """
    began = job.clock.monotonic()
    engine = open_engine(job.environment, docker) if plan.command.builds else None
    findings = _found(job, plan, engine, signed_in)
    job.record.target = findings.app.target if findings.app else None
    job.record.preflight = _told(findings, job.clock.monotonic() - began)
    return findings


def _found(job: Job, plan: Plan, engine: Engine | None, signed_in: Callable[[LoginFor], None]) -> Findings:
    http = open_way_out(job)
    azure = open_connection(job, plan.connection, http) if plan.connection else None
    registries = open_registries(job, plan, azure, http)
    signed_in(registries.docker_login)
    opening = Background(lambda: _asked_for(registries, plan))
    found = find_app(azure.arm, plan.deploy.app) if azure and plan.deploy else None
    opened = opening.result() or (open_running(registries, found.target) if found else Opened())
    session = opened.registry if opened.readable else None
    findings = Findings(engine=engine, session=session, image=opened.image, fresh_tag=opened.fresh_tag)
    if azure is None or found is None or plan.deploy is None:
        return findings
    settings = found.settings
    scene = PullScene(
        plan=plan, azure=azure, registries=registries, found=found, session=opened.registry, settings=settings
    )
    pull, wanted = look_at_pull(scene, job.console.secret), plan.deploy.settings
    confirm_readable(settings, replace(wanted, values={**wanted.values, **pull.settings}), found.target)
    notes = (*settings_notes(settings, wanted), *pull.notes, *_durable(azure, plan, found), *opened.notes)
    previous, known = previous_image(session, found.target)
    app = AppAsFound(
        azure=azure,
        session=session,
        target=found.target,
        settings=settings,
        previous=previous,
        known_layers=known,
        pull=pull,
    )
    return replace(findings, app=app, notes=notes)


def _asked_for(registries: Registries, plan: Plan) -> Opened | None:
    """Open the registry of the image that the plan names; where nothing is pushed, a refusal is no failure."""
    if plan.destination:
        return open_destination(registries, plan.destination)
    return open_existing(registries, plan.existing) if plan.existing else None


def _durable(azure: Azure, plan: Plan, found: Found) -> tuple[str, ...]:
    """Return what should be known of what the app is doing when it is changed."""
    return durable_notes(azure.arm, found.target.resource_id) if plan.deploy and plan.deploy.verify else ()


def _told(found: Findings, seconds: float) -> str:
    """Return what was found, in a few words; empty when Azure was not asked."""
    words = []
    if found.app:
        target = found.app.target
        words.append(f"{target.title} is in {target.resource_group}, now {target.image or 'without an image'}")
    if found.session:
        words.append(f"{found.session.host} lets {'everybody read' if found.session.anonymous else 'us in'}")
    if not words:
        return ""
    pull = f"\n  pull    {found.app.pull.told}" if found.app and found.app.pull.told else ""
    notes = "".join(f"\n  note    {note}" for note in found.notes)
    return f"Preflight passed in {seconds:.1f} s: {', '.join(words)}{pull}{notes}"
