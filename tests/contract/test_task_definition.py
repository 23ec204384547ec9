"""task.json, the manifest and the program say the same."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dev import version
from dev.package.schema import departures
from pytask import __version__
from pytask.journal import Journal
from pytask.model import BuildOn, CacheUse, Command, DeployBy, WhenUnchanged, WhenUnverified
from pytask.report.outputs import outputs

if TYPE_CHECKING:
    from enum import Enum

ROOT = Path(__file__).parent.parent.parent
TASK: dict[str, Any] = json.loads((ROOT / "task" / "task.json").read_text())
MANIFEST: dict[str, Any] = json.loads((ROOT / "vss-extension.json").read_text())
SCHEMA = json.loads((Path(__file__).parent / "task.schema.json").read_text())
INPUTS = {item["name"]: item for item in TASK["inputs"]}
READ = re.compile(r'(?:named|free|boolean|text|choice)\(\s*"([A-Za-z]+)"')


def test_task_json_is_as_the_schema_has_it() -> None:
    assert departures(TASK, SCHEMA) == []


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (("version", "Patch"), "0"),
        (("inputs", 0, "name"), "with-dash"),
        (("inputs", 0, "required"), "true"),
        (("inputs", 0, "requried"), True),
        (("inputs", 0, "visibleRule"), "command=build"),
        (("groups", 0, "isExpanded"), "true"),
        (("execution", "Node16"), {"target": "index.js"}),
        (("dataSourceBindings", 0, "endpointId"), "azureSubscription"),
        (("ecosystem",), ""),
    ],
)
def test_a_departure_from_the_schema_is_seen(place: tuple[str | int, ...], wrong: object) -> None:
    task: Any = json.loads(json.dumps(TASK))
    part = task
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = wrong
    assert departures(task, SCHEMA)


def test_the_program_reads_every_input_and_no_other() -> None:
    program = "\n".join(path.read_text() for path in (ROOT / "pytask" / "inputs").glob("*.py"))
    read = {name.upper() for name in READ.findall(program)}
    read |= set(re.findall(r"INPUT_([A-Z]+)", (ROOT / "task" / "index.js").read_text()))
    assert read == {name.upper() for name in INPUTS}


def test_the_program_sets_every_output_and_no_other() -> None:
    declared = [item["name"] for item in TASK["outputVariables"]]
    assert list(outputs(Journal(lambda _: None))) == declared
    assert TASK["restrictions"]["settableVariables"]["allowed"] == declared


@pytest.mark.parametrize("item", TASK["inputs"], ids=lambda item: str(item["name"]))
def test_an_input_is_one_the_editor_can_show(item: dict[str, Any]) -> None:
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", item["name"])
    assert isinstance(item["required"], bool)
    assert item["helpMarkDown"].endswith(".")
    assert item.get("groupName", "app") in {group["name"] for group in TASK["groups"]}
    for name in re.findall(r"([A-Za-z]+) (?:=|!=) ", item.get("visibleRule", "")):
        assert name in INPUTS
    assert item.get("defaultValue", "") in item.get("options", {item.get("defaultValue", ""): ""})


@pytest.mark.parametrize(
    "kind", [BuildOn, Command, DeployBy, WhenUnverified, WhenUnchanged], ids=lambda kind: str(kind.__name__)
)
def test_the_editor_offers_every_choice_that_the_program_knows(kind: type[Enum]) -> None:
    name = kind.__name__[0].lower() + kind.__name__[1:]
    assert list(INPUTS[name]["options"]) == [member.value for member in kind]


def test_the_editor_offers_every_use_of_the_cache_that_the_program_knows() -> None:
    assert list(INPUTS["cache"]["options"]) == [member.value for member in CacheUse]


BINDINGS = TASK["dataSourceBindings"]


@pytest.mark.parametrize("binding", BINDINGS, ids=lambda binding: str(binding["target"]))
def test_a_drop_down_fills_an_input_that_takes_typed_values_too(binding: dict[str, Any]) -> None:
    filled = INPUTS[binding["target"]]
    assert filled["type"] == "pickList"
    assert filled["properties"]["EditableOptions"] == "True"
    assert "options" not in filled


@pytest.mark.parametrize("binding", BINDINGS, ids=lambda binding: str(binding["target"]))
def test_a_drop_down_asks_for_inputs_that_exist_by_their_very_names(binding: dict[str, Any]) -> None:
    """The editor compares the names as they are written; a misspelled one leaves the list empty for good."""
    asked = re.findall(r"\$\((\w+)\)", json.dumps([binding["endpointId"], binding.get("parameters", {})]))
    assert asked
    assert set(asked) <= set(INPUTS)
    assert INPUTS[asked[0]]["type"].startswith("connectedService:")


def test_every_list_that_azure_knows_is_filled() -> None:
    open_lists = {name for name, item in INPUTS.items() if item["type"] == "pickList" and "options" not in item}
    assert {binding["target"] for binding in BINDINGS} == open_lists


def test_paths_in_the_manifest_exist_with_their_very_letters() -> None:
    named = [MANIFEST["content"]["details"]["path"], MANIFEST["content"]["license"]["path"]]
    named += [file["path"] for file in MANIFEST["files"]]
    for name in named:
        folder = (ROOT / name).parent
        assert Path(name).name in {path.name for path in folder.iterdir()}, name
    task = ROOT / MANIFEST["contributions"][0]["properties"]["name"]
    assert {"task.json", "index.js", "icon.png"} <= {path.name for path in task.iterdir()}
    for handler in TASK["execution"].values():
        assert (task / handler["target"]).is_file()


def test_there_is_one_version() -> None:
    package, lock = (json.loads((ROOT / name).read_text()) for name in ("package.json", "package-lock.json"))
    project = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert project
    of_task = ".".join(str(TASK["version"][part]) for part in ("Major", "Minor", "Patch"))
    of_lock = {lock["version"], lock["packages"][""]["version"]}
    assert {of_task, MANIFEST["version"], package["version"], *of_lock, project.group(1)} == {__version__}


def test_a_new_version_is_set_everywhere_at_once(tmp_path: Path) -> None:
    names = [*version.PLACES, "task/task.json"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    version.set_version("12.34.56", tmp_path)
    for name in names:
        old, new = (ROOT / name).read_text().splitlines(), (tmp_path / name).read_text().splitlines()
        changed = [line for line, other in zip(new, old, strict=True) if line != other]
        assert len(changed) == (2 if name == "package-lock.json" else 1)
    assert '"Major": 12, "Minor": 34, "Patch": 56' in (tmp_path / "task" / "task.json").read_text()


@pytest.mark.parametrize("wrong", ["", "1", "1.2", "1.2.3.4", "v1.2.3", "1.2.03", "1.2.3-beta"])
def test_a_version_is_three_numbers(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not a version"):
        version.set_version(wrong, tmp_path)
