"""Run every fault at every call: `npm run faults`; it ends with `N passed, N failed`.

`--jobs N` runs so many at a time, `--only TEXT` those whose title has the text (`--skip TEXT`: has not), `--scene NAME`
those of a scene, `--quick` each call with one fault and each fault with one call, `--verbose` shows every result.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.matrix import pairs, points, rotated
from tests.faults.paper_azure import PaperAzure
from tests.faults.workers import run_all, title_of

if TYPE_CHECKING:
    from tests.faults.kinds import Kind
    from tests.faults.matrix import Point
    from tests.faults.workers import Result


def main() -> int:
    """Return 0 where every run ended well or told the truth."""
    given = _arguments()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, PaperAzure(Path(folder) / "azure") as azure:
        found = points(azure, Path(folder) / "run")
    chosen = [pair for pair in (rotated(found) if given.quick else pairs(found)) if _is_wanted(pair, given)]
    random.Random(1).shuffle(chosen)  # noqa: S311 - the slow ones are neighbors
    print(f"{len(found)} calls, {len({kind.name for _, kind in chosen})} faults, {len(chosen)} runs", flush=True)
    failed, codes = 0, Counter[tuple[str, str]]()
    for result in run_all(chosen, given.jobs):
        failed += bool(result.wrong)
        codes[result.title.rpartition(" | ")[2], result.code or "green"] += 1
        if result.wrong or given.verbose:
            _show(result)
    for (kind, code), times in sorted(codes.items()) if given.verbose else ():
        print(f"  {kind:<32} {code:<32} {times}")
    print(f"{len(chosen) - failed} passed, {failed} failed, in {time.monotonic() - began:.0f} s")
    return int(bool(failed))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="npm run faults --")
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--skip", action="append", default=[])
    parser.add_argument("--scene", action="append", default=[])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    return parser.parse_args()


def _is_wanted(pair: tuple[Point, Kind], given: argparse.Namespace) -> bool:
    title = title_of(*pair)
    if given.scene and pair[0].scene.name not in given.scene:
        return False
    return all(text in title for text in given.only) and not any(text in title for text in given.skip)


def _show(result: Result) -> None:
    verdict = "FAILED" if result.wrong else "passed"
    print(f"{verdict} {result.title} ({result.code or 'green'}, {result.seconds:.1f} s)", flush=True)
    for problem in result.wrong:
        print(f"    {problem}", flush=True)
    if result.wrong and result.state:
        print(f"    state: {result.state}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
