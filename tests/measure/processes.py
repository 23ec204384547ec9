"""What the processes of one run cost: who lived from when to when, how much CPU and how much memory they took."""

from __future__ import annotations

import os
import re
import resource
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_EVERY = 0.02
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


@dataclass(slots=True)
class Life:
    """One process, by this machine's monotonic clock, give or take one look."""

    name: str
    """`node`, `python`, `docker build` and so on."""
    began: float
    ended: float
    megabytes: float
    """The most memory it was seen with."""


@dataclass(slots=True)
class Cost:
    """What a block of work cost; complete once the block is over."""

    lives: dict[int, Life] = field(default_factory=dict)
    cpu_seconds: float = 0.0
    """Of all processes that the block started and that are over, their own children's included."""

    def megabytes(self, name: str) -> float:
        """Return the most memory that a process of this name had."""
        return max((life.megabytes for life in self.lives.values() if life.name == name), default=0.0)

    def began(self, name: str) -> float | None:
        """Return when the first process of this name was seen."""
        return min((life.began for life in self.lives.values() if life.name == name), default=None)


@contextmanager
def watched(mark: str) -> Iterator[Cost]:
    """Watch, for the time of the block, the processes that have `mark` in their environment."""
    cost, over = Cost(), threading.Event()
    thread = threading.Thread(target=_watch, args=(cost, mark.encode(), over), daemon=True)
    before = _cpu_of_children()
    thread.start()
    try:
        yield cost
    finally:
        cost.cpu_seconds = _cpu_of_children() - before
        over.set()
        thread.join()


def _watch(cost: Cost, mark: bytes, over: threading.Event) -> None:
    strangers = set(Path("/proc").glob("[0-9]*"))
    while not over.wait(_EVERY):
        for folder in set(Path("/proc").glob("[0-9]*")) - strangers:
            _look(cost, folder, mark, strangers)


def _look(cost: Cost, folder: Path, mark: bytes, strangers: set[Path]) -> None:
    pid, now = int(folder.name), time.monotonic()
    try:
        if pid not in cost.lives and mark not in (folder / "environ").read_bytes():
            strangers.add(folder)
            return
        name = _name((folder / "cmdline").read_bytes().split(b"\0"))
        peak = _PEAK.search((folder / "status").read_text())
    except OSError:
        return
    life = cost.lives.setdefault(pid, Life(name=name, began=now, ended=now, megabytes=0.0))
    life.name, life.ended = name or life.name, now
    life.megabytes = max(life.megabytes, int(peak.group(1)) / 1000 if peak else 0.0)


def _name(words: list[bytes]) -> str:
    """Return a process the name a person knows it by; a program that is just being started has none yet."""
    program = os.path.basename(words[0]).decode(errors="replace")  # noqa: PTH119 - no path of this machine is meant
    if program == "docker" and len(words) > 1:
        return f"docker {words[1].decode(errors='replace')}"
    return "python" if program.startswith("python") else program


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
