"""Images built by ACR Tasks, for an agent that has no Docker at all: runs are carried out by an engine of their own."""

from __future__ import annotations

import os
import shutil
import threading
from typing import TYPE_CHECKING

import pytest

from tests.agent.under_test import PYTHON
from tests.local_azure.tasks.task_file import definition
from tests.pipeline import a_pipeline
from tests.signals.points import BASE, CRASHING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.local_azure.azure import LocalAzure
    from tests.pipeline import Pipeline

ACR = {"buildOn": "acr"}
SECRET = 'it\'s a "secret" of $HOME'


@pytest.fixture
def pipeline(azure: LocalAzure, tmp_path: Path) -> Iterator[Pipeline]:
    """Return a pipeline whose agent has neither a docker command nor an engine, with the roles of the document."""
    (tmp_path / "bin").mkdir()
    for command in ("node", "sh", "env"):
        (tmp_path / "bin" / command).symlink_to(shutil.which(command) or "")
    path = os.pathsep.join([str(PYTHON.parent), str(tmp_path / "bin")])
    assert shutil.which("docker", path=path) is None
    with a_pipeline(azure, tmp_path, path=path, registry_role="Container Registry Tasks Contributor") as one:
        azure.grant(one.principal, "AcrPull", one.registry.id)
        one.agent.machine["DOCKER_HOST"] = "unix:///nonexistent/docker.sock"
        yield one


def test_the_whole_job_runs_where_no_docker_exists(pipeline: Pipeline) -> None:
    first = pipeline.run(ACR, build_id="1", tags="1\nlatest")
    assert first.result == "Succeeded", first.log
    assert pipeline.call()[0] == 200
    assert "Inspected in" in first.log
    assert first.variables["verification"] == "verified"
    assert first.groups == ("Build image", "Update docker-func-sample", "Verify")
    checked = pipeline.run(command="check")
    assert checked.result == "Succeeded", checked.log

    (pipeline.sources / "Dockerfile").write_text(CRASHING)
    second = pipeline.run(ACR, build_id="2", verifyTimeoutMinutes="0.2")
    assert second.result == "Failed", second.log
    assert "rolled back to contoso.azurecr.io/hello-function:1 and verified" in second.log
    assert pipeline.site.config["linuxFxVersion"] == "DOCKER|contoso.azurecr.io/hello-function:1"


def test_the_same_agent_is_told_of_acr_tasks_where_it_has_no_docker(pipeline: Pipeline) -> None:
    run = pipeline.run()
    assert [issue.properties["code"] for issue in run.issues] == ["docker-not-found"]
    assert "buildOn: acr" in run.log


def test_a_secret_reaches_the_build_and_nothing_else(pipeline: Pipeline) -> None:
    (pipeline.sources / "Dockerfile").write_text(
        f"{BASE}RUN --mount=type=secret,id=token grep -q 'it.s a .secret. of .HOME' /run/secrets/token\n"
    )
    run = pipeline.run(ACR, command="buildAndPush", appName="", buildSecrets=f"token={SECRET}")
    assert run.result == "Succeeded", run.log
    (built,) = pipeline.azure.task_runs
    assert 'secret" of' not in run.log + definition(built.body) + bytes(built.log.content).decode()
    _, configuration = pipeline.in_the_registry(run.variables["imageDigest"])
    assert "of $HOME" not in str(configuration)


def test_an_instruction_that_fails_is_named_as_on_an_agent(pipeline: Pipeline) -> None:
    (pipeline.sources / "Dockerfile").write_text(f"{BASE}RUN echo no such module && exit 3\n")
    run = pipeline.run(ACR)
    (issue,) = run.issues
    assert issue.properties["code"] == "build-failed"
    assert "no such module" in issue.message
    assert "nothing was pushed and nothing was changed" in issue.message


def test_the_shared_agents_of_acr_tasks_are_in_no_network_that_a_firewall_lets_through(pipeline: Pipeline) -> None:
    pipeline.registry.firewall_denies_tasks = True
    run = pipeline.run(ACR)
    (issue,) = run.issues
    assert issue.properties["code"] == "acr-run-failed", run.log
    assert "acrAgentPool" in issue.message


def test_a_registry_with_permissions_per_repository_builds_with_the_callers_rights(pipeline: Pipeline) -> None:
    pipeline.registry.role_assignment_mode = "AbacRepositoryPermissions"
    pipeline.azure.grant(pipeline.principal, "Container Registry Repository Writer", pipeline.registry.id)
    run = pipeline.run(ACR, command="buildAndPush", appName="")
    assert run.result == "Succeeded", run.log


def test_a_context_of_several_blocks_arrives_whole(pipeline: Pipeline) -> None:
    content = os.urandom(20_000_000)
    (pipeline.sources / "big").write_bytes(content)
    (pipeline.sources / "Dockerfile").write_text(
        f"{BASE}COPY . /context\nRUN test $(stat -c %s /context/big) = 20000000\n"
    )
    (pipeline.sources / ".dockerignore").write_text("Dockerfile\n.dockerignore\n")
    run = pipeline.run(ACR, command="build")
    assert run.result == "Succeeded", run.log
    assert sum(call.method == "PUT" and "/source/" in call.path for call in pipeline.azure.calls) == 4


def test_a_canceled_job_cancels_the_run(pipeline: Pipeline) -> None:
    building = threading.Event()

    def watch(line: str) -> None:
        if " now building" in line:
            building.set()

    (pipeline.sources / "Dockerfile").write_text(f"{BASE}RUN echo now building && sleep 60\n")
    task = pipeline.start(ACR, on_line=watch)
    assert building.wait(60)
    task.cancel()
    run = task.wait(30)
    assert run.result == "Canceled"
    assert "ACR Tasks run ca1 was canceled" in run.log
    assert pipeline.azure.task_runs[0].canceled.is_set()
    assert pipeline.agent.orphans() == []
