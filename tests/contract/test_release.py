"""A public build needs everything settled, a release needs one version, and no personal token publishes it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.package.carried import program_sources
from dev.package.extension import linked, pages, stage, store_page, with_addresses
from dev.package.settled import ORIGIN, unsettled
from dev.version import main, release_problems

ROOT = Path(__file__).parents[2]
FILES = ("vss-extension.json", "task/task.json", "dev/package/variants/private.json", ORIGIN)
EVERYBODY = {
    ("vss-extension.json", "publisher"): "fabrikam",
    ("task/task.json", "author"): "Fabrikam",
    ("vss-extension.json", "repository.uri"): "https://github.com/fabrikam/deploy",
}
FORKS = {
    ("vss-extension.json", "id"): "fabrikam-deploy",
    ("vss-extension.json", "name"): "Fabrikam deploy",
    ("task/task.json", "id"): "11111111-5a0b-4c0e-9d43-8b1c7a9e2d51",
    ("task/task.json", "name"): "FabrikamDeploy",
    ("dev/package/variants/private.json", "manifest.id"): "fabrikam-deploy-private",
    ("dev/package/variants/private.json", "task.id"): "22222222-5a0b-4c0e-9d43-8b1c7a9e2d51",
    ("dev/package/variants/private.json", "task.name"): "FabrikamDeployPrivate",
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the files that a fork has to change."""
    for name in (*FILES, "CHANGELOG.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


def settle(root: Path, values: dict[tuple[str, str], str]) -> None:
    for (file, name), value in values.items():
        content: Any = json.loads((root / file).read_text(encoding="utf-8"))
        *path, last = name.split(".")
        part = content
        for key in path:
            part = part[key]
        assert last in part
        part[last] = value
        (root / file).write_text(json.dumps(content), encoding="utf-8")


def test_a_fork_that_has_settled_everything_can_build(copy: Path) -> None:
    settle(copy, EVERYBODY | FORKS)
    assert unsettled(copy) == []


@pytest.mark.parametrize("left", [*EVERYBODY, *FORKS], ids=" ".join)
def test_each_value_that_a_fork_leaves_is_refused_with_its_place(copy: Path, left: tuple[str, str]) -> None:
    settle(copy, {place: value for place, value in (EVERYBODY | FORKS).items() if place != left})
    [told] = unsettled(copy)
    assert told.startswith(f"{left[0]}: {left[1]} is ")


def test_the_owner_of_the_original_keeps_its_names(copy: Path) -> None:
    settle(copy, {**EVERYBODY, (ORIGIN, "publisher"): "fabrikam"})
    assert unsettled(copy) == []


def test_a_fork_of_a_published_project_is_still_a_fork(copy: Path) -> None:
    settle(copy, {**EVERYBODY, (ORIGIN, "publisher"): "contoso"})
    assert len(unsettled(copy)) == len(FORKS)


@pytest.mark.parametrize("address", ["", "https://github.com/OWNER", "http://github.com/a/b", "git@github.com:a/b.git"])
def test_an_address_that_no_link_could_lead_to_is_refused(copy: Path, address: str) -> None:
    settle(copy, {**EVERYBODY, **FORKS, ("vss-extension.json", "repository.uri"): address})
    [told] = unsettled(copy)
    assert "repository.uri" in told


def test_this_checkout_is_as_it_came_or_settled_as_a_whole() -> None:
    """The list of a fork's values is that of the checkout: a value that changed is changed in both places."""
    forks = {place for file in json.loads((ROOT / ORIGIN).read_text()) if file != "publisher" for place in places(file)}
    assert forks == set(FORKS)


def places(file: str) -> set[tuple[str, str]]:
    return {(file, name) for name in json.loads((ROOT / ORIGIN).read_text())[file]}


MANIFEST = {"version": "1.2.3", "publisher": "fabrikam", "id": "deploy", "links": {"learn": {"uri": "https://x"}}}
WITH_ADDRESS = {**MANIFEST, "repository": {"type": "git", "uri": "https://github.com/fabrikam/deploy"}}


def test_every_link_of_the_manifest_is_one_that_the_marketplace_knows() -> None:
    """https://learn.microsoft.com/azure/devops/extend/develop/manifest#discovery-attributes."""
    links = with_addresses(WITH_ADDRESS)["links"]
    assert set(links) == {"getstarted", "learn", "license", "privacypolicy", "support"}
    for name, link in links.items():
        file = link["uri"].removeprefix("https://github.com/fabrikam/deploy/blob/v1.2.3/")
        assert name == "learn" or (ROOT / file).is_file()


def test_without_an_address_there_is_no_link_into_the_repository() -> None:
    manifest = with_addresses({**MANIFEST, "repository": {"type": "git", "uri": ""}})
    assert manifest == MANIFEST
    assert linked("see [the recipes](docs/recipes.md#slots) and [Azure](https://a)", pages(manifest)) == (
        "see the recipes and [Azure](https://a)"
    )


def test_a_link_of_the_store_page_leads_to_the_file_of_this_version() -> None:
    text = "[a](docs/a.md#b), [c](#c), ![d](docs/d.png), [e](https://e)"
    assert linked(text, pages(WITH_ADDRESS)) == (
        "[a](https://github.com/fabrikam/deploy/blob/v1.2.3/docs/a.md#b), [c](#c), ![d](docs/d.png), [e](https://e)"
    )


def test_a_failure_names_the_page_of_this_version() -> None:
    sources = program_sources(f"{pages(WITH_ADDRESS)}/docs")
    told: dict[str, Any] = {}
    exec(sources["pytask/__init__.py"], told)  # noqa: S102 - our own
    assert told["DOCS"] == "https://github.com/fabrikam/deploy/blob/v1.2.3/docs"
    assert (ROOT / "docs" / "troubleshooting.md").is_file()


def test_the_help_link_of_the_editor_is_the_store_page_of_the_variant(tmp_path: Path) -> None:
    for variant in ("public", "private"):
        stage(tmp_path / variant, variant)
        manifest = json.loads((tmp_path / variant / "vss-extension.json").read_text(encoding="utf-8"))
        task = json.loads((tmp_path / variant / "task" / "task.json").read_text(encoding="utf-8"))
        assert task["helpMarkDown"] == f"[Learn more about this task]({store_page(manifest)})"
        assert manifest["id"] in store_page(manifest)


def released(root: Path, version: str) -> None:
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    dated = text.replace("## [Unreleased]\n", f"## [Unreleased]\n\n## [{version}] - 2026-12-01\n", 1)
    (root / "CHANGELOG.md").write_text(dated, encoding="utf-8")


def version() -> str:
    return str(json.loads((ROOT / "vss-extension.json").read_text(encoding="utf-8"))["version"])


def test_a_tag_that_agrees_with_version_and_changelog_is_released(copy: Path) -> None:
    released(copy, version())
    assert release_problems(f"v{version()}", copy) == []


@pytest.mark.parametrize("tag", ["", "v9.9.9", "1.0.0", "main"])
def test_another_tag_is_not_released(copy: Path, tag: str) -> None:
    released(copy, version())
    [told] = release_problems(tag, copy)
    assert told.startswith(f"the tag is {tag}, the version is")


def test_a_release_needs_a_dated_entry_and_nothing_unreleased(copy: Path) -> None:
    told = " ".join(release_problems(f"v{version()}", copy))
    assert f"no line '## [{version()}] - YYYY-MM-DD'" in told
    assert "under [Unreleased]" in told


def test_what_is_in_the_changelog_was_released_before_the_version_or_with_it() -> None:
    dated = re.findall(r"^## \[(\d+)\.(\d+)\.(\d+)\] - ", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    numbers = [tuple(map(int, one)) for one in dated]
    assert numbers == sorted(set(numbers), reverse=True)
    assert all(one <= tuple(map(int, version().split("."))) for one in numbers)


def test_the_command_says_what_is_wrong() -> None:
    assert "the tag is v0.0.1" in str(main(["--released", "v0.0.1"]))


def test_the_pipeline_publishes_with_a_token_of_its_own_run_after_it_has_checked_the_tag() -> None:
    text = (ROOT / ".ci" / "release.yml").read_text(encoding="utf-8")
    stages = yaml.safe_load(text)["stages"]
    assert [stage["stage"] for stage in stages] == ["Test", "Pack", "Private", "Public"]
    assert text.index("version:released") < text.index("npm run package") < text.index("tfx extension publish")
    assert text.count("az account get-access-token") == text.count("tfx extension publish") == 2
    assert "marketplaceToken" not in text


def test_a_server_whose_agents_lack_the_handlers_cannot_install_it() -> None:
    """Azure DevOps Server 2022 is version 19: https://learn.microsoft.com/azure/devops/extend/develop/manifest."""
    manifest = json.loads((ROOT / "vss-extension.json").read_text(encoding="utf-8"))
    targets = {one["id"]: one.get("version") for one in manifest["targets"]}
    assert targets == {"Microsoft.VisualStudio.Services.Cloud": None, "Microsoft.TeamFoundation.Server": "[19.0,)"}
