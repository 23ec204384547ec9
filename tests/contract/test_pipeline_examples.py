"""The pipelines in examples/ speak of inputs and outputs that the task has."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PIPELINES = sorted((ROOT / "examples" / "pipelines").glob("*.yml"))
EVERYTHING = ROOT / "examples" / "pipelines" / "azure-pipelines-build-options.yml"
# A step of ours up to the next step; its inputs are the keys indented below `inputs:`.
STEP = re.compile(r"^  - task: FunctionAppContainerDeploy@1\n((?:(?:    .*)?\n)+)", re.MULTILINE)
INPUTS = re.compile(r"^    inputs:\n((?:(?:      .*)?\n)+)", re.MULTILINE)
KEY = re.compile(r"^      (\w+):", re.MULTILINE)
OUTPUT = re.compile(r"\$\(deploy\.(\w+)\)")


def task() -> dict[str, Any]:
    return dict(json.loads((ROOT / "task" / "task.json").read_text(encoding="utf-8")))


def inputs_named_in(pipeline: Path) -> set[str]:
    steps = STEP.findall(pipeline.read_text(encoding="utf-8"))
    return {key for step in steps for inputs in INPUTS.findall(step) for key in KEY.findall(inputs)}


@pytest.mark.parametrize("pipeline", PIPELINES, ids=lambda pipeline: pipeline.name)
def test_every_input_named_is_one_of_the_task(pipeline: Path) -> None:
    declared = {name for one in task()["inputs"] for name in (one["name"], *one.get("aliases", []))}
    named = inputs_named_in(pipeline)
    assert named
    assert named <= declared


@pytest.mark.parametrize("pipeline", PIPELINES, ids=lambda pipeline: pipeline.name)
def test_every_required_input_is_given(pipeline: Path) -> None:
    required = {one["name"] for one in task()["inputs"] if one.get("required") and "visibleRule" not in one}
    assert required <= inputs_named_in(pipeline)


def test_the_example_of_everything_names_every_input_and_output() -> None:
    declared = task()
    assert inputs_named_in(EVERYTHING) == {one["name"] for one in declared["inputs"]}
    outputs = set(OUTPUT.findall(EVERYTHING.read_text(encoding="utf-8")))
    assert outputs == {one["name"] for one in declared["outputVariables"]}
