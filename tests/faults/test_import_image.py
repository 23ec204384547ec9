"""The whole program imports an image from one registry of the local Azure into another, in a process of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.faults.paper_azure import PaperAzure
from tests.faults.runs import run
from tests.faults.scenes import NEW, REPOSITORY, Scene, Stage, arrange

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROMOTES = Scene(name="import", inputs={"command": "deploy", "importImage": "true", "verifyTimeoutMinutes": "5"})


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperAzure]:
    with PaperAzure(tmp_path_factory.mktemp("azure")) as azure:
        yield azure


def promoted(azure: PaperAzure) -> Stage:
    """Arrange that the image is in the registry of development only."""
    stage = arrange(PROMOTES, azure)
    development = azure.add_registry("contosodev")
    azure.store(development.login_server).put(REPOSITORY, (NEW,), b"FROM scratch\n")
    azure.store(stage.registry.login_server).forget_tag(REPOSITORY, NEW)
    source = f"{development.login_server}/{REPOSITORY}:{NEW}"
    target = stage.registry.login_server
    return replace(stage, inputs={**stage.inputs, "imageName": source, "azureContainerRegistry": target, "tags": ""})


def test_the_same_digest_runs_from_the_registry_of_production(azure: PaperAzure, tmp_path: Path) -> None:
    stage = promoted(azure)
    done = run(stage, tmp_path / "run")
    assert done.result == "Succeeded", done.log[-2000:]
    digest = azure.store("contosodev.azurecr.io").tags(REPOSITORY)[NEW]
    assert azure.running(stage.site) == azure.store(stage.registry.login_server).tags(REPOSITORY)[NEW] == digest
    assert done.variables["imageReference"] == f"{stage.registry.login_server}/{REPOSITORY}:{NEW}"
    assert done.variables["imageDigest"] == digest
    again = run(stage, tmp_path / "again")
    assert "is there already: nothing is imported" in again.log


def test_an_image_that_is_not_there_changes_nothing(azure: PaperAzure, tmp_path: Path) -> None:
    stage = promoted(azure)
    azure.store("contosodev.azurecr.io").forget_tag(REPOSITORY, NEW)
    done = run(stage, tmp_path / "run")
    assert (done.result, done.state) == ("Failed", "nothing was pushed and nothing was changed")
    assert azure.running(stage.site) == stage.old_digest
