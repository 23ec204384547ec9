"""`npm run acceptance`: every command of the task in a subscription of your own, with every answer recorded.

Creates a resource group with a registry, an app with a slot, and a Functions app on Container Apps, runs all steps of
`steps.py`, writes the recordings into build/acceptance, and deletes the group. `az` must be signed in, as somebody who
may create resources and assign roles, and Docker must be there. `-- --local` runs the same against the local Azure,
without Docker. It has never run against Azure.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.acceptance.place import AzureByCli, PaperPlace
from tests.acceptance.session import accept
from tests.agent.under_test import ROOT
from tests.faults.paper_azure import PaperAzure


def main() -> int:
    """Run the acceptance, and return the exit code."""
    parser = argparse.ArgumentParser(prog="npm run acceptance --", description=__doc__)
    parser.add_argument("--local", action="store_true", help="the local Azure instead of yours")
    parser.add_argument("--yes", action="store_true", help="create resources that cost money, without a question")
    parser.add_argument("--location", default="westeurope")
    parser.add_argument("--sku", default="EP1", help="the plan of the app; it must have slots")
    parser.add_argument("--recordings", type=Path, default=ROOT / "build" / "acceptance")
    given = parser.parse_args()
    with ExitStack() as open_things:
        folder = Path(open_things.enter_context(tempfile.TemporaryDirectory(prefix="acceptance-")))
        if given.local:
            azure = open_things.enter_context(PaperAzure(folder / "azure"))
            place: PaperPlace | AzureByCli = PaperPlace(azure=azure, sources=folder / "run" / "s")
        elif shutil.which("az") is None:
            return _told("this needs the Azure CLI, signed in (az login), or -- --local")
        else:
            place = AzureByCli.signed_in(given.location, given.sku)
            if not given.yes and not _agreed(place):
                return 1
        failed = accept(place, folder / "run", given.recordings.absolute(), _say)
    _say(f"recordings: {given.recordings} (look through them, then npm run corpus -- {given.recordings})")
    return int(failed > 0)


def _agreed(place: AzureByCli) -> bool:
    names = place.names
    _say(
        f"creates the resource group {names.group} ({place.location}, {place.sku}) in {names.subscription}: this costs"
    )
    return input("money until it is deleted at the end. Go on? [y/N] ").strip().lower() == "y"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _told(problem: str) -> int:
    sys.stderr.write(f"acceptance: {problem}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
