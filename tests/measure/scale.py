"""`npm run scale`: what one app more costs, with 1, 5, 20, 50 and 200 apps in one run. No Docker is needed.

Each count runs in a process of its own, against a scripted Resource Manager that counts calls in buckets as Azure does.
Every app takes 4 of the platform's seconds to start, on a plan of its own. Processor time and memory include those of
the scripted Azure. The platform's seconds are a twentieth of real ones, so that processor time counts twenty times.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import pytest

from pytask import stages
from pytask.journal import Journal
from pytask.report.apps import End, rows_of
from tests.agent.under_test import ROOT
from tests.contract.builders.paper import Cabinet
from tests.contract.foreign import REGISTRY, a_world
from tests.contract.targets.many_sites import FastClock, ManySites, Town
from tests.contract.targets.shelf import Shelf
from tests.contract.test_whole_run import _registry

COUNTS = (1, 5, 20, 50, 200)
SPEED = 20.0
MOST_CALLS = 60
"""Of Resource Manager, for each app."""
MOST_BEYOND = 0.25
"""Megabytes for each app, beyond what a run with one takes."""
_SECONDS = 600
_WIDTH = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What one run took."""

    apps: int
    verified: int
    seconds: float
    """Of the platform."""
    processor: float
    """Seconds of processor time."""
    calls: int
    refused: int
    """Calls that were answered 429."""
    megabytes: float


def one(apps: int) -> Figures:
    """Run the task once, in this process."""
    cabinet = Cabinet()
    names = [f"shop-{number:03}" for number in range(apps)]
    stages.load()
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory() as folder,
        a_world(patch, Path(folder)) as world,
    ):
        world.answers[REGISTRY] = partial(_registry, cabinet)
        clock = FastClock(speed=SPEED)
        sites = ManySites(clock, lambda image: cabinet.tags.get(image.rpartition(":")[2], ""))
        shelf = Shelf(clock=clock, timeouts=sites.timeouts)
        town = Town(Path(folder), shelf, cabinet, io.StringIO(), Journal(lambda _: None), sites=sites)
        began, used = clock.monotonic(), time.process_time()
        town.deploy(names)
        seconds, processor = clock.monotonic() - began, time.process_time() - used
    ends = [row.end for row in rows_of(town.journal)] if apps > 1 else [End.VERIFIED]
    return Figures(
        apps=apps,
        verified=ends.count(End.VERIFIED),
        seconds=seconds,
        processor=processor,
        calls=sum(sites.calls.values()),
        refused=sites.refused,
        megabytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def _in_a_process(apps: int) -> Figures:
    command = [sys.executable, "-m", "tests.measure.scale", "--one", str(apps)]
    done = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True, timeout=_SECONDS)
    return Figures(**json.loads(done.stdout))


def _row(found: Figures, most: float) -> str:
    per_app, processor = found.seconds / found.apps, found.processor / found.apps
    bar = "█" * max(1, round(per_app / most * _WIDTH))
    times = f"{found.seconds:>9.0f} s{per_app:>8.1f} s{processor:>9.3f} s"
    calls = f"{found.calls / found.apps:>8.0f}{found.refused:>6}"
    return f"{found.apps:>5}{found.verified:>10}{times}{calls}{found.megabytes:>8.0f} MB  {bar}\n"


def main() -> int:
    """Measure and draw; return 1 when the cost of one app grows with their number."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--one", type=int, default=0, help="run once with so many apps, and print its figures")
    if count := parser.parse_args().one:
        sys.stdout.write(json.dumps(asdict(one(count))))
        return 0
    sys.stdout.write(" apps  verified  whole run    an app  processor   calls   429     memory  seconds for each app\n")
    found: list[Figures] = []
    for apps in COUNTS:
        found.append(_in_a_process(apps))
        sys.stdout.write(_row(found[-1], found[0].seconds))
        sys.stdout.flush()
    first, last = found[0], found[-1]
    beyond = (last.megabytes - first.megabytes) / (last.apps - 1)
    sys.stdout.write(f"one app more: {beyond:.2f} MB (limit {MOST_BEYOND}); calls for each at most {MOST_CALLS}\n")
    kept = beyond <= MOST_BEYOND and all(one.calls / one.apps <= MOST_CALLS for one in found)
    return 0 if kept and all(one.verified == one.apps for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
