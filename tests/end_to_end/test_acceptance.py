"""The acceptance pipeline, step by step against the local Azure: its steps end as it says, and its assertions hold.

What it does with the Azure CLI is not run: the app, the registry and the slot are there in their own way.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.agent.under_test import ROOT
from tests.end_to_end.hurried import hurried_task
from tests.on_paper.pull_access import GRANTER, QUICK
from tests.pipeline import EXAMPLE, a_pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.local_azure.azure import LocalAzure
    from tests.pipeline import Pipeline

FILE = ROOT / "examples" / "acceptance" / "azure-pipelines-acceptance.yml"
OURS, CLI = "${{ parameters.task }}@1", "AzureCLI@2"
SET = re.compile(r"##vso\[task\.setvariable variable=(\w+)\](.*)")
SLOTS = "${{ if ne(parameters.sku, 'B1') }}"


def steps() -> list[dict[str, Any]]:
    """Return the steps of the run with a plan that has slots."""
    (job,) = yaml.load(FILE.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)["jobs"]  # noqa: S506 - texts only
    return [step for one in job["steps"] for step in one.get(SLOTS, [one])]


def scripts() -> Iterator[str]:
    for step in steps():
        script = step.get("bash") or step.get("inputs", {}).get("inlineScript")
        if script:
            yield re.sub(r"\$\{\{ .*? \}\}", "given", script)


class Job:
    """The job, as far as it has come."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.variables = {
            "app": pipeline.site.name,
            "registry": pipeline.registry.login_server.partition(".")[0],
            "group": "rg-func",
            "tag": "acceptance-7",
            "record": str(pipeline.sources.parent / "image.json"),
        }
        self.results: dict[str, str] = {}

    def _filled(self, text: str) -> str:
        known = self.variables | {"parameters.connection": self.pipeline.connection.id}
        return re.sub(r"\$(?:\(([\w.]+)\)|\{\{ ([\w.]+) \}\})", lambda found: known[found[1] or found[2]], text)

    def run(self, step: dict[str, Any]) -> None:
        """Run a step; raises AssertionError when it does not end as it should."""
        if step.get("task") == OURS:
            self._deploy(step)
        elif "bash" in step:
            self._bash(step)
        elif "slot create" in step["inputs"]["inlineScript"]:
            slot = self.pipeline.azure.add_slot(self.pipeline.site, "staging", pull=None)
            self.pipeline.azure.grant(self.pipeline.principal, "Website Contributor", slot.id)

    def _deploy(self, step: dict[str, Any]) -> None:
        given = {name: self._filled(value) for name, value in step["inputs"].items()}
        run = self.pipeline.agent.start(given, [self.pipeline.connection], variables={"Build.BuildId": "7"}).wait(120)
        self.results[step["displayName"]] = run.result
        self.variables |= {f"{step.get('name')}.{name}": value for name, value in run.variables.items()}
        assert run.result == "Succeeded" or "continueOnError" in step, run.log

    def _bash(self, step: dict[str, Any]) -> None:
        environment = {name: self._filled(value) for name, value in step.get("env", {}).items()}
        command = ["bash", "-c", self._filled(step["bash"])]
        ran = subprocess.run(
            command,
            cwd=self.pipeline.sources,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        for name, value in SET.findall(ran.stdout):
            assert re.fullmatch(r"(rg-)?[a-z][a-z0-9]{4,23}", value), name


def test_every_step_ends_as_the_pipeline_says_and_its_assertions_hold(azure: LocalAzure, tmp_path: Path) -> None:
    task = hurried_task(tmp_path, **QUICK)
    with a_pipeline(azure, tmp_path, app_pull=None, task=task) as pipeline:
        azure.grant(pipeline.principal, GRANTER, pipeline.registry.id)
        shutil.rmtree(pipeline.sources)
        shutil.copytree(EXAMPLE, pipeline.sources / "examples" / "hello-function")
        job = Job(pipeline)
        for step in steps():
            job.run(step)
        assert [title for title, result in job.results.items() if result != "Succeeded"] == [
            "Deploy an image that does not start (has to fail)"
        ]
        assert pipeline.call("/api/HttpTriggerSample?name=acceptance")[1].startswith("Hello, acceptance")


def test_an_assertion_that_does_not_hold_ends_the_job() -> None:
    (script, *_) = (script for script in scripts() if "expect verification" in script)
    environment = {
        **os.environ,
        **dict.fromkeys(("IMAGE", "DIGEST", "RUNNING", "FUNCTIONS", "ADDRESS", "TAG", "RECORD"), ""),
    }
    for verification in ("unverified", ""):
        command = ["bash", "-c", script]
        ran = subprocess.run(
            command, env=environment | {"VERIFICATION": verification}, capture_output=True, text=True, check=False
        )
        assert (ran.returncode, ran.stdout) == (1, f"FAIL verification: {verification}, expected verified\n")


@pytest.mark.parametrize("script", [*scripts()])
def test_every_script_is_one_for_bash_and_stops_at_its_first_failure(script: str) -> None:
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    assert script.startswith("set -euo pipefail\n")


def test_all_that_is_made_is_in_the_group_that_is_deleted_whatever_happens() -> None:
    made = [
        line
        for script in scripts()
        for line in script.replace("\\\n", " ").splitlines()
        if re.search(r"\baz .*\bcreate\b", line)
    ]
    assert len(made) == 6
    assert all('--resource-group "$(group)"' in line or 'group create --name "$(group)"' in line for line in made)
    *_, last = steps()
    assert last["condition"] == "always()"
    assert 'az group delete --name "$(group)" --yes' in last["inputs"]["inlineScript"]
