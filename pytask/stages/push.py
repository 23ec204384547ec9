"""The stage that pushes the image to the registry."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytask.errors import TaskFailure
from pytask.errors.registry import DigestDiffers, RegistryFirewall, RegistryPrivate
from pytask.inspection.host import confirm_platform
from pytask.journal import Action
from pytask.model import BuiltImage, PushedImage
from pytask.registry.contents import Repository

if TYPE_CHECKING:
    from pytask.builders.builder import LocalImage
    from pytask.job import Job
    from pytask.model import Destination
    from pytask.registry.session import RegistrySession
    from pytask.stages.preflight import PushAndTargetFound, PushFound

_MEGABYTE = 1_000_000


def push_image(
    job: Job,
    image: LocalImage | PushedImage | BuiltImage,
    destination: Destination,
    found: PushFound | PushAndTargetFound,
) -> PushedImage:
    """Push every tag, unless the builder has already done so, and confirm the digest with the registry.

    Raises:
        TaskFailure: why the registry did not accept it.
    """
    if isinstance(image, PushedImage):
        return image
    with job.stage("Push image"), job.journal.attempt(Action.PUSH):
        session = found.session
        if session is None or isinstance(image, BuiltImage):
            raise AssertionError("an image of this agent has a registry that this agent pushes to")
        facts = image.facts()
        confirm_platform(facts.references[0], facts.platform)
        seen = image.push(
            destination.references_at(session.host),
            login=lambda renew: session.docker_login(renew=renew),
            blocked=lambda: _blocked(session, destination),
        )
        pushed = replace(_confirm_push(session, destination, seen.digest), fresh_tag=found.source.fresh_tag)
        job.console.line(f"{pushed.reference} is {pushed.digest}")
        job.console.line(f"{seen.new_layers} of {seen.layers} layers new, {seen.bytes_sent / _MEGABYTE:.1f} MB")
    job.journal.add(pushed)
    return pushed


def _blocked(session: RegistrySession, destination: Destination) -> TaskFailure | None:
    """Return the firewall failure that blocks this agent; the registry explains it only in the response to a GET."""
    try:
        Repository(session=session, name=destination.repository).manifest_text(destination.tags[0])
    except (RegistryFirewall, RegistryPrivate) as refusal:
        return refusal
    except TaskFailure:
        return None
    return None


def _confirm_push(session: RegistrySession, destination: Destination, pushed: str) -> PushedImage:
    """Return the image in the registry; `pushed` is the digest that was sent, empty when unknown."""
    repository = Repository(session=session, name=destination.repository)
    manifest = repository.manifest(destination.tags[0])
    if pushed and pushed != manifest.digest.text:
        reference = destination.references_at(session.host)[0]
        raise DigestDiffers(reference=reference, pushed=pushed, found=str(manifest.digest))
    return PushedImage(
        registry=session.host,
        repository=destination.repository,
        tags=destination.tags,
        digest=manifest.digest,
    )
