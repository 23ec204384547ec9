"""The sources of an image that is worth measuring: many files, a few large ones, and a small top layer."""

from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING

from tests.images import BASE

if TYPE_CHECKING:
    from pathlib import Path

_LAYERS = {"packages": (2000, 2_000), "model": (1, 50_000_000), "assets": (1200, 1_000), "library": (1, 5_000_000)}
"""How many files of how many bytes each layer below the top has."""


class Sample:
    """A checkout with a Dockerfile of four large layers and the function app on top."""

    def __init__(self, sources: Path) -> None:
        self._sources = sources
        self._seed = 0
        copies = [f"COPY {name} /data/{name}" for name in _LAYERS]
        app = ["ENV AzureWebJobsScriptRoot=/home/site/wwwroot", "COPY host.json /home/site/wwwroot/"]
        top = "COPY HttpTriggerSample /home/site/wwwroot/HttpTriggerSample"
        (sources / "Dockerfile").write_text("\n".join([f"FROM {BASE}", *copies, *app, top, ""]))
        self.renew()

    def __str__(self) -> str:
        return f"{self.megabytes:.0f} MB in {self.files} files"

    @property
    def files(self) -> int:
        """How many files the context has."""
        return sum(path.is_file() for path in self._sources.rglob("*"))

    @property
    def megabytes(self) -> float:
        """How large the context is."""
        return sum(path.stat().st_size for path in self._sources.rglob("*") if path.is_file()) / 1e6

    def renew(self) -> None:
        """Change every layer."""
        self._seed += 1
        dice = random.Random(self._seed)  # noqa: S311 - the same bytes in every sitting
        for name, (files, size) in _LAYERS.items():
            folder = self._sources / name
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for number in range(files):
                (folder / f"{number:04}").write_bytes(dice.randbytes(size))
        self.touch()

    def touch(self) -> None:
        """Change a small file of the top layer."""
        self._seed += 1
        (self._sources / "HttpTriggerSample" / "version.txt").write_text(str(self._seed))
