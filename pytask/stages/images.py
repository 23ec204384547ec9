"""Looking up, ahead of everything, the images that a run is about, in whichever registry they are. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytask.errors import TaskFailure
from pytask.errors.registry import ManifestMissing, RegistryFirewall, RegistryPrivate
from pytask.image.reference import parse_reference
from pytask.model import PreviousImage, PushedImage
from pytask.registry.contents import Repository
from pytask.registry.hosts import canonical
from pytask.registry.image import read_image
from pytask.registry.resource import find_resource
from pytask.registry.rights import confirm_push, may_pull

if TYPE_CHECKING:
    from pytask.model import Destination, ExistingImage, Target
    from pytask.registry.registries import Registries
    from pytask.registry.session import RegistrySession


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """The registry of an image that is there already, and how far it lets us read the image."""

    registry: RegistrySession | None = None
    """None when it does not let us in at all."""
    readable: bool = False
    image: PushedImage | None = None
    """What is to be deployed; its digest is empty when nobody may tell it."""
    notes: tuple[str, ...] = ()


def open_destination(registries: Registries, destination: Destination) -> Opened:
    """Give the registry that the image goes to, once it is certain that it lets us push.

    Raises:
        TaskFailure: why it does not.
    """
    if destination.registry is None:
        return Opened()
    try:
        session = registries.open_at(destination.registry)
        confirm_push(session, destination.repository)
    except RegistryFirewall as blocked:
        raise _explained(registries, blocked) from blocked
    return Opened(registry=session, readable=True)


def _explained(registries: Registries, blocked: RegistryFirewall) -> RegistryFirewall | RegistryPrivate:
    """Tell a firewall that could let the agent in from a registry that answers nobody outside of its network."""
    try:
        resource = find_resource(registries.azure.arm, blocked.registry) if registries.azure else None
    except TaskFailure:
        resource = None
    if resource is None or resource.is_public:
        return blocked
    return RegistryPrivate(
        registry=blocked.registry,
        address=blocked.address,
        detail=blocked.detail,
        correlation_id=blocked.correlation_id,
    )


def open_existing(registries: Registries, image: ExistingImage) -> Opened:
    """Give the image that is to be deployed, with its digest as far as the registry lets us read it.

    Raises:
        ManifestMissing: when the registry says that it has no such image.
    """
    opened = _opened(registries, image.registry, image.repository)
    tags, digest = (image.tag,) if image.tag else (), image.digest
    if opened.registry and opened.readable:
        try:
            repository = Repository(session=opened.registry, name=image.repository)
            digest = repository.manifest(image.digest or image.tag).digest
        except TaskFailure as failure:
            # A registry may hide what one may not read as if it were not there.
            hidden = opened.registry.anonymous and not may_pull(opened.registry, image.repository)
            if isinstance(failure, ManifestMissing) and not hidden:
                raise
            opened = _unread(opened.registry, failure.tell(failure.title))
    found = PushedImage(registry=image.registry, repository=image.repository, tags=tags, digest=digest)
    return replace(opened, image=found)


def open_running(registries: Registries, target: Target) -> Opened:
    """Give the registry of the image that the app is configured with, to look at it; a refusal is no failure."""
    try:
        parsed = parse_reference(target.image, input_name="imageName")
    except TaskFailure:
        return Opened()
    return replace(_opened(registries, parsed.registry, parsed.repository), notes=()) if parsed.registry else Opened()


def _opened(registries: Registries, host: str, repository: str) -> Opened:
    try:
        session = registries.open(host)
        if may_pull(session, repository) is not False:
            return Opened(registry=session, readable=True)
    except TaskFailure as failure:
        return _unread(None, failure.tell(failure.title))
    nobody = f"{host} lets nobody read the image without credentials, and no connection is for it"
    return _unread(session, nobody if session.anonymous else f"the connection may not read the registry {host}")


def _unread(session: RegistrySession | None, reason: str) -> Opened:
    note = f"{reason}: the image is not inspected, and the digest of a tag is not known"
    return Opened(registry=session, notes=(note,))


def previous_image(session: RegistrySession | None, target: Target) -> tuple[PreviousImage | None, frozenset[str]]:
    """Hold fast what the app is configured with, before a tag can move, and give the digests of its layers.

    What cannot be read stays unknown.
    """
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


def repository_of(session: RegistrySession | None, reference: str) -> tuple[Repository, str] | None:
    """Open the repository of a reference, with its tag or digest; None when it is in another registry."""
    parsed = parse_reference(reference, input_name="imageName")
    if session is None or canonical(parsed.registry) != session.host:
        return None
    return Repository(session=session, name=parsed.repository), parsed.digest or parsed.tag or "latest"
