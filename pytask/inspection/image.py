"""Reading the app's previous image before a tag can move, and inspecting the new one before it is used."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from pytask.errors import TaskFailure
from pytask.inspection.contents import read_image, read_layers
from pytask.inspection.host import confirm_platform
from pytask.inspection.layers import inspect
from pytask.inspection.saved import inspect_saved
from pytask.model import BuiltImage, Digest, IndexDigest, ManifestDigest, PreviousImage, PushedImage
from pytask.registry.contents import Repository
from pytask.registry.images import repository_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pytask.builders.builder import LocalImage
    from pytask.clock import Clock, Timeouts
    from pytask.inspection.layers import Inspection
    from pytask.model import App, ImageReference
    from pytask.registry.images import ImageSource
    from pytask.registry.session import RegistrySession

_MEGABYTE = 1_000_000


def inspect_new_layers(
    source: ImageSource, image: PushedImage, known: frozenset[str], clock: Clock, *, limits_ids: bool = True
) -> str:
    """Inspect the layers that the app does not run already, and return the log text; `known` has the digests it runs.

    Where the host does not limit user ids, only the platform is confirmed, and no layer is read.

    Raises:
        TaskFailure: why the app's host cannot unpack or run the image.
    """
    session = source.reading
    if session is None or session.host != image.registry or not image.digest:
        return "Not inspected: this run is not allowed to read the image in the registry"
    began = clock.monotonic()
    repository = Repository(session=session, name=image.repository)
    contents = read_image(repository, str(image.digest))
    if not limits_ids:
        confirm_platform(contents.reference, contents.platform)
        return f"Inspected in {clock.monotonic() - began:.1f} s: {contents.platform}"
    seen = inspect(repository, contents, known)
    layers = f"{seen.read} of {len(contents.layers)} layers read, {seen.bytes_read / _MEGABYTE:.1f} MB"
    return _told(clock.monotonic() - began, contents.platform, layers, seen)


@dataclass(frozen=True, kw_only=True, slots=True)
class InspectionOnce:
    """Inspects the run's image for each of its apps, and reads no layer twice. Threads may share it."""

    _done: set[bool] = field(default_factory=set)
    """Whether each inspection so far was for a host that limits user ids."""
    _lock: Lock = field(default_factory=Lock)

    def inspect(
        self, source: ImageSource, image: PushedImage, known: frozenset[str], clock: Clock, *, limits_ids: bool
    ) -> str:
        """Return the log text of `inspect_new_layers`; empty where an earlier inspection was at least as strict.

        What such an app ran already needs no inspection for another one either.
        """
        with self._lock:
            if self._done & {True, limits_ids}:
                return ""
            told = inspect_new_layers(source, image, known, clock, limits_ids=limits_ids)
            self._done.add(limits_ids)
            return told


def inspect_built(
    image: LocalImage | PushedImage | BuiltImage, *, clock: Clock, timeouts: Timeouts, say: Callable[[str], None]
) -> None:
    """Inspect an image that is not pushed where it was built, and log the result; one that is gone is not inspected.

    Raises:
        TaskFailure: why the app's host could not unpack or run the image.
    """
    if isinstance(image, PushedImage | BuiltImage):
        say("Not inspected: ACR Tasks keeps only images that are pushed (a run that deploys the image inspects it)")
        return
    began = clock.monotonic()
    facts = image.facts()
    with closing(image.archive()) as archive:
        seen = inspect_saved(facts, _with_progress(archive, clock, timeouts.progress, say))
    layers = f"{seen.read + seen.skipped + len(seen.unread)} layers"
    say(_told(clock.monotonic() - began, facts.platform, layers, seen))


def previous_image(session: RegistrySession | None, app: App) -> tuple[PreviousImage | None, frozenset[str]]:
    """Return the app's configured image, read before a tag can move, and the digests of its layers.

    What cannot be read stays unknown.
    """
    if not app.image:
        return None, frozenset()
    pointed_at, manifest, layers = _contents(session, app.reference)
    return PreviousImage(reference=app.image, digest=pointed_at, manifest=manifest), layers


def _contents(
    session: RegistrySession | None, reference: ImageReference | None
) -> tuple[Digest | None, ManifestDigest | None, frozenset[str]]:
    """Return the digests that a reference points at, of its platform's manifest, and of its layers."""
    repository = repository_of(session, reference)
    if repository is None or reference is None:
        return None, None, frozenset()
    pointed_at = reference.digest
    try:
        pointed_at = repository.manifest(reference.wanted).digest
        # By digest, so that both answers are about one image even if the tag moves between the calls.
        digest, layers = read_layers(repository, str(pointed_at))
    except TaskFailure:
        return pointed_at, None, frozenset()
    manifest = ManifestDigest(digest)
    kind = ManifestDigest if manifest.text == pointed_at.text else IndexDigest
    return kind(pointed_at.text), manifest, layers


def _told(seconds: float, platform: str, layers: str, seen: Inspection) -> str:
    unread = "".join(f"\n  layer {digest[:19]}… could not be read: {reason}" for digest, reason in seen.unread)
    return f"Inspected in {seconds:.1f} s: {platform}, {layers}, owners within 0-65535{unread}"


def _with_progress(pieces: Iterable[bytes], clock: Clock, every: float, say: Callable[[str], None]) -> Iterator[bytes]:
    """Yield the chunks unchanged, and report the progress at intervals."""
    received, due = 0, clock.monotonic() + every
    for piece in pieces:
        received += len(piece)
        if clock.monotonic() >= due:
            say(f"{received / _MEGABYTE:.0f} MB inspected")
            due = clock.monotonic() + every
        yield piece
