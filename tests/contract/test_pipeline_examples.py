"""The pipelines in examples/ say what the task takes, agree within themselves, and are read without a mistake."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from pytask.inputs import read_plan
from pytask.model import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PIPELINES = sorted((ROOT / "examples").rglob("*.yml"))
EVERYTHING = ROOT / "examples" / "pipelines" / "azure-pipelines-build-options.yml"
OURS = "FunctionAppContainerDeploy@1"
OUTPUT = re.compile(r"\$\((\w+)\.(\w+)\)|outputs\['(?:\w+\.)?(\w+)\.(\w+)'\]")
ID = "0a1b2c3d-0000-4000-8000-00000000abcd"
REGISTRY_ID = "0a1b2c3d-0000-4000-8000-00000000ef01"
DIGEST = "sha256:" + "a" * 64


def task() -> dict[str, Any]:
    return dict(json.loads((ROOT / "task" / "task.json").read_text(encoding="utf-8")))


def inputs_by_name() -> dict[str, dict[str, Any]]:
    return {name: one for one in task()["inputs"] for name in (one["name"], *one.get("aliases", []))}


@cache
def read(pipeline: Path) -> Any:  # noqa: ANN401 - whatever YAML holds
    """Return a pipeline with all values as texts, as the agent gets them."""
    return yaml.load(pipeline.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - makes texts only


def within(node: object) -> Iterator[dict[str, Any]]:
    """Return every mapping of a pipeline, from the outside in."""
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from within(child)


def our_steps(pipeline: Path) -> list[dict[str, Any]]:
    return [node for node in within(read(pipeline)) if node.get("task") == OURS]


def inputs_named_in(pipeline: Path) -> set[str]:
    return {name for step in our_steps(pipeline) for name in step["inputs"]}


WITH_OURS = [pipeline for pipeline in PIPELINES if our_steps(pipeline)]
each_pipeline = pytest.mark.parametrize("pipeline", WITH_OURS, ids=lambda pipeline: pipeline.name)


def test_there_are_pipelines_in_all_folders() -> None:
    assert {path.parent.name for path in WITH_OURS} >= {"pipelines", "templates"}


@each_pipeline
def test_every_input_named_is_one_of_the_task_with_a_value_that_it_takes(pipeline: Path) -> None:
    declared = inputs_by_name()
    for step in our_steps(pipeline):
        assert set(step["inputs"]) <= set(declared)
        for name, value in step["inputs"].items():
            closed = declared[name].get("options") or (declared[name]["type"] == "boolean" and ("true", "false"))
            assert not closed or "$" in value or value in closed, (name, value)


@each_pipeline
def test_every_required_input_is_given(pipeline: Path) -> None:
    required = {one["name"] for one in task()["inputs"] if one.get("required") and "visibleRule" not in one}
    assert required <= inputs_named_in(pipeline)


@each_pipeline
def test_every_output_read_is_one_of_the_step_that_is_named(pipeline: Path) -> None:
    names = {step["name"] for step in our_steps(pipeline) if "name" in step}
    declared = {one["name"] for one in task()["outputVariables"]}
    for own, output, far, far_output in OUTPUT.findall(pipeline.read_text(encoding="utf-8")):
        if (own or far) in names:
            assert (output or far_output) in declared
        else:
            assert own in {"Build", "Pipeline", "Agent", "System"}


@each_pipeline
def test_stages_and_jobs_depend_on_those_that_there_are(pipeline: Path) -> None:
    nodes = list(within(read(pipeline)))
    names = {node[kind] for node in nodes for kind in ("stage", "job", "deployment") if isinstance(node.get(kind), str)}
    waited_for = [name for node in nodes for name in _listed(node.get("dependsOn", []))]
    text = pipeline.read_text(encoding="utf-8")
    assert {*waited_for, *re.findall(r"stageDependencies\.(\w+)\.", text)} <= names
    assert set(re.findall(r"stageDependencies\.\w+\.(\w+)\.", text)) <= names


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@each_pipeline
def test_a_record_is_read_from_where_the_artifact_brings_it(pipeline: Path) -> None:
    everywhere = [
        node
        for path in PIPELINES
        if path.parent in {pipeline.parent, pipeline.parent.parent}
        for node in within(read(path))
    ]
    published = {f"{node['artifact']}/{node['publish'].rpartition('/')[2]}" for node in everywhere if "publish" in node}
    recorded = {step["inputs"].get("recordFile") for step in our_steps(pipeline) if "tags" in step["inputs"]}
    for step in our_steps(pipeline):
        file = step["inputs"].get("recordFile", "")
        if step["inputs"].get("command") == "deploy" and file:
            assert file.removeprefix("$(Pipeline.Workspace)/") in published | recorded


@each_pipeline
def test_the_program_reads_every_step_without_a_mistake(pipeline: Path, tmp_path: Path) -> None:
    for step in our_steps(pipeline):
        plan = read_plan(an_environment(step["inputs"], tmp_path), Secret)
        assert plan.command.value == step["inputs"].get("command", "buildPushDeploy")
        assert plan.notes == ()


def an_environment(given: dict[str, str], sources: Path) -> dict[str, str]:
    """Return the environment of a step as the agent makes it: with defaults, and with variables put in."""
    declared = {one["name"]: one for one in task()["inputs"]}
    aliases = {alias: one["name"] for one in task()["inputs"] for alias in one.get("aliases", [])}
    inputs = {name: one.get("defaultValue", "") for name, one in declared.items()}
    inputs.update({aliases.get(name, name): value for name, value in given.items()})
    for name in (
        name for name, one in declared.items() if one["type"].startswith("connectedService:") and inputs[name]
    ):
        inputs[name] = REGISTRY_ID if declared[name]["type"].endswith("dockerregistry") else ID
    values = {name: _with_variables(value, sources) for name, value in inputs.items()}
    _write(sources, values)
    set_by_other_tasks = dict.fromkeys(re.findall(r"^\w+,env=(\w+)$", values["buildSecrets"], re.MULTILINE), "a secret")
    read = {f"INPUT_{name.upper()}": value for name, value in values.items()}
    return {**_agent(sources), **set_by_other_tasks, **read}


def _with_variables(value: str, sources: Path) -> str:
    folders = {
        "Build.ArtifactStagingDirectory": str(sources / "a"),
        "Pipeline.Workspace": str(sources),
        "record": str(sources / "image.json"),
    }
    known = {
        "Build.BuildId": "77",
        "Build.BuildNumber": "20261124.1",
        "Build.Repository.Name": "repo",
        "digest": DIGEST,
        "ApiKey": "k",
        "System.AccessToken": "token-of-the-job",
        **dict.fromkeys(("app", "registry", "group", "tag"), "contoso"),
    }
    known = {f"$({name})": text for name, text in {**folders, **known}.items()}
    value = re.sub(r"\$\{\{ parameters\.(\w+) \}\}", r"\1", value)
    return re.sub(r"\$\([\w.]+\)", lambda found: known.get(found.group(), found.group()), value)


def _write(sources: Path, values: dict[str, str]) -> None:
    """Write what a step finds in its checkout: the Dockerfile, files of secrets, and the record of an earlier step."""
    for name in re.findall(r"^\w+,src=(\S+)$", values["buildSecrets"], re.MULTILINE):
        (sources / name).write_text("a secret")
    dockerfile = sources / (values["dockerFile"] if "*" not in values["dockerFile"] else "Dockerfile")
    for path in sources.rglob("Dockerfile"):
        path.unlink()
    dockerfile.parent.mkdir(parents=True, exist_ok=True)
    ids = re.findall(r"^(\w+)[,=]", values["buildSecrets"], re.MULTILINE)
    mounts = " ".join(f"--mount=type=secret,id={one}" for one in ids)
    dockerfile.write_text(f"FROM scratch\nRUN {mounts} true\n")
    if values["command"] == "deploy" and values["recordFile"]:
        Path(values["recordFile"]).parent.mkdir(parents=True, exist_ok=True)
        record = {"imageReference": "contoso.azurecr.io/app:9", "imageDigest": DIGEST}
        Path(values["recordFile"]).write_text(json.dumps(record))


def _agent(sources: Path) -> dict[str, str]:
    return {
        "SYSTEM_DEFAULTWORKINGDIRECTORY": str(sources),
        "BUILD_REPOSITORY_NAME": "repo",
        "BUILD_BUILDID": "77",
        f"ENDPOINT_URL_{ID}": "https://management.azure.com/",
        f"ENDPOINT_AUTH_SCHEME_{ID}": "ManagedServiceIdentity",
        f"ENDPOINT_AUTH_PARAMETER_{ID}_TENANTID": "the-tenant",
        f"ENDPOINT_DATA_{ID}_SUBSCRIPTIONID": "the-subscription",
        f"ENDPOINT_DATA_{ID}_SUBSCRIPTIONNAME": "Contoso",
    }


def test_the_example_of_everything_names_every_input_and_output() -> None:
    declared = task()
    assert inputs_named_in(EVERYTHING) == {one["name"] for one in declared["inputs"]}
    outputs = {output for _, output, _, _ in OUTPUT.findall(EVERYTHING.read_text(encoding="utf-8"))}
    assert outputs >= {one["name"] for one in declared["outputVariables"]}
