"""Whether the app's host can unpack and run an image that is in the registry.

App Service maps the user and group ids 0 to 65535 of a container, and cannot pull a layer that has a file with
another owner. So every layer that the app does not run already is read once, as a stream.
Source: https://azureossd.github.io/2022/06/30/Docker-User-Namespace-remapping-issues/
"""

from __future__ import annotations

import posixpath
import queue
import re
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.errors import Cancelled, ManyFailures
from pytask.errors.azure import Unreachable
from pytask.errors.image import ForeignLayer, Maker, OwnerOutOfRange, UserOutOfRange, WrongPlatform
from pytask.image.inflate import inflated
from pytask.image.tar_owners import ArchiveBroken, owners

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytask.errors import TaskFailure
    from pytask.registry.contents import Repository
    from pytask.registry.image import ImageContents, Layer

HOST_PLATFORM = "linux/amd64"
"""What App Service and Container Apps run.
https://learn.microsoft.com/azure/app-service/configure-custom-container"""
IDS = range(65536)
_READERS = 2
"""Unpacking and checksums run beside each other, Python's own part does not: a third reader gains nothing."""
_MADE_BY = {
    Maker.PACKAGES: r"^RUN .*\b(npm|npx|yarn|pnpm)\b",
    Maker.TAR: r"^RUN .*\b(bsd)?tar ",
    Maker.USERS: r"^RUN .*\b(user|group)(add|mod)\b|^RUN .*\badd(user|group)\b",
    Maker.CHOWN: r"^RUN .*\bch(own|grp)\b",
    Maker.COPY: r"^COPY ",
    Maker.ADD: r"^ADD ",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspection:
    """What was looked at; that nothing was found is in its being there."""

    read: int
    """Layers read."""
    skipped: int
    """Layers that the app runs already, or that the image has twice."""
    bytes_read: int
    """As they lie in the registry, packed."""
    unread: tuple[tuple[str, str], ...]
    """Digests of layers that could not be looked at, each with the reason."""


def confirm_platform(reference: str, platform: str) -> None:
    """Confirm that the app's host runs images for `platform`, such as `linux/amd64` or `linux/arm64/v8`.

    Raises:
        WrongPlatform: when it does not.
    """
    if not f"{platform}/".startswith(f"{HOST_PLATFORM}/"):
        raise WrongPlatform(reference=reference, found=platform, wanted=HOST_PLATFORM)


def inspect(repository: Repository, image: ImageContents, known_layers: frozenset[str]) -> Inspection:
    """Confirm that the app's host can unpack and run an image; `known_layers` are digests of what it runs already.

    Raises:
        WrongPlatform: when the image is for another kind of machine; then nothing is read.
        OwnerOutOfRange, UserOutOfRange: when there is an id that the host does not map.
        ManyFailures: both of them.
        ImageUnreadable: when a layer is damaged.
        TaskFailure: why the registry does not answer.
    """
    confirm_platform(image.reference, image.platform)
    unknown = {layer.digest: number for number, layer in enumerate(image.layers) if layer.digest not in known_layers}
    reading = _Reading(repository, image, sorted(unknown.values(), key=lambda number: -image.layers[number].size_bytes))
    foreign = tuple(reading.all())
    failures: list[TaskFailure] = []
    if foreign:
        failures.append(OwnerOutOfRange(reference=image.reference, layers=foreign))
    if any(part.isdigit() and int(part) not in IDS for part in image.user.split(":")):
        failures.append(UserOutOfRange(reference=image.reference, user=image.user))
    if len(failures) > 1:
        raise ManyFailures(tuple(failures))
    if failures:
        raise failures[0]
    return Inspection(
        read=len(unknown) - len(reading.unread),
        skipped=len(image.layers) - len(unknown),
        bytes_read=reading.bytes_read,
        unread=tuple(sorted(reading.unread.items())),
    )


def makers_of(instruction: str, number: int) -> tuple[Maker, ...]:
    """Give what an instruction may have written files with; `number` is the layer's, from 1."""
    found = tuple(maker for maker, sign in _MADE_BY.items() if re.search(sign, instruction))
    # The first layer is the base image's, unless the Dockerfile starts FROM scratch.
    return (*found, Maker.BASE) if number == 1 else found or (Maker.OTHER,)


class _Reading:
    """Layers of one image, read side by side; what one thread finds out about the network spares the other."""

    def __init__(self, repository: Repository, image: ImageContents, numbers: list[int]) -> None:
        self._repository = repository
        self._image = image
        self._todo = deque(numbers)
        self._done: queue.SimpleQueue[ForeignLayer | BaseException | None] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._closed = ""
        # One for each layer, since no two threads may add to the same.
        self._received = [0] * len(image.layers)
        self.unread: dict[str, str] = {}

    @property
    def bytes_read(self) -> int:
        """Give how much has come in so far, packed."""
        return sum(self._received)

    def all(self) -> list[ForeignLayer]:
        """Read every layer; give those with owners out of range, in the image's order."""
        count = len(self._todo)
        for _ in range(min(_READERS, count)):
            # Daemons: a read that waits for the network must not keep a run that was cancelled from ending.
            threading.Thread(target=self._work, daemon=True, name="inspect").start()
        try:
            found = [self._next(done, count) for done in range(count)]
        finally:
            self._stopped.set()
        return sorted((layer for layer in found if layer), key=lambda layer: layer.number)

    def _next(self, done: int, count: int) -> ForeignLayer | None:
        """Give what the next layer came to, whichever it is, and tell of the progress while that takes long."""
        door = self._repository.door
        while True:
            try:
                result = self._done.get(timeout=door.patience.progress)
            except queue.Empty:
                door.say(f"{done} of {count} layers inspected, {self.bytes_read / 1_000_000:.0f} MB read")
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
            except Unreachable as error:
                # Who may push need not reach the storage accounts that layers are read from.
                if error.host == self._repository.session.login_server.partition(":")[0]:
                    raise
                reason = self._closed = f"this agent cannot read from {error.host}"
        self.unread[layer.digest] = reason
        return None

    def _inspected(self, number: int, layer: Layer) -> ForeignLayer | None:
        first, entries = None, 0
        with self._repository.blob(layer.digest) as pieces:
            counted = self._counted(number, pieces)
            try:
                for owned in owners(inflated(counted)):
                    if owned.user not in IDS or owned.group not in IDS:
                        first, entries = first or owned, entries + 1
            except ArchiveBroken as error:
                raise self._repository.ruined(layer.digest, str(error)) from error
            deque(counted, maxlen=0)  # to the end, where the digest is confirmed
        if first is None:
            return None
        return ForeignLayer(
            number=number + 1,
            of=len(self._image.layers),
            digest=layer.digest,
            instruction=layer.instruction,
            makers=makers_of(layer.instruction, number + 1),
            entry=_shown(first.name),
            user=first.user,
            group=first.group,
            entries=entries,
        )

    def _counted(self, number: int, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            if self._stopped.is_set():
                raise Cancelled
            self._received[number] += len(piece)
            yield piece


def _unreadable(media_type: str) -> str:
    """Give why a layer cannot be looked at, empty when it can.

    Sources: https://github.com/opencontainers/image-spec/blob/main/layer.md,
    https://distribution.github.io/distribution/spec/manifest-v2-2/
    """
    if "nondistributable" in media_type or ".foreign." in media_type:
        return "it is not kept in the registry"
    return "it is packed with zstd" if media_type.endswith(("+zstd", ".zstd")) else ""


def _shown(name: str) -> str:
    """Give an entry's path as the container has it, characters that cannot be printed as escapes."""
    path = posixpath.normpath("/" + name.lstrip("/"))
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in path)
