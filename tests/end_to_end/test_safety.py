"""Nothing foreign commands the agent, nothing secret is seen, nothing is left behind."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from typing import TYPE_CHECKING, get_args

import pytest

from tests.agent.agent import SECRET_VARIABLES
from tests.end_to_end.watch import a_step_that_lasts, files_with, watched
from tests.pipeline import SECRET, Scheme, a_pipeline

if TYPE_CHECKING:
    from pathlib import Path

    from tests.agent.running_task import RunningTask
    from tests.local_azure.azure import LocalAzure
    from tests.pipeline import Pipeline

BASE = "FROM mcr.microsoft.com/azure-functions/python:4-python3.11\n"
COMMANDS = r"""
RUN echo '##vso[task.setvariable variable=imageDigest]y' && echo '##vso[task.complete result=Succeeded]done'
RUN printf 'progress 1\r##vso[task.setvariable variable=proof]y\r\n'
RUN printf '\033[31m##vso[task.setvariable variable=functions]y\033[0m\n'
RUN printf '\033[1m##\033[0mvso[task.complete result=Succeeded]\n'
RUN printf '##vs' && sleep 0.2 && printf 'o[task.complete result=Succeeded]\n'
RUN printf 'x ###VSO[task.complete result=Succeeded]\n'
RUN printf '##\342\200\213vso[task.complete result=Succeeded]\n##[error]not an error\n' >&2
RUN false
"""


def test_a_builds_output_commands_nothing(pipeline: Pipeline) -> None:
    (pipeline.sources / "Dockerfile").write_text(BASE + COMMANDS)
    run = pipeline.run()
    assert run.result == "Failed"
    assert "#vso[task.complete result=Succeeded]done" in run.log
    assert set(run.variables.values()) <= {"", "skipped", "https://docker-func-sample.azurewebsites.net"}
    own = [line for line in run.lines if "##vso[" in line.replace("\u200b", "").lower()]
    assert all(line.startswith("##vso[task.") for line in own)
    assert not [line for line in run.lines if line.startswith("##[error]")]


@pytest.mark.parametrize("scheme", get_args(Scheme))
def test_no_secret_is_seen_anywhere(azure: LocalAzure, tmp_path: Path, scheme: Scheme) -> None:
    with a_pipeline(azure, tmp_path, scheme=scheme) as pipeline:
        dockerfile = f"{BASE}{a_step_that_lasts(tmp_path)}COPY . /home/site/wwwroot\n"
        (pipeline.sources / "Dockerfile").write_text(dockerfile)
        with watched(pipeline.sources) as seen:
            run = pipeline.run(buildArgs="TOKEN=a-build-argument")
        assert run.result == "Succeeded", run.log
        minted = {value for value in run.secret_values if len(value) > 20}
        assert len(minted) >= 4  # tokens of Entra for ARM and for the registry, the registry's own two
        secrets = {*minted, azure.job_access_token, *SECRET_VARIABLES.values()} | (
            {SECRET} if scheme == "key" else set()
        )
        assert not [secret for secret in secrets if secret in run.log]
        assert not [
            line for line in run.lines if "task.setsecret" not in line and any(secret in line for secret in secrets)
        ]
        assert not [
            secret for secret in {*secrets, "a-build-argument"} if secret.encode() in b"".join(seen.command_lines)
        ]
        assert seen.docker_environments
        assert not [secret for secret in secrets if secret.encode() in b"".join(seen.docker_environments)]
        assert files_with(secrets, tmp_path) == []


@pytest.mark.parametrize("how", ["cancelled", "killed"])
def test_a_run_that_is_stopped_in_the_build_leaves_nothing_and_says_so(pipeline: Pipeline, how: str) -> None:
    (pipeline.sources / "Dockerfile").write_text(BASE + "RUN echo now building && sleep 60\n")
    building = threading.Event()
    task = pipeline.start(on_line=lambda line: building.set() if is_printed_by_the_build(line) else None)
    assert building.wait(30)
    began = time.monotonic()
    if how == "cancelled":
        task.cancel()
    else:
        task.kill()
    run = task.wait(20)
    assert time.monotonic() - began < 10
    assert_gone(pipeline)
    assert "run-cancelled: the run was canceled" in run.log
    assert "nothing was pushed and nothing was changed" in run.log
    assert pipeline.site.config["linuxFxVersion"] == ""
    assert not pipeline.registry.pushes
    if how == "cancelled":
        assert run.result == "Canceled"


def test_a_run_that_is_cancelled_while_verifying_says_what_was_changed(pipeline: Pipeline) -> None:
    pipeline.azure.faults.script(r"POST .*/containerlogs", status=None, delay=1, times=None)
    task: RunningTask = pipeline.start(on_line=lambda line: task.cancel() if "##[group]Verify" in line else None)
    run = task.wait(30)
    assert run.result == "Canceled"
    assert "docker-func-sample is configured with contoso.azurecr.io/hello-function:1" in run.log
    assert_gone(pipeline)


def assert_gone(pipeline: Pipeline) -> None:
    """Assert that no process of the job is left; one that was told to end has the agent's 10 s for it."""
    deadline = time.monotonic() + 10
    while pipeline.agent.orphans() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [command_line(process) for process in pipeline.agent.orphans()] == []


def test_a_program_that_is_killed_still_has_a_result(pipeline: Pipeline) -> None:
    (pipeline.sources / "Dockerfile").write_text(BASE + "RUN echo now building && sleep 60\n")
    building = threading.Event()
    task = pipeline.start(on_line=lambda line: building.set() if is_printed_by_the_build(line) else None)
    assert building.wait(30)
    for process in pipeline.agent.orphans():
        if b"launch.py" in command_line(process):
            os.kill(process, signal.SIGKILL)
    run = task.wait(20)
    assert run.result == "Failed"
    assert "python-ended" in run.log


def is_printed_by_the_build(line: str) -> bool:
    """Return whether a line is what `echo now building` prints within a build, and not the instruction itself."""
    return bool(re.search(r"\d\.\d+ now building", line))


def command_line(process: int) -> bytes:
    with open(f"/proc/{process}/cmdline", "rb") as file:  # noqa: PTH123 - /proc is no ordinary folder
        return file.read()
