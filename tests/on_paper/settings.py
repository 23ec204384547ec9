"""What the tests of settings share: what they deploy, and what that wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.on_paper.pipeline import FAILING, STABLE

if TYPE_CHECKING:
    from tests.agent.running_task import TaskRun
    from tests.pipeline import Pipeline

IMAGES = {"good": STABLE, "better": STABLE + b"LABEL is=better\n", "bad": FAILING}
"""The Dockerfile of each image that is in the registry, by its tag."""


def deploy(pipeline: Pipeline, tag: str = "good", **inputs: str) -> TaskRun:
    given = {"command": "deploy", "imageName": f"hello-function:{tag}", "resourceGroupName": "rg-func", **inputs}
    return pipeline.run(given)


def writes(pipeline: Pipeline, *, since: int = 0) -> list[str]:
    """Return the method and the end of the path of each change of the app."""
    told = [f"{call.method} {call.path.rpartition('/')[2]}" for call in pipeline.azure.writes[since:]]
    return [one for one in told if "syncfunctiontriggers" not in one]
