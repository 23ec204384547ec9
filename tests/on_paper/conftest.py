"""What whole runs on paper share: one local Azure of paper for a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.paper_azure import PaperAzure
from tests.on_paper.pipeline import a_pipeline, store
from tests.on_paper.settings import IMAGES

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


@pytest.fixture
def promotion(pipeline: Pipeline) -> Pipeline:
    """Return a pipeline that deploys an image which is there already: `good`, `better`, or `bad`."""
    for tag, dockerfile in IMAGES.items():
        store(pipeline, tag, dockerfile)
    return pipeline


@pytest.fixture
def elsewhere(azure: PaperAzure, tmp_path: Path) -> Iterator[Pipeline]:
    """Return a pipeline whose app does not pull from Azure, and whose connection has no role on Azure's registry."""
    with a_pipeline(azure, tmp_path, app_pull=None, registry_role=None) as one:
        yield one
