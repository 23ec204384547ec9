"""Watching the machine while a task runs: what any user of it could read in /proc."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(slots=True)
class Seen:
    """Every command line that was seen, and the environment of every docker command, its plugins and helpers.

    Docker commands below another folder than `sources` are another test's, or somebody else's.
    """

    sources: Path
    command_lines: set[bytes] = field(default_factory=set)
    docker_environments: set[bytes] = field(default_factory=set)
    before: frozenset[Path] = frozenset()
    """The processes that were there before: looking at those again takes so long that others come and go meanwhile."""

    def look(self) -> None:
        """Look once at all processes that came since."""
        for folder in set(Path("/proc").glob("[0-9]*")) - self.before:
            self.command_lines.add(_read(folder / "cmdline"))
            environment = _read(folder / "environ")
            if b"DOCKER_BUILDKIT=1\0" in environment and self._is_ours(folder):
                self.docker_environments.add(environment)

    def _is_ours(self, folder: Path) -> bool:
        try:
            return (folder / "cwd").readlink().is_relative_to(self.sources)
        except OSError:
            return False


@contextmanager
def watched(sources: Path) -> Iterator[Seen]:
    """Look at all processes again and again for the time of the block; `sources` is the checkout that is built."""
    seen, over = Seen(sources.resolve(), before=frozenset(Path("/proc").glob("[0-9]*"))), threading.Event()

    def watch() -> None:
        while not over.wait(0.01):
            seen.look()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def a_step_that_lasts(folder: Path) -> str:
    """Return an instruction that takes a second each time: a step from the cache is over before anybody looks."""
    return f"RUN sleep 1 # {folder}\n"


def files_with(words: Iterable[str], folder: Path) -> list[tuple[Path, str]]:
    """Return the files below a folder that hold one of the words; links hold nothing."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return [(path, word) for path in files for word in words if word.encode() in path.read_bytes()]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
