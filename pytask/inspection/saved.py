"""Whether the app's host can unpack and run an image that is in the engine only, as nothing is pushed.

The engine gives an image as `docker save` does: an archive of archives, in which manifest.json, behind all else, tells
what the others are. So each is looked at while it passes by, and nothing but the small documents is kept. Engines
before 25 have a layer as `<id>/layer.tar`, and where the image has it twice a link; later ones have an OCI layout with
`blobs/sha256/…`, whose layers are packed or not.
Sources: https://github.com/moby/moby/blob/v24.0.0/image/tarexport/save.go, …/v25.0.0/… and
https://github.com/containerd/containerd/blob/v2.0.0/core/images/archive/exporter.go
"""

from __future__ import annotations

import posixpath
import tarfile
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import IO, TYPE_CHECKING, Any, cast

from pytask.decode import Unreadable, decode, object_at
from pytask.errors.docker import ImageNotSaved
from pytask.inspection.history import instructions
from pytask.inspection.host import confirm_ids, confirm_platform, foreign_layer, foreign_owners
from pytask.inspection.inflate import inflated
from pytask.inspection.layers import Inspection
from pytask.inspection.tar_owners import ArchiveBroken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytask.errors.image import ForeignLayer
    from pytask.inspection.host import ForeignOwners
    from pytask.model import BuiltImage

_STEP = 256 * 1024
"""Bytes looked at a time."""
_HEADER = 512
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
"""https://www.rfc-editor.org/rfc/rfc8878#name-zstandard-frames"""
_LARGEST_DOCUMENT = 8_000_000
"""Bytes; real ones have some thousands. A limit, so that what only begins like one is not held in memory."""


def inspect_saved(image: BuiltImage, archive: Iterable[bytes]) -> Inspection:
    """Confirm that the app's host can unpack and run an image; `archive` is what `docker save` gives, in pieces.

    Raises:
        WrongPlatform: when the image is for another kind of machine; then nothing is read.
        OwnerOutOfRange, UserOutOfRange: when there is an id that the host does not map.
        ManyFailures: both of them.
        ImageNotSaved: when the archive is damaged.
    """
    reference = image.references[0]
    confirm_platform(reference, image.platform)
    try:
        layers, user = _contents(_Archive(archive))
    except (ArchiveBroken, tarfile.TarError) as error:
        raise ImageNotSaved(reference=reference, detail=f"the exported archive is not an image: {error}") from error
    # As in a registry, what an image has twice is told once.
    different = sorted({layer.digest: layer for layer in layers}.values(), key=lambda layer: layer.number)
    confirm_ids(reference, user, [found for layer in different if (found := layer.foreign(len(layers)))])
    read = [layer.seen for layer in different if not layer.seen.unread]
    return Inspection(
        read=len(read),
        skipped=len(layers) - len(different),
        bytes_read=sum(seen.size_bytes for seen in read),
        unread=tuple((layer.digest, layer.seen.unread) for layer in different if layer.seen.unread),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    """What a file of the archive came to, taken for a layer."""

    size_bytes: int
    foreign: ForeignOwners | None = None
    unread: str = ""
    """Why it could not be looked at."""
    broken: str = ""
    """Why it is no layer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Layer:
    number: int
    digest: str
    """Of its archive unpacked, as `docker image inspect` tells it."""
    instruction: str
    seen: _Seen

    def foreign(self, of: int) -> ForeignLayer | None:
        found = self.seen.foreign
        return found and foreign_layer(
            found, number=self.number, of=of, digest=self.digest, instruction=self.instruction
        )


class _Archive:
    """An archive that has passed by: what its files came to, under their names."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._documents: dict[str, Any] = {}
        self._layers: dict[str, _Seen] = {}
        self._links: dict[str, str] = {}
        with tarfile.open(fileobj=cast("IO[bytes]", _Stream(pieces)), mode="r|", bufsize=_STEP) as archive:
            for member in archive:
                if member.issym():
                    self._links[member.name] = posixpath.join(posixpath.dirname(member.name), member.linkname)
                elif content := archive.extractfile(member):
                    self._look(member, iter(partial(content.read, _STEP), b""))

    def document(self, name: str) -> Any:  # noqa: ANN401 - JSON is of any form
        """Return manifest.json or a configuration."""
        if name not in self._documents:
            raise ArchiveBroken(f"it has no {name}")
        return self._documents[name]

    def layer(self, name: str) -> _Seen:
        """Return what a layer came to."""
        seen = self._layers.get(posixpath.normpath(self._links.get(name, name)))
        if seen is None or seen.broken:
            raise ArchiveBroken(f"{name}: {seen.broken if seen else 'it is missing'}")
        return seen

    def _look(self, member: tarfile.TarInfo, content: Iterator[bytes]) -> None:
        """Tell by the first bytes what a file is, since what its name means is told behind it."""
        start = next(content, b"")
        # A header of an archive always has a zero, and JSON never.
        if start[:1] in {b"{", b"["} and b"\0" not in start[:_HEADER] and member.size <= _LARGEST_DOCUMENT:
            self._keep(member.name, b"".join([start, *content]))
        else:
            self._layers[member.name] = _seen(member.size, start, content)

    def _keep(self, name: str, text: bytes) -> None:
        """Keep manifest.json and what may be the configuration."""
        document = decode(text)
        if isinstance(document, Unreadable):
            return
        if name == "manifest.json" or object_at(document, "rootfs"):
            self._documents[name] = document


class _Stream:
    """What comes in pieces, as a file that is read from its beginning to its end."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = filter(None, pieces)
        self._rest = b""

    def read(self, size: int) -> bytes:
        """Return some bytes, `size` at most; none at the end."""
        piece = self._rest or next(self._pieces, b"")
        self._rest = piece[size:]
        return piece[:size]


def _seen(size: int, start: bytes, content: Iterator[bytes]) -> _Seen:
    if start.startswith(_ZSTANDARD):
        return _Seen(size_bytes=size, unread="it is compressed with zstd")
    try:
        return _Seen(size_bytes=size, foreign=foreign_owners(inflated(chain([start], content))))
    except ArchiveBroken as error:
        return _Seen(size_bytes=size, broken=str(error))


def _contents(archive: _Archive) -> tuple[list[_Layer], str]:
    """Return an image's layers in its order, and what USER says."""
    manifest = archive.document("manifest.json")
    try:
        configuration, names = archive.document(manifest[0]["Config"]), manifest[0]["Layers"]
        digests, user = configuration["rootfs"]["diff_ids"], (configuration.get("config") or {}).get("User")
        made = instructions(configuration.get("history") or (), len(names))
        layers = [
            _Layer(number=number, digest=str(digest), instruction=instruction, seen=archive.layer(name))
            for number, (name, digest, instruction) in enumerate(zip(names, digests, made, strict=True), start=1)
        ]
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise ArchiveBroken("its manifest.json or configuration is not valid") from error
    return layers, str(user or "")
