"""Inspecting an image that is only in the engine: whether the app's host can unpack and run it.

The engine returns an image in the format of `docker save`: an archive of archives, where manifest.json comes last and
says what the others are. So each file is inspected as it streams by, and only the small documents are kept. Engines
before 25 have layers as `<id>/layer.tar`, and links for repeated ones; later engines have an OCI layout with
`blobs/sha256/…`, whose layers may be compressed.
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
"""Bytes read at a time."""
_HEADER = 512
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
"""https://www.rfc-editor.org/rfc/rfc8878#name-zstandard-frames"""
_LARGEST_DOCUMENT = 8_000_000
"""Bytes; real ones have a few thousand. The limit keeps a file that only begins like one out of memory."""


def inspect_saved(image: BuiltImage, archive: Iterable[bytes]) -> Inspection:
    """Confirm that the app's host can unpack and run an image; `archive` is in the format of `docker save`, in chunks.

    Raises:
        WrongPlatform: when the image is for another platform; then nothing is read.
        OwnerOutOfRange, UserOutOfRange: when there is an id that the host does not map.
        ManyFailures: with both of them.
        ImageNotSaved: when the archive is damaged.
    """
    reference = image.references[0]
    confirm_platform(reference, image.platform)
    try:
        layers, user = _contents(_Archive(archive))
    except (ArchiveBroken, tarfile.TarError) as error:
        raise ImageNotSaved(reference=reference, detail=f"the exported archive is not an image: {error}") from error
    # As with a registry, a layer that occurs twice is reported once.
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
    """The result of reading a file of the archive as a layer."""

    size_bytes: int
    foreign: ForeignOwners | None = None
    unread: str = ""
    """Why it could not be read."""
    broken: str = ""
    """Why it is not a layer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Layer:
    number: int
    digest: str
    """Digest of the uncompressed archive, as in `docker image inspect`."""
    instruction: str
    seen: _Seen

    def foreign(self, of: int) -> ForeignLayer | None:
        found = self.seen.foreign
        return found and foreign_layer(
            found, number=self.number, of=of, digest=self.digest, instruction=self.instruction
        )


class _Archive:
    """A streamed archive: the results of its files, by name."""

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

    def document(self, name: str) -> Any:  # noqa: ANN401 - JSON has any type
        """Return manifest.json or a configuration."""
        if name not in self._documents:
            raise ArchiveBroken(f"it has no {name}")
        return self._documents[name]

    def layer(self, name: str) -> _Seen:
        """Return a layer's result."""
        seen = self._layers.get(posixpath.normpath(self._links.get(name, name)))
        if seen is None or seen.broken:
            raise ArchiveBroken(f"{name}: {seen.broken if seen else 'it is missing'}")
        return seen

    def _look(self, member: tarfile.TarInfo, content: Iterator[bytes]) -> None:
        """Read a file by its first bytes, because manifest.json, which says what each file is, comes later."""
        start = next(content, b"")
        # The header of an archive always contains a zero byte, JSON never does.
        if start[:1] in {b"{", b"["} and b"\0" not in start[:_HEADER] and member.size <= _LARGEST_DOCUMENT:
            self._keep(member.name, b"".join([start, *content]))
        else:
            self._layers[member.name] = _seen(member.size, start, content)

    def _keep(self, name: str, text: bytes) -> None:
        """Keep manifest.json and documents that may be the configuration."""
        document = decode(text)
        if isinstance(document, Unreadable):
            return
        if name == "manifest.json" or object_at(document, "rootfs"):
            self._documents[name] = document


class _Stream:
    """Chunks as a file-like object that is read from beginning to end."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = filter(None, pieces)
        self._rest = b""

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes; empty at the end."""
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
    """Return an image's layers in order, and its USER."""
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
