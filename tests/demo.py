"""`npm run demo`: the main job on a local Azure, told as the agent would see it.

Builds the example, pushes it, deploys it, verifies it and calls it; changes a word in its source and does it again.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.agent.under_test import ROOT
from tests.local_azure.azure import LocalAzure
from tests.pipeline import a_pipeline

if TYPE_CHECKING:
    from tests.agent.running_task import TaskRun
    from tests.pipeline import Pipeline

INTRODUCTION = """\
A local Azure for the length of this demo: real TLS under Azure's own names, a real registry, two real Docker engines
(the agent's and App Service's). The base image mcr.microsoft.com/azure-functions/python:4-python3.11 is a STAND-IN made
of Debian packages; everything else is what happens in a pipeline."""


class DemoFailed(Exception):  # noqa: N818 - says what became of the demo
    """The demo did not go as it should."""


def main() -> int:
    """Run the demo; give the exit code."""
    began = time.monotonic()
    _say(INTRODUCTION)
    with (
        tempfile.TemporaryDirectory(prefix="demo-") as folder,
        LocalAzure(folder=Path(folder) / "azure", cache=ROOT / ".cache") as azure,
        a_pipeline(azure, Path(folder) / "pipeline", scheme="federation") as pipeline,
    ):
        _title("Run 1: the example, first deployment (workload identity federation)")
        _deployed(pipeline, build_id="1292", greeting="Hello")
        pipeline.edit("Hello", "Bonjour")
        _title("Run 2: one word of the source changed")
        _deployed(pipeline, build_id="1293", greeting="Bonjour")
    _title(f"All of it worked, in {time.monotonic() - began:.0f} s")
    return 0


def _deployed(pipeline: Pipeline, *, build_id: str, greeting: str) -> None:
    """Run the step, show what the agent has of it, and call the app; raises DemoFailed."""
    run = pipeline.run(on_line=_say, build_id=build_id)
    _show(run)
    status, text = pipeline.call()
    _say(f"\n$ curl https://{pipeline.site.host}/api/HttpTriggerSample?name=you\n{status} {text}")
    _say(f"linuxFxVersion  {pipeline.site.config['linuxFxVersion']}")
    if run.result != "Succeeded" or not text.startswith(f"{greeting}, you"):
        raise DemoFailed(f"the task ended {run.result}, the app answered {status} {text}")


def _show(run: TaskRun) -> None:
    _say(f"\nResult  {run.result}, {run.seconds:.1f} s\nOutputs")
    for name, value in run.variables.items():
        _say(f"  {name:<24} {value}")
    for name, text in run.summaries:
        _say(f"\nSummary on the Extensions tab ({name})\n")
        _say(text)


def _title(text: str) -> None:
    _say(f"\n{'=' * 120}\n{text}\n{'=' * 120}")


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DemoFailed as failure:
        sys.exit(f"demo: {failure}")
