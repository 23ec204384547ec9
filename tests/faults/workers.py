"""Processes that run faults, each on a local Azure of its own: most of a run is waiting."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.known import KNOWN
from tests.faults.matrix import Point, pairs, play, points
from tests.faults.oracle import problems
from tests.faults.paper_azure import PaperAzure

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

    from tests.faults.kinds import Kind

    Pair = tuple[Point, Kind]

Result = tuple[str, tuple[str, ...], str, str]
"""Title, problems, the code of the failure, and the state as it was told."""


def title_of(pair: Pair) -> str:
    """Return what a run is called in a report."""
    return f"{pair[0].title} × {pair[1].name}"


def work(waiting: Queue[str | None], done: Queue[Result]) -> None:
    """Run what is waiting, on a local Azure of this process's own."""
    with tempfile.TemporaryDirectory() as folder, PaperAzure(Path(folder) / "azure") as azure:
        by_title = {title_of(pair): pair for pair in pairs(points(azure, Path(folder) / "run"))}
        while title := waiting.get():
            done.put(_one(azure, Path(folder) / "run", title, by_title.get(title)))


def _one(azure: PaperAzure, folder: Path, title: str, pair: Pair | None) -> Result:
    if pair is None:
        return title, (), "not made this time", ""
    point, kind = pair
    case = play(azure, folder, point.scene, point, kind)
    wrong = tuple(problems(case))
    if any(known.search(title) for known in KNOWN):
        wrong = () if wrong else ("it is right now: remove it from tests/faults/known.py",)
    return title, wrong, case.run.code, case.run.state
