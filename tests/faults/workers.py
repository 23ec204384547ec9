"""Processes that run faults, each on a local Azure of its own: most of a run is waiting."""

from __future__ import annotations

import multiprocessing
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.faults.kinds import KINDS
from tests.faults.known import KNOWN
from tests.faults.matrix import play
from tests.faults.oracle import problems
from tests.faults.paper_azure import PaperAzure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.queues import Queue

    from tests.faults.kinds import Kind
    from tests.faults.matrix import Point

    Waiting = Queue[tuple[Point, str] | None]

_BY_NAME = {kind.name: kind for kind in KINDS}


class Result(NamedTuple):
    """What came of one run."""

    title: str
    wrong: tuple[str, ...]
    """What is wrong; empty for a run that passed."""
    code: str
    """The code of its failure; empty for a run that succeeded."""
    state: str
    seconds: float


def title_of(point: Point, kind: Kind) -> str:
    """Return what a run is called in a report."""
    return f"{point.title} | {kind.name}"


def run_all(chosen: Sequence[tuple[Point, Kind]], jobs: int) -> Iterator[Result]:
    """Run faults, so many at a time, and return the results as they come."""
    spawn = multiprocessing.get_context("spawn")
    waiting: Waiting = spawn.Queue()
    done: Queue[Result] = spawn.Queue()
    for point, kind in chosen:
        waiting.put((point, kind.name))
    workers = [spawn.Process(target=work, args=(waiting, done)) for _ in range(jobs)]
    for worker in workers:
        waiting.put(None)
        worker.start()
    for _ in chosen:
        yield done.get()
    for worker in workers:
        worker.join()


def work(waiting: Waiting, done: Queue[Result]) -> None:
    """Run what is waiting, on a local Azure of this process's own."""
    with tempfile.TemporaryDirectory() as folder, PaperAzure(Path(folder) / "azure") as azure:
        while pair := waiting.get():
            done.put(run_one(azure, Path(folder) / "run", pair[0], _BY_NAME[pair[1]]))


def run_one(azure: PaperAzure, folder: Path, point: Point, kind: Kind) -> Result:
    """Run a scene with a fault at one of its calls."""
    title = title_of(point, kind)
    case = play(azure, folder, point.scene, point, kind)
    wrong = tuple(problems(case))
    if any(known.search(title) for known in KNOWN):
        wrong = ()
    return Result(title, wrong, case.run.code, case.run.state, case.run.seconds)
