"""`npm run gallery`: all exhibits on one local Azure, what the user sees of each, and whether it was right."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.agent.under_test import ROOT
from tests.gallery.apps import APPS
from tests.gallery.exhibit import SECOND, NotReady, show
from tests.gallery.images import IMAGES
from tests.local_azure.azure import LocalAzure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.gallery.exhibit import Exhibit, Shown

EXHIBITS = (*IMAGES, *APPS)


def main() -> int:
    """Show the exhibits; give the exit code."""
    chosen = _chosen()
    failed = 0
    with (
        tempfile.TemporaryDirectory(prefix="gallery-") as folder,
        LocalAzure(folder=Path(folder) / "azure", cache=ROOT / ".cache", second=SECOND) as azure,
    ):
        for number, exhibit in enumerate(chosen, start=1):
            _say(f"\n{'=' * 120}\n{number}. {exhibit.title}  [{exhibit.name}]\n{'=' * 120}")
            try:
                shown = show(exhibit, azure, Path(folder) / exhibit.name)
            except NotReady as reason:
                _say(f"NOT SHOWN: {reason}")
                failed += 1
            else:
                _tell(shown)
                failed += not shown.passed
    _say(f"\n{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed else 0


def _chosen() -> Sequence[Exhibit]:
    parser = argparse.ArgumentParser(prog="npm run gallery --", description=__doc__)
    parser.add_argument("--only", metavar="NAME", choices=[one.name for one in EXHIBITS], help="show this one only")
    only = parser.parse_args().only
    return [one for one in EXHIBITS if only in (None, one.name)]


def _tell(shown: Shown) -> None:
    _say(shown.error or f"(no error: the run ended {shown.run.result})")
    _say("")
    _verdict(f"explanation  {shown.exhibit.code}", shown.explained)
    _verdict(f"old version  {shown.exhibit.ending}, answers", shown.left)
    _say(f"{'passed' if shown.passed else 'FAILED'}, {shown.seconds:.1f} s")
    if not shown.passed:
        _say("--- the log without docker's")
        _say("\n".join(_without_build(shown.run.log)))
        _say("---")


def _without_build(log: str) -> Iterator[str]:
    """Return the lines outside the group of the build."""
    building = False
    for line in log.splitlines():
        building = line.startswith("##[group]Build image") or (building and line != "##[endgroup]")
        if not building:
            yield line


def _verdict(name: str, wrong: Sequence[str]) -> None:
    _say(f"{name}: {'right' if not wrong else 'WRONG'}")
    for complaint in wrong:
        _say(f"  {complaint}")


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - this is its output


if __name__ == "__main__":
    sys.exit(main())
