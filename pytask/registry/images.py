"""Looking up the images that a run is about, in any registry. Nothing here writes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytask.cloud.poll import NotAllowed, NotYet, Seen
from pytask.errors import TaskFailure
from pytask.errors.inputs import ImageHostDiffers
from pytask.errors.registry import (
    ManifestMissing,
    RegistryFirewall,
    RegistryLoginRefused,
    RegistryPrivate,
    RegistryReadRefused,
    RegistrySignInRefused,
)
from pytask.model import Digest, ImageReference, PushedImage, RegistryHost
from pytask.registry.contents import Repository
from pytask.registry.hosts import is_same_registry
from pytask.registry.resource import find_resource
from pytask.registry.rights import confirm_push, may_pull

if TYPE_CHECKING:
    from pytask.cloud.poll import Reading
    from pytask.model import App, Destination, ExistingImage, RegistryAddress
    from pytask.registry.registries import Registries
    from pytask.registry.session import RegistrySession


@dataclass(frozen=True, slots=True)
class Gone:
    """The registry reports that it no longer has an image."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageSource:
    """Where the run's image is or will be, and whether this run may read it there."""

    registries: Registries
    host: RegistryHost | None
    """Host of the registry; None when the run is about no image."""
    repository: str = ""
    resource_id: str = ""
    """Resource ID of the registry, if the user named it by that."""
    session: RegistrySession | None = None
    """None when this run cannot sign in to the registry."""
    readable: bool = False
    fresh_tag: bool = False
    """Whether the registry has no image yet under the tag that this run pushes and deploys."""
    notes: tuple[str, ...] = ()

    @property
    def reading(self) -> RegistrySession | None:
        """The registry to read images from; None when this run may not read from it."""
        return self.session if self.readable else None

    def digest_now(self, reference: ImageReference) -> Digest | Gone | None:
        """Return the digest that a reference points at now, `Gone`, or None when it is not known."""
        try:
            return self._digest_at(reference)
        except TaskFailure:
            return None

    def digest_reading(self, reference: str) -> Reading[Digest]:
        """Return the digest that a reference points at now; `NotYet` where the registry gave no answer to use."""
        try:
            now = self._digest_at(ImageReference.parse(reference))
        except (RegistryReadRefused, RegistrySignInRefused, RegistryLoginRefused, RegistryFirewall) as refused:
            return NotAllowed(str(refused))
        except TaskFailure as failure:
            return NotYet(f"the registry does not return the tag's digest: {failure}")
        return Seen(now) if isinstance(now, Digest) else NotAllowed("the connection cannot read the tag's digest")

    def _digest_at(self, reference: ImageReference) -> Digest | Gone | None:
        try:
            repository = repository_of(self.reading, reference)
            return repository.manifest(reference.wanted).digest if repository else None
        except ManifestMissing:
            return Gone()


def open_destination(registries: Registries, destination: Destination) -> tuple[ImageSource, RegistrySession]:
    """Return the registry that the image goes to, after checking that this run may push to it.

    Raises:
        TaskFailure: why it may not.
    """
    try:
        session = registries.open_at(destination.registry)
        _confirm_host(destination, session.host)
        confirm_push(session, destination.repository)
    except RegistryFirewall as blocked:
        raise _explained(registries, blocked) from blocked
    source = ImageSource(
        registries=registries,
        host=session.host,
        repository=destination.repository,
        resource_id=destination.registry.resource_id,
        session=session,
        readable=True,
        fresh_tag=_is_fresh(session, destination),
    )
    return source, session


def open_target(
    registries: Registries, address: RegistryAddress, image: PushedImage
) -> tuple[ImageSource, RegistryHost]:
    """Return the registry that an image is to be imported into; reading from it may not be allowed.

    Raises:
        TaskFailure: when it does not answer, or there is none.
    """
    host = registries.open_at(address).host
    opened = _opened(registries, host, image.repository)
    session, tags = opened.reading, image.tags
    is_fresh = session is not None and bool(tags) and _lacks(session, image.repository, tags[0])
    return replace(opened, resource_id=address.resource_id, fresh_tag=is_fresh), host


def open_built(registries: Registries, destination: Destination, host: RegistryHost) -> ImageSource:
    """Return the registry that builds and keeps the image itself; this run may not be allowed to read it there.

    Raises:
        ImageHostDiffers: when the image's name begins with another host.
    """
    _confirm_host(destination, host)
    opened = _opened(registries, host, destination.repository)
    session = opened.reading
    is_fresh = session is not None and _is_fresh(session, destination)
    return replace(opened, resource_id=destination.registry.resource_id, fresh_tag=is_fresh)


def _is_fresh(session: RegistrySession, destination: Destination) -> bool:
    """Tell whether the registry says that it has no image under the tag to be deployed."""
    return _lacks(session, destination.repository, destination.tags[0])


def _lacks(session: RegistrySession, repository: str, tag: str) -> bool:
    try:
        Repository(session=session, name=repository).manifest(tag)
    except ManifestMissing:
        return True
    except TaskFailure:
        return False
    return False


def _confirm_host(destination: Destination, host: RegistryHost) -> None:
    """Raise ImageHostDiffers when the host in the image's name is not that of the named registry.

    For a registry given by its name, only this can compare them: its login server may have a hash after the name.
    """
    wanted = destination.image_host
    if wanted and not is_same_registry(wanted, host):
        given = "azureContainerRegistry"
        raise ImageHostDiffers(input="imageName", host=str(wanted), given=given, registry=str(host))


def _explained(registries: Registries, blocked: RegistryFirewall) -> RegistryFirewall | RegistryPrivate:
    """Return the failure itself, or RegistryPrivate when no firewall rule could help because public access is off."""
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


def open_existing(registries: Registries, image: ExistingImage) -> tuple[ImageSource, PushedImage]:
    """Return the existing image to deploy, with its digest if this run may read it; otherwise the digest is None.

    Raises:
        ManifestMissing: when the registry reports that it has no such image.
    """
    reference = image.reference
    opened = _opened(registries, reference.host, reference.repository)
    if opened.session is None or not opened.readable:
        return opened, _existing(reference, reference.digest)
    repository = Repository(session=opened.session, name=reference.repository)
    try:
        digest = repository.manifest(reference.wanted).digest
        return _by_tag_or_digest(opened, repository, reference, digest)
    except TaskFailure as failure:
        # A registry may answer 404 for an image that the caller may not read.
        hidden = opened.session.anonymous and not may_pull(opened.session, reference.repository)
        if isinstance(failure, ManifestMissing) and not hidden:
            raise
        unread = _unread(opened, failure.tell(failure.title))
        return unread, _existing(reference, reference.digest)


def _by_tag_or_digest(
    opened: ImageSource, repository: Repository, reference: ImageReference, digest: Digest
) -> tuple[ImageSource, PushedImage]:
    """Return an image by its tag, or by its digest when both were given and the tag has moved."""
    if not (reference.tag and reference.digest):
        return opened, _existing(reference, digest)
    try:
        tagged = repository.manifest(reference.tag).digest.agrees_with(digest)
    except ManifestMissing:
        tagged = False
    if tagged:
        return opened, _existing(reference, digest)
    note = f"the tag {reference.tag} no longer points to {digest}: the digest is used instead"
    return replace(opened, notes=(*opened.notes, note)), _existing(reference.pinned(digest), digest)


def _existing(reference: ImageReference, digest: Digest | None) -> PushedImage:
    tags = (reference.tag,) if reference.tag else ()
    return PushedImage(registry=reference.host, repository=reference.repository, tags=tags, digest=digest)


def open_running(registries: Registries, app: App) -> ImageSource:
    """Return the registry of the image that the app is configured with, for reading; a refusal is only noted."""
    if app.reference is None:
        return ImageSource(registries=registries, host=None)
    opened = _opened(registries, app.reference.host, app.reference.repository)
    return replace(opened, host=opened.host if opened.session else None, repository="", notes=())


def _opened(registries: Registries, host: RegistryHost, repository: str) -> ImageSource:
    found = ImageSource(registries=registries, host=host, repository=repository)
    try:
        session = registries.open(host)
        readable = may_pull(session, repository) is not False
    except TaskFailure as failure:
        return _unread(found, failure.tell(failure.title))
    opened = replace(found, session=session, readable=readable)
    nobody = f"{host} requires credentials to read the image, and no connection is for it"
    refused = nobody if session.anonymous else f"the connection is not allowed to read from {host}"
    return opened if readable else _unread(opened, refused)


def _unread(found: ImageSource, reason: str) -> ImageSource:
    note = f"{reason}: the image is not inspected, and a tag's digest is not known"
    return replace(found, readable=False, notes=(note,))


def repository_of(session: RegistrySession | None, reference: ImageReference | None) -> Repository | None:
    """Return the repository of a reference; None when it is in another registry than the session's."""
    if session is None or reference is None or reference.host != session.host:
        return None
    return Repository(session=session, name=reference.repository)
