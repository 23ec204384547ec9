"""What the tests of the package share: it is made once, for all processes of a run."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

import pytest

from dev.package.check import Extension, opened
from tests.package.unpacked import packed, unpacked

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def vsix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the extension of this checkout; packing it keeps a core busy for a minute."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if not run:
        return packed(tmp_path_factory.mktemp("package"))
    folder = tmp_path_factory.getbasetemp().parent / f"package-{run}"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = next((folder / "build").glob("*.vsix"), None)
        return made or packed(folder)


@pytest.fixture(scope="session")
def extension(vsix: Path) -> Extension:
    """Return what is in it."""
    return opened(vsix)


@pytest.fixture(scope="session")
def task(vsix: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the task, as an agent has it."""
    return unpacked(vsix, tmp_path_factory.mktemp("_tasks"))
