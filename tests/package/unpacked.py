"""The extension of this checkout, packed now, and its task as an agent unpacks it."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from dev.package.__main__ import build

if TYPE_CHECKING:
    from pathlib import Path


def packed(folder: Path) -> Path:
    """Return the VSIX."""
    return build("public", folder / "build")


def unpacked(vsix: Path, folder: Path) -> Path:
    """Return the task's folder in what a VSIX is unpacked to."""
    with zipfile.ZipFile(vsix) as archive:
        archive.extractall(folder)
    return folder / "task"
