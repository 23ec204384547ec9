"""What the tests of the package share: it is made once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dev.package.check import Extension, opened
from tests.package.unpacked import packed, unpacked

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def vsix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the extension of this checkout."""
    return packed(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="session")
def extension(vsix: Path) -> Extension:
    """Return what is in it."""
    return opened(vsix)


@pytest.fixture(scope="session")
def task(vsix: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the task, as an agent has it."""
    return unpacked(vsix, tmp_path_factory.mktemp("_tasks"))
