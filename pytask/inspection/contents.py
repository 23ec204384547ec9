"""An image in the registry: its layers and what made them, its user and its platform.

Sources: https://github.com/opencontainers/image-spec/blob/main/manifest.md and …/config.md
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pytask.decode import Unreadable, decode_object
from pytask.errors.image import WrongPlatform
from pytask.inspection.history import instructions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytask.registry.contents import Repository

T = TypeVar("T")
_LARGEST_CONFIGURATION = 8_000_000
"""Bytes; real ones have a few thousand. The limit keeps a bad one from filling the memory."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """One layer of an image."""

    digest: str
    size_bytes: int
    """Compressed size, as in the registry."""
    media_type: str
    instruction: str
    """The Dockerfile instruction that made it, such as `RUN npm ci`; empty when the image does not say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageContents:
    """One image for one platform."""

    reference: str
    """`registry/repository:tag` or `registry/repository@sha256:…`, as requested."""
    digest: str
    """Digest of this platform's manifest, even when the reference is an index."""
    layers: tuple[Layer, ...]
    user: str
    """The image's USER; empty for root."""
    platform: str
    """`linux/amd64`."""


def read_image(repository: Repository, tag_or_digest: str, platform: str = "linux/amd64") -> ImageContents:
    """Return an image's contents; for an index, those of the image for `platform`.

    Raises:
        ManifestMissing: when there is no such image.
        WrongPlatform: when an index has none for the platform.
        ImageUnreadable: when it is not a container image.
    """
    reference, document = _image(repository, tag_or_digest, platform)
    digest, size = document.parse(lambda manifest: (str(manifest["config"]["digest"]), int(manifest["config"]["size"])))
    configuration = _configuration(repository, digest, size)
    return document.parse(
        lambda manifest: ImageContents(
            reference=reference,
            digest=document.digest,
            layers=_layers(manifest["layers"], configuration.get("history") or ()),
            user=str((configuration.get("config") or {}).get("User") or ""),
            platform=_platform(configuration),
        )
    )


def read_layers(
    repository: Repository, tag_or_digest: str, platform: str = "linux/amd64"
) -> tuple[str, frozenset[str]]:
    """Return the digests of an image's manifest and of its layers, without its configuration, which is a blob.

    Raises:
        ManifestMissing, WrongPlatform, ImageUnreadable: as `read_image`.
    """
    _, document = _image(repository, tag_or_digest, platform)
    layers = document.parse(lambda manifest: frozenset(str(layer["digest"]) for layer in manifest["layers"]))
    return document.digest, layers


def _image(repository: Repository, tag_or_digest: str, platform: str) -> tuple[str, _Document]:
    """Return the reference as requested, and the manifest of the image for the platform."""
    joint = "@" if ":" in tag_or_digest else ":"
    reference = f"{repository.session.host}/{repository.name}{joint}{tag_or_digest}"
    document = _document(repository, tag_or_digest)
    if "manifests" in document.fields:
        document = _document(repository, document.parse(lambda index: _entry(reference, index["manifests"], platform)))
    return reference, document


@dataclass(frozen=True, kw_only=True, slots=True)
class _Document:
    """The JSON of a manifest or index."""

    repository: Repository
    digest: str
    fields: dict[str, Any]

    def parse(self, read: Callable[[dict[str, Any]], T]) -> T:
        """Return the result of `read` on the fields; raise ImageUnreadable when they are not an image's."""
        try:
            return read(self.fields)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            kind = self.fields.get("mediaType") or f"schema {self.fields.get('schemaVersion')}"
            detail = f"its manifest ({kind}) is not a container image manifest"
            raise self.repository.ruined(self.digest, detail) from error


def _document(repository: Repository, tag_or_digest: str) -> _Document:
    text = repository.manifest_text(tag_or_digest)
    digest = f"sha256:{hashlib.sha256(text).hexdigest()}"
    return _Document(repository=repository, digest=digest, fields=_fields(repository, digest, text))


def _entry(reference: str, entries: Sequence[Mapping[str, Any]], platform: str) -> str:
    """Return the digest of an index's entry for a platform; an entry without a variant is preferred."""
    found = {_platform(entry.get("platform") or {}): str(entry["digest"]) for entry in reversed(entries)}
    fitting = sorted(name for name in found if f"{name}/".startswith(f"{platform}/"))
    if not fitting:
        # In an index, attestations are images for unknown/unknown.
        others = ", ".join(sorted(name for name in found if not name.startswith("unknown"))) or "no platform"
        raise WrongPlatform(reference=reference, found=others, wanted=platform)
    return found[fitting[0]]


def _configuration(repository: Repository, digest: str, size: int) -> dict[str, Any]:
    if size > _LARGEST_CONFIGURATION:
        raise repository.ruined(digest, f"its configuration has {size} bytes")
    with repository.blob(digest, size) as pieces:
        return _fields(repository, digest, b"".join(pieces))


def _fields(repository: Repository, digest: str, text: bytes) -> dict[str, Any]:
    fields = decode_object(text)
    if isinstance(fields, Unreadable):
        raise repository.ruined(digest, fields.reason)
    return fields


def _layers(descriptors: Sequence[Mapping[str, Any]], history: Sequence[Mapping[str, Any]]) -> tuple[Layer, ...]:
    """Return the layers, each with the instruction that made it."""
    makers = instructions(history, len(descriptors))
    return tuple(
        Layer(
            digest=str(descriptor["digest"]),
            size_bytes=int(descriptor["size"]),
            media_type=str(descriptor["mediaType"]),
            instruction=maker,
        )
        for descriptor, maker in zip(descriptors, makers, strict=True)
    )


def _platform(fields: Mapping[str, Any]) -> str:
    parts = [fields.get("os", "unknown"), fields.get("architecture", "unknown"), fields.get("variant", "")]
    return "/".join(str(part) for part in parts if part)
