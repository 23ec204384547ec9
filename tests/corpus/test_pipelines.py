"""Each pipeline of the corpus: the mover is right, or says so, and is done after one run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from dev.mover.command import move
from tests.corpus.pipelines_expected import FOLDER, PipelineCase, as_text, pipeline_cases

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = pipeline_cases()
EVERY = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
TASK = json.loads((Path(__file__).parents[2] / "task" / "task.json").read_text(encoding="utf-8"))
NAMES = {field["name"] for field in TASK["inputs"]}


@EVERY
def test_a_pipeline_becomes_what_is_expected_of_it(case: PipelineCase) -> None:
    moved = move(case.before)
    assert moved.after == case.after
    assert as_text(moved) == case.report


@EVERY
def test_a_second_run_changes_nothing(case: PipelineCase) -> None:
    assert move(case.after).after == case.after


@EVERY
def test_what_comes_out_is_yaml_whose_new_steps_have_inputs_that_exist(case: PipelineCase) -> None:
    documents = list(yaml.load_all(case.after, Loader=yaml.BaseLoader))
    assert documents
    for step in new_steps(documents):
        assert set(step["inputs"]) <= NAMES


def new_steps(node: object) -> Iterator[dict[str, Any]]:
    """Return the new steps in what a YAML parser makes of a pipeline."""
    if isinstance(node, dict) and node.get("task") == "FunctionAppContainerDeploy@1":
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from new_steps(child)


def test_every_case_has_what_is_expected_of_it_and_nothing_else_lies_there() -> None:
    expected = {f"{case.name}{ending}" for case in CASES for ending in (".yml", ".after.yml", ".report.txt")}
    assert {path.name for path in FOLDER.iterdir()} == expected | {"README.md"}
