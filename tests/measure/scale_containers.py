"""`npm run scale:containers`: twenty apps from one image, each 15 s to start, against one; with real containers.

Every app is on a plan of its own and its host takes 15 real seconds before it listens. The first app is verified
before all others, which start in one wave, so twenty apps need at least twice the start of one. The machine that
measures also runs all containers and the local Azure; `processor` says how busy it was, all processes together.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.agent.under_test import ROOT
from tests.local_azure.azure import LocalAzure
from tests.measure.setting import docker_first, say
from tests.pipeline import a_pipeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.agent.running_task import TaskRun
    from tests.pipeline import Pipeline

APPS = 20
STARTS_IN = 15
MOST = 2.0
"""Times as long as one app."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What one run took."""

    apps: int
    seconds: float
    processor: float
    """Which part of the machine was busy, from 0 to 1."""
    calls: int
    """Of Resource Manager."""
    run: TaskRun


def measured(pipeline: Pipeline, names: Sequence[str]) -> Measured:
    """Deploy a changed image to new apps, and return what that took."""
    for name in names:
        site = pipeline.azure.add_app(name, settings={"SANDBOX_START_SECONDS": str(STARTS_IN)})
        pipeline.azure.grant(pipeline.principal, "Website Contributor", site.id)
    first, *more = names
    with (pipeline.sources / "host.json").open("a", encoding="utf-8") as file:
        file.write("\n")
    calls, began, busy = len(pipeline.azure.calls), time.monotonic(), _busy()
    run = pipeline.run(
        appName=first, moreApps="\n".join(more), build_id=f"of-{len(names)}", verifyTimeoutMinutes="5", timeout=400
    )
    seconds = time.monotonic() - began
    of_arm = [call for call in pipeline.azure.calls[calls:] if call.host == pipeline.azure.place.resource_manager]
    processor = (_busy() - busy) / seconds / (os.cpu_count() or 1)
    return Measured(apps=len(names), seconds=seconds, processor=processor, calls=len(of_arm), run=run)


def _busy() -> float:
    """Return the seconds that the processors of this machine have worked.

    Source: https://man7.org/linux/man-pages/man5/proc_stat.5.html
    """
    user, nice, system, _idle, _iowait, *others = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    return sum(map(int, (user, nice, system, *others[:3]))) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Measure and print; return 1 when twenty apps take more than twice as long as one."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--apps", type=int, default=APPS)
    parser.add_argument("--log", action="store_true", help="print the log of the run with all apps")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="scale-") as folder,
        LocalAzure(folder=Path(folder) / "azure", cache=ROOT / ".cache", second=1.0) as azure,
        a_pipeline(azure, Path(folder), path=docker_first()) as pipeline,
    ):
        pipeline.run(command="buildAndPush", appName="")  # whatever both share is in the build cache then
        found = [measured(pipeline, [f"app-{count}-{one:02}" for one in range(count)]) for count in (1, given.apps)]
    say(" apps  whole run  processor  calls for each")
    for one in found:
        say(f"{one.apps:>5}{one.seconds:>9.1f} s{one.processor:>10.0%}{one.calls / one.apps:>16.0f}")
    ratio = found[1].seconds / found[0].seconds
    say(f"{given.apps} apps take {ratio:.2f} times as long as one (limit {MOST})")
    if given.log:
        sys.stdout.write("\n".join(one.run.log for one in found))
    good = all(one.run.variables.get("verification") == "verified" for one in found)
    return 0 if good and ratio <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
