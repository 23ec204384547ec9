"""Inspecting an image in the registry: whether the app's host can unpack and run it.

Every layer that the app does not run yet is read once, as a stream.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.errors import Cancelled
from pytask.errors.network import NetworkFailure
from pytask.inspection.host import confirm_ids, confirm_platform, foreign_layer, foreign_owners
from pytask.inspection.inflate import inflated
from pytask.inspection.tar_owners import ArchiveBroken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytask.errors.image import ForeignLayer
    from pytask.inspection.contents import ImageContents, Layer
    from pytask.registry.contents import Repository

_READERS = 2
"""Downloading, decompression and checksums run in parallel, but Python code does not: a third reader gains nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspection:
    """The result of an inspection that found nothing wrong."""

    read: int
    """Layers read."""
    skipped: int
    """Layers that the app already runs, or that the image repeats."""
    bytes_read: int
    """Size as stored, compressed or not."""
    unread: tuple[tuple[str, str], ...]
    """Digests of layers that could not be read, each with the reason."""


def inspect(repository: Repository, image: ImageContents, known_layers: frozenset[str]) -> Inspection:
    """Confirm that the app's host can unpack and run an image; `known_layers` has the digests that it already runs.

    Raises:
        WrongPlatform: when the image is for another platform; then nothing is read.
        OwnerOutOfRange, UserOutOfRange: when there is an id that the host does not map.
        ManyFailures: with both of them.
        ImageUnreadable: when a layer is damaged.
        TaskFailure: why the registry does not answer.
    """
    confirm_platform(image.reference, image.platform)
    unknown = {layer.digest: number for number, layer in enumerate(image.layers) if layer.digest not in known_layers}
    reading = _Reading(repository, image, sorted(unknown.values(), key=lambda number: -image.layers[number].size_bytes))
    foreign = tuple(reading.all())
    confirm_ids(image.reference, image.user, foreign)
    return Inspection(
        read=len(unknown) - len(reading.unread),
        skipped=len(image.layers) - len(unknown),
        bytes_read=reading.bytes_read,
        unread=tuple(sorted(reading.unread.items())),
    )


class _Reading:
    """Reads the layers of one image in parallel; a host that one thread cannot reach is not tried by the other."""

    def __init__(self, repository: Repository, image: ImageContents, numbers: list[int]) -> None:
        self._repository = repository
        self._image = image
        self._todo = deque(numbers)
        self._done: queue.SimpleQueue[ForeignLayer | BaseException | None] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._closed = ""
        # One per layer, because two threads must not add to the same number.
        self._received = [0] * len(image.layers)
        self.unread: dict[str, str] = {}

    @property
    def bytes_read(self) -> int:
        """Return the compressed bytes received so far."""
        return sum(self._received)

    def all(self) -> list[ForeignLayer]:
        """Read every layer, and return those with owners out of range, in the image's order."""
        count = len(self._todo)
        for _ in range(min(_READERS, count)):
            # Daemon threads: a read that waits for the network must not keep a canceled run from ending.
            threading.Thread(target=self._work, daemon=True, name="inspect").start()
        try:
            found = [self._next(done, count) for done in range(count)]
        finally:
            self._stopped.set()
        return sorted((layer for layer in found if layer), key=lambda layer: layer.number)

    def _next(self, done: int, count: int) -> ForeignLayer | None:
        """Return the result of whichever layer finishes next, and report the progress at intervals."""
        http = self._repository.http
        while True:
            try:
                result = self._done.get(timeout=http.timeouts.progress)
            except queue.Empty:
                http.say(f"{done} of {count} layers inspected, {self.bytes_read / 1_000_000:.0f} MB read")
                continue
            if isinstance(result, BaseException):
                raise result
            return result

    def _work(self) -> None:
        while not self._stopped.is_set():
            try:
                number = self._todo.popleft()
            except IndexError:
                return
            try:
                self._done.put(self._read(number))
            except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
                self._done.put(error)
                self._stopped.set()

    def _read(self, number: int) -> ForeignLayer | None:
        layer = self._image.layers[number]
        reason = self._closed or _unreadable(layer.media_type)
        if not reason:
            try:
                return self._inspected(number, layer)
            except NetworkFailure as error:
                # An agent that can push may still not reach the storage accounts that layers are read from.
                if error.host == self._repository.host:
                    raise
                reason = self._closed = f"this agent cannot read from {error.host}"
        self.unread[layer.digest] = reason
        return None

    def _inspected(self, number: int, layer: Layer) -> ForeignLayer | None:
        with self._repository.blob(layer.digest, layer.size_bytes) as pieces:
            counted = self._counted(number, pieces)
            try:
                found = foreign_owners(inflated(counted))
            except ArchiveBroken as error:
                raise self._repository.ruined(layer.digest, str(error)) from error
            deque(counted, maxlen=0)  # read to the end, where the digest is checked
        of, digest, instruction = len(self._image.layers), layer.digest, layer.instruction
        return foreign_layer(found, number=number + 1, of=of, digest=digest, instruction=instruction) if found else None

    def _counted(self, number: int, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            if self._stopped.is_set():
                raise Cancelled
            self._received[number] += len(piece)
            yield piece


def _unreadable(media_type: str) -> str:
    """Return why a layer cannot be read; empty when it can.

    Sources: https://github.com/opencontainers/image-spec/blob/main/layer.md,
    https://distribution.github.io/distribution/spec/manifest-v2-2/
    """
    if "nondistributable" in media_type or ".foreign." in media_type:
        return "it is not stored in the registry"
    return "it is compressed with zstd" if media_type.endswith(("+zstd", ".zstd")) else ""
