"""The stages that bring the image into the registry, or find the one that is there, and look into it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from pytask.builders.docker.push import Push
from pytask.errors import TaskFailure
from pytask.errors.registry import DigestDiffers, ManifestMissing, RegistryFirewall, RegistryPrivate
from pytask.inspection.contents import read_image
from pytask.inspection.host import confirm_platform
from pytask.inspection.layers import inspect
from pytask.inspection.saved import inspect_saved
from pytask.model import PushedImage
from pytask.registry.contents import Repository
from pytask.stages.images import repository_of
from pytask.targets.site.rollback import Gone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytask.builders.docker.engine import Engine, PushProgress
    from pytask.inspection.layers import Inspection
    from pytask.job import Job
    from pytask.model import BuiltImage, Destination, Digest, ImageReference
    from pytask.registry.session import RegistrySession
    from pytask.stages.preflight import AppAsFound

_MEGABYTE = 1_000_000


def push(
    job: Job,
    engine: Engine,
    session: RegistrySession,
    image: BuiltImage,
    destination: Destination,
    *,
    fresh_tag: bool,
) -> PushedImage:
    """Push every tag and have the registry confirm the digest.

    `fresh_tag` says that the registry had no image under the first of the tags before.

    Raises:
        TaskFailure: why the registry did not take it.
    """
    confirm_platform(image.references[0], image.platform)
    host = session.host
    work = Push(
        engine=engine,
        login=lambda renew: session.docker_login(renew=renew),
        registry=str(host),
        ask=lambda: _blocked(session, destination),
        clock=job.clock,
        timeouts=job.timeouts,
        say=job.console.line,
    )
    seen = work.all(image, destination.references(host))
    pushed = replace(_confirmed(session, destination, seen), fresh_tag=fresh_tag)
    new, megabytes = len(seen.done), sum(seen.sent.values()) / _MEGABYTE
    job.console.line(f"{pushed.reference} is {pushed.digest}")
    job.console.line(f"{new} of {seen.layers} layers new, {megabytes:.1f} MB")
    return pushed


def look_into(job: Job, found: AppAsFound, image: PushedImage) -> str:
    """Inspect the layers that the app does not run already; give what was done in a few words.

    Raises:
        TaskFailure: why the app's host cannot unpack or run the image.
    """
    if found.session is None or found.session.host != image.registry or not image.digest:
        return "Not inspected: the registry does not let this run read the image"
    began = job.clock.monotonic()
    repository = Repository(session=found.session, name=image.repository)
    contents = read_image(repository, str(image.digest))
    seen = inspect(repository, contents, found.known_layers)
    layers = f"{seen.read} of {len(contents.layers)} layers read, {seen.bytes_read / _MEGABYTE:.1f} MB"
    return _told(job.clock.monotonic() - began, contents.platform, layers, seen)


def look_into_build(job: Job, engine: Engine, image: BuiltImage) -> str:
    """Inspect an image that stays in the engine; give what was done in a few words.

    Raises:
        TaskFailure: why the app's host could not unpack or run the image.
    """
    began = job.clock.monotonic()
    with closing(engine.saved(image.references[0])) as archive:
        seen = inspect_saved(image, _with_progress(job, archive))
    layers = f"{seen.read + seen.skipped + len(seen.unread)} layers"
    return _told(job.clock.monotonic() - began, image.platform, layers, seen)


def digest_now(found: AppAsFound, reference: ImageReference) -> Digest | Gone | None:
    """Return the digest that a reference points at now, `Gone`, or None when one may not know."""
    try:
        repository = repository_of(found.session, reference)
        return repository.manifest(reference.wanted).digest if repository else None
    except ManifestMissing:
        return Gone()
    except TaskFailure:
        return None


def _blocked(session: RegistrySession, destination: Destination) -> TaskFailure | None:
    """Return the firewall that keeps this agent out, as the registry tells when it is asked by GET."""
    try:
        Repository(session=session, name=destination.repository).manifest_text(destination.tags[0])
    except (RegistryFirewall, RegistryPrivate) as refusal:
        return refusal
    except TaskFailure:
        return None
    return None


def _confirmed(session: RegistrySession, destination: Destination, seen: PushProgress) -> PushedImage:
    repository = Repository(session=session, name=destination.repository)
    manifest = repository.manifest(destination.tags[0])
    if seen.digest and seen.digest != manifest.digest.text:
        reference = destination.references(session.host)[0]
        raise DigestDiffers(reference=reference, pushed=seen.digest, found=str(manifest.digest))
    return PushedImage(
        registry=session.host,
        repository=destination.repository,
        tags=destination.tags,
        digest=manifest.digest,
    )


def _told(seconds: float, platform: str, layers: str, seen: Inspection) -> str:
    unread = "".join(f"\n  layer {digest[:19]}… could not be read: {reason}" for digest, reason in seen.unread)
    return f"Inspected in {seconds:.1f} s: {platform}, {layers}, owners within 0-65535{unread}"


def _with_progress(job: Job, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Pass on what the engine gives, and tell of it while that takes long."""
    received, due = 0, job.clock.monotonic() + job.timeouts.progress
    for piece in pieces:
        received += len(piece)
        if job.clock.monotonic() >= due:
            job.console.line(f"{received / _MEGABYTE:.0f} MB inspected")
            due = job.clock.monotonic() + job.timeouts.progress
        yield piece
