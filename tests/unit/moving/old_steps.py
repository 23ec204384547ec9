"""Steps of the old tasks, and a look at what the mover makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent, indent
from typing import TYPE_CHECKING, Any

import yaml

from dev.mover.command import move as moved_by

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
OURS = "FunctionAppContainerDeploy@1"

BUILD = """
- task: Docker@1
  inputs:
    azureSubscriptionEndpoint: contoso-azure
    azureContainerRegistry: contoso.azurecr.io
    imageName: hello:$(Build.BuildId)
"""
PUSH = """
- task: Docker@1
  inputs:
    command: Push an image
    azureSubscriptionEndpoint: contoso-azure
    azureContainerRegistry: contoso.azurecr.io
    imageName: hello:$(Build.BuildId)
"""
DEPLOY = """
- task: AzureFunctionAppContainer@1
  inputs:
    azureSubscription: contoso-azure
    appName: hello-function
    imageName: contoso.azurecr.io/hello:$(Build.BuildId)
"""
SCRIPT_STEP = "\n- script: npm test\n"
BUILD_2 = """
- task: Docker@2
  inputs:
    containerRegistry: contoso-registry
    repository: hello
"""
MAIN_ONLY = ("@1\n", "@1\n  condition: eq(variables['Build.SourceBranch'], 'refs/heads/main')\n")


def move(text: str, *apps: str) -> tuple[str, str]:
    """Return the pipeline as it is afterwards, and what the report says of single steps."""
    moved = moved_by(text, apps)
    return moved.after, "\n".join(line for line in moved.lines if not line.startswith("every "))


def job(*steps: str) -> str:
    return "steps:" + "".join(steps)


def jobs(*steps: str, besides: str = "", first: str = "") -> str:
    """Return two jobs: the last of the steps is the second job's."""
    return (
        f"jobs:\n- job: build\n{indent(dedent(first), '  ')}  steps:{indent(''.join(steps[:-1]), '  ')}"
        f"- job: deploy\n  dependsOn: build\n{indent(dedent(besides), '  ')}  steps:{indent(steps[-1], '  ')}"
    )


def steps_in(text: str) -> Iterator[dict[str, Any]]:
    """Return the steps of a pipeline as a YAML parser reads them."""
    yield from _steps_below(yaml.load(text, Loader=yaml.BaseLoader))  # noqa: S506 - the loader that makes texts only


def _steps_below(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield from ([node] if "task" in node or "script" in node else [])
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _steps_below(child)


def tasks(text: str) -> list[str]:
    """Return what the steps are: the task, and of ours its command."""
    names = [(step.get("task", "script"), step.get("inputs", {})) for step in steps_in(text)]
    return [inputs.get("command", "all") if name == OURS else name for name, inputs in names]


def is_ours(step: dict[str, Any]) -> bool:
    return step.get("task") == OURS


def only(text: str) -> dict[str, str]:
    """Return the inputs of the one step of ours."""
    (step,) = (step for step in steps_in(text) if is_ours(step))
    return dict(step["inputs"])


def declared() -> dict[str, Any]:
    fields = json.loads((ROOT / "task" / "task.json").read_text(encoding="utf-8"))["inputs"]
    return {field["name"]: field for field in fields}


def lines_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("line ")]


SWAP = """
- task: AzureAppServiceManage@0
  inputs:
    azureSubscription: contoso-azure
    WebAppName: hello-function
    ResourceGroupName: rg
    SourceSlot: staging
"""
