"""Every kind of agent and of job: it works, or says at once what it lacks."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.agent.job_container import SOCKET, a_job_container
from tests.agent.under_test import PYTHON, SLOWNESS
from tests.local_azure.engine.windows_engine import a_windows_engine
from tests.pipeline import EXAMPLE, Scheme, a_pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.agent.running_task import TaskRun
    from tests.local_azure.azure import LocalAzure
    from tests.pipeline import Pipeline

AT_ONCE = 3.5 * SLOWNESS
"""For a whole process, on a machine that runs other tests besides; whoever waits for an engine takes 5 s or more."""


def told_at_once(pipeline: Pipeline, code: str) -> TaskRun:
    """Run a step that fails with a code at once, at the latest when the machine has time for a third."""
    run = refused(pipeline, code)
    for _ in range(2):
        run = run if run.seconds < AT_ONCE else refused(pipeline, code)
    assert run.seconds < AT_ONCE
    return run


def refused(pipeline: Pipeline, code: str) -> TaskRun:
    """Run a step that fails with a code before anything is built or written."""
    run = pipeline.run(build_id="")
    assert run.result == "Failed"
    assert f"{code}: " in run.log, run.log
    assert "docker build" not in run.log
    assert pipeline.azure.writes == []
    return run


# Agents


def test_an_agent_without_docker_says_so_at_once(azure: LocalAzure, tmp_path: Path) -> None:
    with a_pipeline(azure, tmp_path, path=str(PYTHON.parent)) as pipeline:
        run = told_at_once(pipeline, "docker-not-found")
        assert "ubuntu-latest" in run.log
        assert pipeline.run(command="check").result == "Succeeded"


@pytest.mark.parametrize(("system", "told"), [("Darwin", "this macOS agent"), ("Windows_NT", "this Windows agent")])
def test_an_agent_of_another_system_is_told_what_it_can_do(
    azure: LocalAzure, tmp_path: Path, system: str, told: str
) -> None:
    with a_pipeline(azure, tmp_path, path=str(PYTHON.parent)) as pipeline:
        run = pipeline.run(variables={"Agent.OS": system})
    assert f"docker-not-on-system: there is no docker command on {told}" in run.log
    assert "command: deploy" in run.log


def test_a_docker_command_without_an_engine_says_so_at_once(pipeline: Pipeline, tmp_path: Path) -> None:
    pipeline.agent.machine["DOCKER_HOST"] = f"unix://{tmp_path}/docker.sock"
    run = told_at_once(pipeline, "docker-engine-missing")
    assert "ubuntu-slim" in run.log


def test_an_engine_for_windows_is_given_nothing_to_build(pipeline: Pipeline, tmp_path: Path) -> None:
    with a_windows_engine(tmp_path / "docker.sock") as engine:
        pipeline.agent.machine["DOCKER_HOST"] = engine.url
        told_at_once(pipeline, "docker-engine-windows")
        assert not [path for path in engine.asked if "build" in path]


def test_an_agent_without_docker_deploys_an_image_that_is_there(azure: LocalAzure, tmp_path: Path) -> None:
    with a_pipeline(azure, tmp_path) as pipeline:
        built = pipeline.run(command="buildAndPush")
        assert built.result == "Succeeded", built.log
        pipeline.agent.machine["PATH"] = str(PYTHON.parent)
        del pipeline.agent.machine["DOCKER_HOST"]
        run = pipeline.run(command="deploy")
        assert run.result == "Succeeded", run.log
        assert run.variables["verification"] == "verified"


# Container jobs


@contextmanager
def in_a_container(
    azure: LocalAzure, folder: Path, *, socket: bool = True, hidden: Sequence[str] = ()
) -> Iterator[Pipeline]:
    """Return a pipeline whose job runs in a real container."""
    authorities = Path(azure.environment["REQUESTS_CA_BUNDLE"]).parent
    with (
        a_pipeline(azure, folder) as pipeline,
        a_job_container(azure.agent_engine, folder, authorities, socket=socket, hidden=hidden) as container,
    ):
        pipeline.agent.container = container
        pipeline.agent.machine["DOCKER_HOST"] = f"unix://{SOCKET}"
        pipeline.agent.machine["PATH"] = os.pathsep.join([str(PYTHON.parent), "/usr/bin", "/bin"])
        yield pipeline


def test_a_container_job_with_the_engines_socket_does_the_whole_run(azure: LocalAzure, tmp_path: Path) -> None:
    with in_a_container(azure, tmp_path) as pipeline:
        run = pipeline.run()
        assert run.result == "Succeeded", run.log
        assert run.variables["verification"] == "verified"
        assert run.summaries
        assert pipeline.call()[0] == 200


def test_a_container_job_without_the_socket_says_how_to_mount_it(azure: LocalAzure, tmp_path: Path) -> None:
    with in_a_container(azure, tmp_path, socket=False) as pipeline:
        run = refused(pipeline, "docker-engine-not-in-container")
        assert "mapDockerSocket: true" in run.log


def test_a_container_job_without_the_command_says_what_to_install(azure: LocalAzure, tmp_path: Path) -> None:
    with in_a_container(azure, tmp_path) as pipeline:
        pipeline.agent.machine["PATH"] = str(PYTHON.parent)
        run = refused(pipeline, "docker-not-in-container")
        assert "docker-buildx" in run.log


# Deployment jobs


def test_a_deployment_job_without_a_checkout_says_to_check_out(azure: LocalAzure, tmp_path: Path) -> None:
    with a_pipeline(azure, tmp_path, kind="deployment") as pipeline:
        run = told_at_once(pipeline, "checkout-missing-in-deployment")
        assert "- checkout: self" in run.log
        assert "$(Pipeline.Workspace)/drop/Dockerfile" in run.log


def test_a_deployment_job_builds_from_an_artifact(azure: LocalAzure, tmp_path: Path) -> None:
    artifact = tmp_path / "drop"
    shutil.copytree(EXAMPLE, artifact)
    with a_pipeline(azure, tmp_path, kind="deployment") as pipeline:
        run = pipeline.run(dockerFile=str(artifact / "Dockerfile"))
        assert run.result == "Succeeded", run.log
        assert f"build   {artifact}/Dockerfile, context {artifact}" in run.log


# Classic releases


@pytest.mark.parametrize("scheme", ["key", "federation"])
def test_a_release_builds_from_its_artifacts(azure: LocalAzure, tmp_path: Path, scheme: Scheme) -> None:
    with a_pipeline(azure, tmp_path, kind="release", scheme=scheme) as pipeline:
        run = pipeline.run(build_id="", recordFile="record.json", smokeTestPath="/api/HttpTriggerSample?name=you")
        assert run.result == "Succeeded", run.log
        assert "build   _hello-function/drop/Dockerfile" in run.log
        assert run.variables["imageReference"] == "contoso.azurecr.io/hello-function:1293"
        record = json.loads((pipeline.sources / "record.json").read_text())
        assert record["commit"] == "4f0c2b1d9a6e47c3b5d80e1f2a3b4c5d6e7f8091"
        assert run.summaries
        labels = pipeline.in_the_registry(run.variables["imageDigest"])[1]["config"]["Labels"]
        assert labels["org.opencontainers.image.revision"] == record["commit"]
        assert "org.opencontainers.image.source" not in labels


def test_a_release_without_a_build_asks_for_a_tag(azure: LocalAzure, tmp_path: Path) -> None:
    with a_pipeline(azure, tmp_path, kind="release", built=False) as pipeline:
        run = refused(pipeline, "tag-missing")
        assert "$(Release.ReleaseId)" in run.log
        run = pipeline.run(build_id="", tags="$(Release.ReleaseId)")
        assert run.result == "Succeeded", run.log
        assert run.variables["imageReference"] == "contoso.azurecr.io/hello-function:118"


def test_a_release_whose_artifacts_have_no_dockerfile_says_where_it_looked(azure: LocalAzure, tmp_path: Path) -> None:
    with a_pipeline(azure, tmp_path, kind="release") as pipeline:
        run = pipeline.run(dockerFile="Dockerfile")
        assert "dockerfile-not-in-artifacts" in run.log
        assert "_hello-function/drop/Dockerfile" in run.log
