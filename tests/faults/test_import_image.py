"""The whole program imports an image from one registry of the local Azure into another, in a process of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.permissions_document import rows
from tests.faults.paper_azure import PaperAzure
from tests.faults.runs import run
from tests.faults.scenes import NEW, REPOSITORY, Scene
from tests.faults.stage import Stage, arrange, with_principal
from tests.local_azure.state.state import group_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.end_to_end.permissions_document import Row

_DEVELOPMENT = f"{group_id('rg-shared')}/providers/Microsoft.ContainerRegistry/registries/contosodev"
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
    assert "is already there: nothing is imported" in again.log


IMPORT = rows("To import an image")
"""What docs/permissions.md says of the registry to import into."""


PULL, PROGRESS = (
    next(row.permission for row in IMPORT if row.permission.endswith(end))
    for end in ("/pull/read", "/operationResults/read")
)


def with_roles(stage: Stage, *without: str) -> Stage:
    """Return the stage with a connection that has the roles of the document only, less some permissions."""
    azure, actions = stage.azure, [row.permission for row in IMPORT if row.permission not in without]
    azure.add_role("Importer", actions=[one for one in actions if "/locations/" not in one])
    azure.add_role("Watcher", actions=[one for one in actions if "/locations/" in one])
    roles = {group_id("rg-func"): "Website Contributor", stage.registry.id: "Importer", _DEVELOPMENT: "AcrPull"}
    return with_principal(stage, "promoter", {**roles, f"/subscriptions/{azure.subscription_id}": "Watcher"})


def test_the_documents_roles_are_enough(azure: PaperAzure, tmp_path: Path) -> None:
    done = run(with_roles(promoted(azure)), tmp_path / "run")
    assert done.result == "Succeeded", done.log[-2000:]
    assert done.variables["imageDigest"] == azure.store("contosodev.azurecr.io").tags(REPOSITORY)[NEW]


@pytest.mark.parametrize("row", IMPORT, ids=lambda row: row.permission)
def test_without_one_of_them_a_run_says_what_the_document_says(azure: PaperAzure, tmp_path: Path, row: Row) -> None:
    either = (PROGRESS,) if row.permission == PULL else ()
    stage = with_roles(promoted(azure), row.permission, *either)
    done = run(stage, tmp_path / "run")
    assert done.code == row.code, done.log[-2000:]
    if not row.code:
        assert (done.result, azure.running(stage.site)) == ("Succeeded", done.variables["imageDigest"])
        return
    assert azure.running(stage.site) == stage.old_digest
    if "Nothing was changed" in row.without:
        assert done.state == "nothing was pushed and nothing was changed"
    else:
        assert done.state.startswith("it is not known whether")


def test_without_the_right_to_pull_an_import_whose_end_azure_shows_is_deployed(
    azure: PaperAzure, tmp_path: Path
) -> None:
    stage = with_roles(promoted(azure), PULL)
    done = run(stage, tmp_path / "run")
    assert "this run is not allowed to read its digest there" in done.log
    assert azure.running(stage.site) == azure.store("contosodev.azurecr.io").tags(REPOSITORY)[NEW]


def test_an_image_that_is_not_there_changes_nothing(azure: PaperAzure, tmp_path: Path) -> None:
    stage = promoted(azure)
    azure.store("contosodev.azurecr.io").forget_tag(REPOSITORY, NEW)
    done = run(stage, tmp_path / "run")
    assert (done.result, done.state) == ("Failed", "nothing was pushed and nothing was changed")
    assert azure.running(stage.site) == stage.old_digest
