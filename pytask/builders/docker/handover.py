"""Passing texts that must not be on disk to a program that needs file paths."""

from __future__ import annotations

import os
import tempfile
import threading
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WAKES, _SECONDS_BETWEEN_WAKES = 40, 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Handed:
    """Where a program finds the texts."""

    paths: tuple[str, ...]
    """Paths that can be read any number of times, but only within the block."""
    descriptors: tuple[int, ...] = ()
    """File descriptors that the program must inherit for the paths to work."""


@contextmanager
def handed_over(contents: Sequence[bytes], *, by_descriptors: bool = True) -> Iterator[Handed]:
    """Yield a path to each content, for a program that is started within the block.

    Without `by_descriptors`, the program need not inherit anything; a program behind a wrapper may not be able to.
    """
    in_descriptors = by_descriptors and hasattr(os, "memfd_create")
    with (in_memory if in_descriptors else through_pipes)(contents) as handed:
        yield handed


@contextmanager
def in_memory(contents: Sequence[bytes]) -> Iterator[Handed]:
    """Pass the contents as in-memory files, on Linux; every open starts reading at the beginning.

    Source: https://man7.org/linux/man-pages/man2/memfd_create.2.html
    """
    with ExitStack() as until_read:
        descriptors = tuple(_in_memory(content, until_read) for content in contents)
        yield Handed(paths=tuple(f"/proc/self/fd/{number}" for number in descriptors), descriptors=descriptors)


def _in_memory(content: bytes, until_read: ExitStack) -> int:
    file = until_read.enter_context(os.fdopen(os.memfd_create("handed over"), "wb"))
    file.write(content)
    file.flush()
    return file.fileno()


@contextmanager
def through_pipes(contents: Sequence[bytes]) -> Iterator[Handed]:
    """Pass the contents as named pipes, for systems where `/dev/fd/N` can be read only once (macOS).

    Source: https://man7.org/linux/man-pages/man7/fifo.7.html
    """
    with (
        tempfile.TemporaryDirectory(prefix="handed-over-", ignore_cleanup_errors=True) as folder,
        ExitStack() as feeders,
    ):
        pipes = tuple(Path(folder, str(number)) for number in range(len(contents)))
        for pipe, content in zip(pipes, contents, strict=True):
            feeders.enter_context(_fed(pipe, content))
        yield Handed(paths=tuple(map(str, pipes)))


@contextmanager
def _fed(pipe: Path, content: bytes) -> Iterator[None]:
    """Have a pipe give its content to every reader during the block."""
    over = threading.Event()
    os.mkfifo(pipe, mode=0o600)
    feeder = threading.Thread(target=_feed, args=(pipe, content, over), daemon=True, name=f"pipe {pipe.name}")
    feeder.start()
    try:
        yield
    finally:
        over.set()
        for _ in range(_WAKES):
            _wake(pipe)
            feeder.join(_SECONDS_BETWEEN_WAKES)
            if not feeder.is_alive():
                break


def _feed(pipe: Path, content: bytes, over: threading.Event) -> None:
    """Write the content once for each reader. Each gets its own pipe: readers of one pipe would share the content."""
    fresh = pipe.with_suffix(".next")
    with suppress(OSError):
        while not over.is_set():
            os.mkfifo(fresh, mode=0o600)
            with pipe.open("wb", buffering=0) as reader:
                fresh.replace(pipe)
                with suppress(BrokenPipeError):
                    reader.write(b"" if over.is_set() else content)


def _wake(pipe: Path) -> None:
    """Wake the thread that waits for a reader."""
    with suppress(OSError):
        os.close(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))
