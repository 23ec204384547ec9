"""What an app is configured with before anything is changed, read before a tag can move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.errors import TaskFailure
from pytask.inspection.contents import read_image
from pytask.model import Digest, IndexDigest, ManifestDigest, PreviousImage
from pytask.registry.images import repository_of

if TYPE_CHECKING:
    from pytask.model import App, ImageReference
    from pytask.registry.session import RegistrySession


def previous_image(session: RegistrySession | None, app: App) -> tuple[PreviousImage | None, frozenset[str]]:
    """Return what the app is configured with, held before a tag can move, and the digests of its layers.

    What cannot be read stays unknown.
    """
    if not app.image:
        return None, frozenset()
    pointed_at, manifest, layers = _contents(session, app.reference)
    return PreviousImage(reference=app.image, digest=pointed_at, manifest=manifest), layers


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
