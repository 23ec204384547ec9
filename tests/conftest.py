"""What every test may ask for."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.sandbox.local_azure import LocalAzure

if TYPE_CHECKING:
    from collections.abc import Iterator

CACHE = Path(__file__).parent.parent / ".cache"


@pytest.fixture(scope="session")
def local_azure() -> Iterator[LocalAzure]:
    """Give the one local Azure of this session."""
    with (
        tempfile.TemporaryDirectory(prefix="local-azure-") as folder,
        LocalAzure(folder=Path(folder), cache=CACHE) as azure,
    ):
        yield azure


@pytest.fixture
def azure(local_azure: LocalAzure) -> Iterator[LocalAzure]:
    """Give an empty subscription; a call it does not serve fails the test, unless the test has cleared it."""
    local_azure.reset()
    yield local_azure
    assert local_azure.unexpected == []
