"""The builder of the tests passes what every builder has to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.contract.builders.paper import Cabinet, PaperBuilder
from tests.contract.builders.suite import *  # noqa: F403 - its tests are run here

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class PaperScene:
    """A folder, and the registry in memory."""

    folder: Path
    registry: str = "contoso.azurecr.io"
    cabinet: Cabinet = field(default_factory=Cabinet)

    def builder(self) -> PaperBuilder:
        """Return the builder."""
        return PaperBuilder(self.cabinet)

    def context(self) -> Path:
        """Return the folder, with a Dockerfile that is one and one that is none."""
        (self.folder / "Dockerfile").write_text("FROM scratch\n")
        (self.folder / "Broken").write_text("nothing\n")
        return self.folder

    def digest_in_registry(self, tag: str) -> str:
        """Return what a tag stands for."""
        return self.cabinet.tags.get(tag, "")

    def close(self) -> None:
        """Refuse everything."""
        self.cabinet.closed = True


@pytest.fixture
def scene(tmp_path: Path) -> PaperScene:
    return PaperScene(tmp_path)
