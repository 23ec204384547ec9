"""`npm run test:package`: the end-to-end tests on the task as an agent unpacks it, with every Python of this machine.

The tests have a network of their own with nothing in it but this machine itself, so that whatever would be fetched
fails. Two run at once, as in `npm test`. Arguments go to pytest; `--python 3.12` takes one version only.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.agent.under_test import ROOT
from tests.package.alone import ALONE
from tests.package.pythons import pythons
from tests.package.unpacked import packed, unpacked


def main() -> int:
    """Run the tests for each Python, and give the first exit code that is not 0."""
    parser = argparse.ArgumentParser(prog="npm run test:package --", description=__doc__)
    parser.add_argument("--python", choices=pythons(), action="append")
    chosen, arguments = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="package-") as folder:
        task = _unpacked(Path(folder))
        codes = [_try(task, version, arguments) for version in chosen.python or pythons()]
    return next((code for code in codes if code), 0)


def _unpacked(folder: Path) -> Path:
    vsix = packed(folder)
    sys.stdout.write(f"{vsix.name}: {vsix.stat().st_size / 1e6:.1f} MB\n")
    return unpacked(vsix, folder / "unpacked")


def _try(task: Path, version: str, arguments: list[str]) -> int:
    python, began = pythons()[version], time.monotonic()
    environment = {**os.environ, "TASK_FOLDER": str(task), "TASK_PYTHON": str(python)}
    sys.stdout.write(f"--- Python {version}: {python}\n")
    sys.stdout.flush()
    command = [*ALONE, sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile"]
    command += arguments or ["tests/end_to_end"]
    code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    sys.stdout.write(f"--- Python {version}: exit code {code} after {time.monotonic() - began:.0f} s\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
