"""What the mover writes, the program takes: each new step of the corpus is read without a mistake."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from dev.mover.command import move
from dev.mover.images import expand, may_have_host
from dev.mover.source import read_source
from dev.mover.steps import variables
from pytask.errors import ManyFailures
from pytask.inputs import read_plan
from pytask.model import Command, Secret
from tests.corpus.pipelines_expected import pipeline_cases

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TASK = json.loads((Path(__file__).parents[2] / "task" / "task.json").read_text(encoding="utf-8"))
DECLARED = {field["name"]: field for field in TASK["inputs"]}
ID, REGISTRY_ID = "0a1b2c3d-0000-4000-8000-00000000abcd", "0a1b2c3d-0000-4000-8000-00000000ef01"
ELSEWHERE = {
    "registry": "contoso.azurecr.io",
    "containerregistry": "contoso.azurecr.io",
    "image": "contoso.azurecr.io/hello:1",
}
"""What a pipeline's variables mean that it does not set itself; all others are a word."""


def new_steps(node: object) -> Iterator[dict[str, str]]:
    """Return the inputs of the new steps in what a YAML parser makes of a pipeline."""
    if isinstance(node, dict) and node.get("task") == "FunctionAppContainerDeploy@1":
        yield dict(node["inputs"])
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from new_steps(child)


def moved_steps() -> Iterator[Any]:
    for case in pipeline_cases():
        set_here = variables(read_source(case.after))
        for document in yaml.load_all(case.after, Loader=yaml.BaseLoader):
            for number, inputs in enumerate(new_steps(document)):
                if inputs.get("command", "deploy") in {one.value for one in Command}:
                    yield pytest.param(inputs, set_here, id=f"{case.name}-{number}")


@pytest.mark.parametrize(("inputs", "set_here"), list(moved_steps()))
def test_the_program_reads_a_moved_step_without_a_mistake(
    inputs: dict[str, str], set_here: Mapping[str, str], tmp_path: Path
) -> None:
    plan = read_plan(an_environment(inputs, set_here, tmp_path), Secret)
    assert plan.command.value == inputs.get("command", "buildPushDeploy")


def test_a_connection_for_another_registry_than_the_deployment_names_is_a_mistake_before_anything_is_done(
    tmp_path: Path,
) -> None:
    build = "- task: Docker@2\n  inputs:\n    containerRegistry: acr\n    repository: hello\n"
    deploy = "- task: AzureFunctionAppContainer@1\n  inputs:\n    azureSubscription: arm\n    appName: hello\n"
    moved = move(f"{build}{deploy}    imageName: contoso.azurecr.io/hello:$(Build.BuildId)\n")
    (inputs,) = new_steps(yaml.load(moved.after, Loader=yaml.BaseLoader))  # noqa: S506 - it makes texts only
    environment = an_environment(inputs, {}, tmp_path)
    read_plan(environment, Secret)
    with pytest.raises(ManyFailures, match="image-host-differs"):
        read_plan({**environment, **registry("other.azurecr.io/hello")}, Secret)


def an_environment(inputs: dict[str, str], set_here: Mapping[str, str], sources: Path) -> dict[str, str]:
    """Return what the agent hands over: defaults, variables put in, and connections by their ids."""
    values = {name: field.get("defaultValue", "") for name, field in DECLARED.items()}
    known = {**ELSEWHERE, "build.sourcesdirectory": str(sources), **set_here}
    values.update({name: put_in(value, known) for name, value in inputs.items()})
    for name, field in DECLARED.items():
        if field["type"].startswith("connectedService:") and values[name]:
            values[name] = REGISTRY_ID if field["type"].endswith("dockerregistry") else ID
    dockerfile = sources / values["dockerFile"].replace("**/", "")
    dockerfile.parent.mkdir(parents=True, exist_ok=True)
    dockerfile.write_text("FROM scratch\n")
    for name in re.findall(r"src=(\S+)", values["buildSecrets"]):
        (sources / name).write_text("a secret")
    handed_over = {f"INPUT_{name.upper()}": value.strip() for name, value in values.items()}
    return {**agent(sources), **registry(values["imageName"]), **handed_over, "TOKEN": "a secret"}


def put_in(text: str, known: Mapping[str, str]) -> str:
    for _ in range(3):
        text = re.sub(r"\$\(([^()]+)\)", lambda found: known.get(found[1].lower(), "word"), text)
    return re.sub(r"\$\{\{\s*(?:parameters\.)?([\w.]+)\s*\}\}", lambda found: known.get(found[1].lower(), "word"), text)


def registry(image: str) -> dict[str, str]:
    """Return the Docker Registry connection: of the registry that the image names, else of Docker Hub."""
    host = image.partition("/")[0] if may_have_host(expand(image, {}), {}) else "https://index.docker.io/v1/"
    return {
        f"ENDPOINT_URL_{REGISTRY_ID}": "https://example.com",
        f"ENDPOINT_AUTH_SCHEME_{REGISTRY_ID}": "UsernamePassword",
        f"ENDPOINT_AUTH_PARAMETER_{REGISTRY_ID}_REGISTRY": host,
        f"ENDPOINT_AUTH_PARAMETER_{REGISTRY_ID}_USERNAME": "someone",
        f"ENDPOINT_AUTH_PARAMETER_{REGISTRY_ID}_PASSWORD": "a password",
    }


def agent(sources: Path) -> dict[str, str]:
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
