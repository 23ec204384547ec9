"""Look up the images that a run is about, in whichever registry they are. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytask.errors import TaskFailure
from pytask.errors.inputs import ImageHostDiffers
from pytask.errors.registry import ManifestMissing, RegistryFirewall, RegistryPrivate
from pytask.inspection.contents import read_image
from pytask.model import Digest, IndexDigest, ManifestDigest, PreviousImage, PushedImage, RegistryHost
from pytask.registry.contents import Repository
from pytask.registry.hosts import is_same_registry
from pytask.registry.resource import find_resource
from pytask.registry.rights import confirm_push, may_pull

if TYPE_CHECKING:
    from pytask.model import Destination, ExistingImage, ImageReference, Target
    from pytask.registry.registries import Registries
    from pytask.registry.session import RegistrySession


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """The registry of an image that is there already, and how far it lets us read the image."""

    registry: RegistrySession | None = None
    """None when it does not let us in at all."""
    readable: bool = False
    image: PushedImage | None = None
    """What is to be deployed; its digest is None when nobody may tell it."""
    fresh_tag: bool = False
    """Whether the registry has no image yet under the tag that this run pushes and deploys."""
    notes: tuple[str, ...] = ()


def open_destination(registries: Registries, destination: Destination) -> Opened:
    """Return the registry that the image goes to, once it is certain that it lets us push.

    Raises:
        TaskFailure: why it does not.
    """
    if destination.registry is None:
        return Opened()
    try:
        session = registries.open_at(destination.registry)
        _confirm_host(destination, session.host)
        confirm_push(session, destination.repository)
    except RegistryFirewall as blocked:
        raise _explained(registries, blocked) from blocked
    return Opened(registry=session, readable=True, fresh_tag=_is_fresh(session, destination))


def _is_fresh(session: RegistrySession, destination: Destination) -> bool:
    """Tell whether the registry says that it has no image under the tag to be deployed."""
    try:
        Repository(session=session, name=destination.repository).manifest(destination.tags[0])
    except ManifestMissing:
        return True
    except TaskFailure:
        return False
    return False


def _confirm_host(destination: Destination, host: RegistryHost) -> None:
    """Raise ImageHostDiffers when the image's name begins with another registry than the one that was named.

    A registry given by its name is compared only here: its login server may hold more than the name.
    """
    wanted = destination.image_host
    if wanted and not is_same_registry(wanted, host):
        given = "azureContainerRegistry"
        raise ImageHostDiffers(input="imageName", host=str(wanted), given=given, registry=str(host))


def _explained(registries: Registries, blocked: RegistryFirewall) -> RegistryFirewall | RegistryPrivate:
    """Tell a firewall that could let the agent in from a registry that answers nobody outside of its network."""
    host = RegistryHost.parse(blocked.registry)
    try:
        resource = find_resource(registries.azure.arm, host) if registries.azure else None
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
    """Return the image that is to be deployed, with its digest as far as the registry lets us read it.

    Raises:
        ManifestMissing: when the registry says that it has no such image.
    """
    reference = image.reference
    opened = _opened(registries, reference.host, reference.repository)
    if opened.registry is None or not opened.readable:
        return replace(opened, image=_existing(reference, reference.digest))
    repository = Repository(session=opened.registry, name=reference.repository)
    try:
        digest = repository.manifest(reference.wanted).digest
        return _by_tag_or_digest(opened, repository, reference, digest)
    except TaskFailure as failure:
        # A registry may hide what one may not read as if it were not there.
        hidden = opened.registry.anonymous and not may_pull(opened.registry, reference.repository)
        if isinstance(failure, ManifestMissing) and not hidden:
            raise
        unread = _unread(opened.registry, failure.tell(failure.title))
        return replace(unread, image=_existing(reference, reference.digest))


def _by_tag_or_digest(opened: Opened, repository: Repository, reference: ImageReference, digest: Digest) -> Opened:
    """Return an image under its tag, unless a digest was given too and the tag means another image by now."""
    if not (reference.tag and reference.digest):
        return replace(opened, image=_existing(reference, digest))
    try:
        tagged = repository.manifest(reference.tag).digest.agrees_with(digest)
    except ManifestMissing:
        tagged = False
    if tagged:
        return replace(opened, image=_existing(reference, digest))
    note = f"the tag {reference.tag} does not mean {digest} any more: the image is taken by its digest"
    return replace(opened, image=_existing(reference.pinned(digest), digest), notes=(*opened.notes, note))


def _existing(reference: ImageReference, digest: Digest | None) -> PushedImage:
    tags = (reference.tag,) if reference.tag else ()
    return PushedImage(registry=reference.host, repository=reference.repository, tags=tags, digest=digest)


def open_running(registries: Registries, target: Target) -> Opened:
    """Return the registry of the image that the app is configured with, to look at it; a refusal is no failure."""
    if target.reference is None:
        return Opened()
    return replace(_opened(registries, target.reference.host, target.reference.repository), notes=())


def _opened(registries: Registries, host: RegistryHost, repository: str) -> Opened:
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
    """Return what the app is configured with, held before a tag can move, and the digests of its layers.

    What cannot be read stays unknown.
    """
    if not target.image:
        return None, frozenset()
    pointed_at, manifest, layers = _contents(session, target.reference)
    return PreviousImage(reference=target.image, digest=pointed_at, manifest=manifest), layers


def _contents(
    session: RegistrySession | None, reference: ImageReference | None
) -> tuple[Digest | None, ManifestDigest | None, frozenset[str]]:
    """Return the digest that a reference points at, that of the platform's manifest, and the digests of its layers."""
    repository = repository_of(session, reference)
    if repository is None or reference is None:
        return None, None, frozenset()
    pointed_at = reference.digest
    try:
        pointed_at = repository.manifest(reference.wanted).digest
        # By its digest, so that both are of one image although the tag may move between the two questions.
        image = read_image(repository, str(pointed_at))
    except TaskFailure:
        return pointed_at, None, frozenset()
    manifest = ManifestDigest(image.digest)
    kind = ManifestDigest if manifest.text == pointed_at.text else IndexDigest
    return kind(pointed_at.text), manifest, frozenset(layer.digest for layer in image.layers)


def repository_of(session: RegistrySession | None, reference: ImageReference | None) -> Repository | None:
    """Open the repository of a reference; None when it is in another registry than the session's."""
    if session is None or reference is None or reference.host != session.host:
        return None
    return Repository(session=session, name=reference.repository)
