"""The docker commands and build inputs that people have: it works, or it is told before the build."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import docker
import pytest

from pytask.builders.docker.cli import find_docker
from tests.agent.under_test import PYTHON
from tests.end_to_end.test_build_credentials import write_dockerfile
from tests.end_to_end.test_failures import assert_untouched, the_error
from tests.engines.versions import store
from tests.images import private_base

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pipeline import Pipeline

ECHO = 'ARG VERSION\nRUN test "$VERSION" = 1.2.3'
CLEAN = '#!/bin/sh\nexec /usr/bin/env -i PATH="$PATH" DOCKER_HOST={host} {docker} "$@"\n'
CLOSING = """#!{python}
import pathlib, subprocess, sys
(pathlib.Path(__file__).parent / "asked-to-build").touch() if sys.argv[1] == "build" else None
sys.exit(subprocess.run(["{docker}", *sys.argv[1:]], close_fds=True).returncode)
"""
ELSEWHERE = """#!/bin/sh
if [ "$1" = build ]; then
  echo 'WARNING: No output specified with docker-container driver. Build result will only remain in the build cache. \
To push result image into registry use --push or to load image into docker use --load'
  exit 0
fi
exec {docker} "$@"
"""
SSH = """#!/bin/sh
# Docker 28.5 gives the command as one word, earlier versions as three: to ssh it is the same.
while case $1 in docker*) false ;; esac; do shift; done
set -- $*
shift
DOCKER_HOST={host} exec {docker} "$@"
"""


def put_first(pipeline: Pipeline, folder: Path, name: str, script: str) -> None:
    """Put a program first on the agent's PATH; the script may speak of the docker command and engine from before."""
    before, host = pipeline.agent.machine["PATH"], pipeline.agent.machine["DOCKER_HOST"]
    docker = find_docker({"PATH": before, "DOCKER_HOST": host}, 30).path
    (folder / "first").mkdir()
    program = folder / "first" / name
    program.write_text(script.format(docker=docker, host=host, python=sys.executable))
    program.chmod(0o755)
    pipeline.agent.machine["PATH"] = os.pathsep.join([str(program.parent), before])


def test_a_wrapper_that_drops_the_environment_is_told_and_nothing_is_built(pipeline: Pipeline, tmp_path: Path) -> None:
    put_first(pipeline, tmp_path, "docker", CLEAN)
    pipeline.agent.machine["PATH"] = f"{tmp_path}/first:{PYTHON.parent}"  # none behind it
    run = pipeline.run(buildArgs="VERSION=1.2.3")
    assert "docker-drops-environment: " in run.log, run.log
    assert "#1 " not in run.log
    assert pipeline.azure.writes == []


def test_a_wrapper_that_closes_descriptors_builds_with_secrets_and_credentials(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    base = private_base(pipeline.azure, pipeline.registry)
    mount = 'RUN --mount=type=secret,id=team test "$(cat /run/secrets/team)" = s3cret-of-the-team'
    write_dockerfile(pipeline, base, ECHO, mount)
    put_first(pipeline, tmp_path, "docker", CLOSING)
    run = pipeline.run(command="buildAndPush", buildArgs="VERSION=1.2.3", buildSecrets="team=s3cret-of-the-team")
    assert run.result == "Succeeded", run.log
    assert (tmp_path / "first" / "asked-to-build").exists()


def test_an_engine_over_ssh_builds_and_pushes(pipeline: Pipeline, tmp_path: Path) -> None:
    put_first(pipeline, tmp_path, "ssh", SSH)
    pipeline.agent.machine["DOCKER_HOST"] = "ssh://agent@builder.contoso.com"
    run = pipeline.run()
    assert run.result == "Succeeded", run.log
    assert pipeline.call()[0] == 200


def test_a_build_that_leaves_no_image_in_the_engine_is_told_as_such(pipeline: Pipeline, tmp_path: Path) -> None:
    """docker/build-push-action#282: the words of buildx with another driver."""
    put_first(pipeline, tmp_path, "docker", ELSEWHERE)
    run = pipeline.run()
    assert "image-not-loaded: " in run.log, run.log
    assert "docker buildx use default" in run.log
    assert pipeline.azure.writes == []


@pytest.mark.parametrize("context", ["{sources}", ".", "docker/.."])
def test_the_checkout_is_the_context_where_it_is_named(pipeline: Pipeline, context: str) -> None:
    """MicrosoftDocs/azure-devops-docs#4878, #13543."""
    (pipeline.sources / "docker").mkdir()
    (pipeline.sources / "Dockerfile").rename(pipeline.sources / "docker" / "Dockerfile")
    run = pipeline.run(dockerFile="docker/Dockerfile", buildContext=context.format(sources=pipeline.sources))
    assert run.result == "Succeeded", run.log
    assert "context the checkout" in run.log
    assert pipeline.call()[0] == 200


def test_the_agents_temporary_folder_is_not_sent_to_the_build(pipeline: Pipeline, tmp_path: Path) -> None:
    (pipeline.sources / "Dockerfile").rename(tmp_path / "Dockerfile")
    (tmp_path / "secure-npmrc").write_text("//feed/:_authToken=s3cret")
    with (tmp_path / "Dockerfile").open("a") as file:
        file.write("\nRUN test ! -e /home/site/wwwroot/secure-npmrc && test -e /home/site/wwwroot/host.json\n")
    pipeline.agent.machine["HOME"] = str(tmp_path)  # like the temporary folder, one that other steps write to
    run = pipeline.run(command="build", dockerFile=str(tmp_path / "Dockerfile"))
    assert run.result == "Succeeded", run.log
    assert f"the checkout: the Dockerfile's folder {tmp_path} also has files from other steps" in run.log


def test_a_dockerfile_with_a_byte_order_mark_signs_in_to_its_base(pipeline: Pipeline) -> None:
    """rcjsuen/dockerfile-ast#106: as Visual Studio writes it, and with a declaration that goes on in the next line."""
    host, _, rest = private_base(pipeline.azure, pipeline.registry).partition("/")
    text = f"\ufeffARG REGISTRY=\\\r\n{host}\r\nFROM ${{REGISTRY}}/{rest}\r\nCOPY . /home/site/wwwroot\r\n"
    (pipeline.sources / "Dockerfile").write_text(text, encoding="utf-8", newline="")
    run = pipeline.run(command="buildAndPush")
    assert run.result == "Succeeded", run.log


def test_a_flag_that_docker_does_not_know_is_a_mistake_in_the_input(pipeline: Pipeline) -> None:
    """As --provenance=false is on 20.10."""
    run = pipeline.run(command="build", arguments="--no-such-flag=s3cret")
    assert "arguments-not-understood: " in run.log, run.log
    assert "cause     unknown flag: --no-such-flag" in run.log
    assert "s3cret" not in run.log


def test_an_attested_image_is_deployed_where_the_engine_can_keep_it(pipeline: Pipeline) -> None:
    """The containerd store alone has indexes; 20.10 does not even know the flag."""
    with closing(docker.APIClient(base_url=pipeline.azure.agent_engine.url)) as api:
        keeps_indexes = store(api.info()).startswith("containerd")
    run = pipeline.run(arguments="--provenance=true")
    if keeps_indexes:
        assert run.result == "Succeeded", run.log
        assert pipeline.call()[0] == 200
    else:
        assert the_error(run) in {"arguments-need-containerd", "arguments-not-understood"}
        assert_untouched(pipeline)


def test_pasted_lines_of_arguments_build_as_in_a_shell(pipeline: Pipeline) -> None:
    write_dockerfile(pipeline, "scratch")
    with (pipeline.sources / "Dockerfile").open("a") as file:
        file.write("ARG VERSION\nLABEL version=$VERSION\n")
    run = pipeline.run(command="build", arguments="--no-cache \\\n  --build-arg VERSION=1.2.3 \\\n  --load")
    assert "build arguments VERSION, flags --no-cache" in run.log
    assert "--load in arguments is ignored" in run.log
    assert "argument-not-a-flag" not in run.log
