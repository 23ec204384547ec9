"""Run every fault at every call: `npm run faults`; it ends with `N passed, N failed`.

`--jobs N` runs so many at a time, `--only TEXT` those whose title has the text (`--skip TEXT`: has not), `--quick` each call with one fault,
`--verbose` shows every result.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.matrix import pairs, points, rotated
from tests.faults.paper_azure import PaperAzure
from tests.faults.workers import title_of, work

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

    from tests.faults.workers import Result


def main() -> int:
    """Return 0 where every run ended well or told the truth."""
    given = _arguments()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        with PaperAzure(Path(folder) / "azure") as azure:
            found = points(azure, Path(folder) / "run")
        chosen = rotated(found) if given.quick else pairs(found)
        titles = [title_of(pair) for pair in chosen]
        order = random.Random(1).sample(range(len(titles)), len(titles))  # noqa: S311 - the slow ones are neighbors
        wanted = [at for at in order if _is_wanted(titles[at], given)]
        print(f"{len(found)} calls, {len({kind.name for _, kind in chosen})} faults, {len(wanted)} runs", flush=True)
        failed, codes = _run_all([titles[at] for at in wanted], given)
    if given.verbose:
        for (kind, code), times in sorted(codes.items()):
            print(f"  {kind:<32} {code or 'green':<32} {times}")
    print(f"{len(wanted) - failed} passed, {failed} failed, in {time.monotonic() - began:.0f} s")
    return int(bool(failed))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="npm run faults --")
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--skip", action="append", default=[])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    return parser.parse_args()


def _is_wanted(title: str, given: argparse.Namespace) -> bool:
    return all(text in title for text in given.only) and not any(text in title for text in given.skip)


def _run_all(titles: list[str], given: argparse.Namespace) -> tuple[int, Counter[tuple[str, str]]]:
    spawn = multiprocessing.get_context("spawn")
    waiting: Queue[str | None] = spawn.Queue()
    done: Queue[Result] = spawn.Queue()
    for title in [*titles, *[None] * given.jobs]:
        waiting.put(title)
    workers = [spawn.Process(target=work, args=(waiting, done)) for _ in range(given.jobs)]
    for worker in workers:
        worker.start()
    failed, codes = 0, Counter[tuple[str, str]]()
    for _ in titles:
        title, wrong, code, state = done.get()
        codes[title.rpartition(" × ")[2], code] += 1
        failed += bool(wrong)
        if wrong or given.verbose:
            print(f"{'FAILED' if wrong else 'passed'} {title} ({code or 'green'})", flush=True)
        for problem in wrong:
            print(f"    {problem}", flush=True)
        if wrong and state:
            print(f"    state: {state}", flush=True)
    for worker in workers:
        worker.join()
    return failed, codes


if __name__ == "__main__":
    sys.exit(main())
