"""What whole runs on paper share: one local Azure of paper for a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.paper_azure import PaperAzure
from tests.on_paper.pipeline import a_pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.pipeline import Pipeline


@pytest.fixture(scope="package")
def paper_azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperAzure]:
    """Return the one Azure of paper."""
    with PaperAzure(tmp_path_factory.mktemp("azure")) as azure:
        yield azure


@pytest.fixture
def azure(paper_azure: PaperAzure) -> Iterator[PaperAzure]:
    """Return an empty subscription; a call it does not serve fails the test, unless the test has cleared it."""
    paper_azure.reset()
    yield paper_azure
    assert paper_azure.unexpected == []


@pytest.fixture
def pipeline(azure: PaperAzure, tmp_path: Path) -> Iterator[Pipeline]:
    """Return a pipeline with all the rights it needs, and an app that runs nothing yet."""
    with a_pipeline(azure, tmp_path) as one:
        yield one
