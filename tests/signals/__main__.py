"""`npm run signals`: runs stopped by SIGINT, SIGTERM and SIGKILL of Node at every point, each judged."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.agent.under_test import ROOT
from tests.local_azure.azure import LocalAzure
from tests.signals.points import HOWS, POINTS
from tests.signals.trial import have_images, try_point


def main() -> int:
    """Stop a run at each point in each way; return the exit code."""
    parser = argparse.ArgumentParser(prog="npm run signals --", description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="points with this text in their name")
    parser.add_argument("--how", choices=HOWS, help="this signal only")
    parser.add_argument("--show", action="store_true", help="show the state that each run tells")
    given = parser.parse_args()
    cases = [(point, how) for point in POINTS for how in HOWS if given.only in point.name and given.how in {None, how}]
    failed = 0
    with (
        tempfile.TemporaryDirectory(prefix="signals-") as folder,
        LocalAzure(folder=Path(folder) / "azure", cache=ROOT / ".cache") as azure,
    ):
        (Path(folder) / "images").mkdir()
        have_images(azure, Path(folder) / "images")
        for number, (point, how) in enumerate(cases):
            (Path(folder) / str(number)).mkdir()
            trial = try_point(point, how, azure, Path(folder) / str(number))
            failed += bool(trial.wrong)
            _say(f"{'FAILED' if trial.wrong else 'passed'}  {trial.seconds:4.1f} s  {trial.name}")
            for line in (*trial.wrong, *(trial.told.splitlines() if given.show else ())):
                _say("\n".join(f"        {part}" for part in line.splitlines()))
    _say(f"\n{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - this is its output


if __name__ == "__main__":
    sys.exit(main())
