"""The end-to-end ring: the shim, the program, Docker, the registry and the app, as in a pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.pipeline import a_pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.local_azure.azure import LocalAzure
    from tests.pipeline import Pipeline


@pytest.fixture(scope="module")
def pushed(local_azure: LocalAzure, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Have an image in the registry as `stable`, once for all; gives its digest."""
    local_azure.reset()
    with a_pipeline(local_azure, tmp_path_factory.mktemp("pushed")) as pipeline:
        run = pipeline.run(command="buildAndPush", appName="", tags="stable")
        assert run.result == "Succeeded", run.log
        return run.variables["imageDigest"]


@pytest.fixture
def pipeline(azure: LocalAzure, tmp_path: Path) -> Iterator[Pipeline]:
    """Return a pipeline with all the rights it needs, and an app that runs nothing yet."""
    with a_pipeline(azure, tmp_path) as one:
        yield one
