"""A docker command that is not Docker's own is found out before anything is built; real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import gettempdir

import pytest

from pytask.builders.docker.cli import find_docker
from pytask.builders.docker.handover import handed_over
from pytask.builders.docker.wrapper import PassedOn, is_dockers_own, passed_on
from pytask.errors import TaskFailure, render
from pytask.errors.docker_command import DockerDropsEnvironment, DockerIsPodman, EngineIsPodman
from tests.local_azure.engine.windows_engine import PODMANS_VERSION, VERSION, a_windows_engine

DOCKER = "/usr/bin/docker"
LINUX = {**VERSION, "Os": "linux", "Version": "28.0.4", "ApiVersion": "1.41"}
CLEAN = f'#!/bin/sh\nexec env -i PATH="$PATH" {{host}} {DOCKER} "$@"\n'
"""What `sudo docker` is with its usual settings: azure-pipelines-tasks#8552."""
CLOSING = f"""#!{sys.executable}
import subprocess, sys
sys.exit(subprocess.run(["{DOCKER}", *sys.argv[1:]], close_fds=True).returncode)
"""
"""What `sudo --preserve-env docker` is."""
# As podman 5.8 answers, and the script of podman-docker around it:
# https://github.com/containers/podman/blob/main/docker/docker.in and .../cmd/podman/images/version.go
PODMAN = """#!/bin/sh
{quiet} echo "Emulate Docker CLI using podman. Create /etc/containers/nodocker to quiet msg." >&2
case "$1" in
  version) echo '{{"Client":{{"APIVersion":"5.8.6","Version":"5.8.6","GoVersion":"go1.25","GitCommit":"",\
"BuiltTime":"Thu Jan  1 00:00:00 1970","Built":0,"BuildOrigin":"Debian","OsArch":"linux/amd64","Os":"linux"}}}}' ;;
  buildx) {buildx} ;;
  *) echo "Error: unrecognized command" >&2; exit 125 ;;
esac
"""


def a_command(folder: Path, script: str) -> str:
    """Put a program named docker into a folder of its own; return the folder."""
    place = folder / "bin"
    place.mkdir(exist_ok=True)
    (place / "docker").write_text(script)
    (place / "docker").chmod(0o755)
    return str(place)


def asked(folder: Path, script: str) -> PassedOn:
    path = Path(a_command(folder, script), "docker")
    return passed_on(str(path), dict(os.environ), temporary=str(folder), seconds=10)


def test_docker_itself_is_told_from_what_starts_it(tmp_path: Path) -> None:
    assert is_dockers_own(DOCKER)
    link = tmp_path / "docker"
    link.symlink_to(DOCKER)
    assert is_dockers_own(str(link))
    assert not is_dockers_own(str(Path(a_command(tmp_path, CLOSING), "docker")))
    other = tmp_path / "other" / "docker"
    other.parent.mkdir()
    other.symlink_to(sys.executable)  # as /snap/bin/docker is a link to snap
    assert not is_dockers_own(str(other))
    assert not is_dockers_own(str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("script", "passed"),
    [
        (f'#!/bin/sh\nexec {DOCKER} "$@"\n', PassedOn()),
        (f'#!/bin/sh\n{DOCKER} "$@"\n', PassedOn()),
        (CLOSING, PassedOn(descriptors=False)),
        (CLEAN.format(host=""), PassedOn(environment=False, descriptors=False)),
        (
            f'#!/bin/sh\nDOCKER_CONFIG=/somewhere exec {DOCKER} "$@"\n',
            PassedOn(environment=False, descriptors=False),
        ),
        ("#!/bin/sh\necho I am no docker\n", PassedOn(descriptors=False)),
    ],
)
def test_a_wrapper_is_asked_what_it_passes_on(tmp_path: Path, script: str, passed: PassedOn) -> None:
    assert asked(tmp_path, script) == passed
    assert [entry.name for entry in tmp_path.iterdir()] == ["bin"]


def test_a_command_that_drops_the_environment_is_told_before_the_build(tmp_path: Path) -> None:
    with a_windows_engine(tmp_path / "docker.sock", LINUX) as engine:
        folder = a_command(tmp_path, CLEAN.format(host=f"DOCKER_HOST={engine.url}"))
        with pytest.raises(DockerDropsEnvironment, match="docker-drops-environment") as caught:
            find_docker({"PATH": f"{folder}:/bin"}, 30)
        assert f"{folder}/docker (the script {folder}/docker)" in render(caught.value)
        assert "sudo --preserve-env" in render(caught.value)
        # A further command on PATH that does not, is taken.
        assert find_docker({"PATH": f"{folder}:/usr/bin:/bin", "DOCKER_HOST": engine.url}, 30).path == DOCKER


def test_a_command_that_keeps_descriptors_to_itself_gets_secrets_by_path(tmp_path: Path) -> None:
    with a_windows_engine(tmp_path / "docker.sock", LINUX) as engine:
        found = find_docker({"PATH": f"{a_command(tmp_path, CLOSING)}:/bin", "DOCKER_HOST": engine.url}, 30)
    assert (found.wrapped, found.passes_descriptors) == (True, False)
    reader = "import subprocess, sys; sys.exit(subprocess.run(['cat', sys.argv[1]], close_fds=True).returncode)"
    with handed_over([b"s3cret"], by_descriptors=found.passes_descriptors) as handed:
        read = subprocess.run([sys.executable, "-c", reader, *handed.paths], capture_output=True, check=True)
        assert read.stdout == b"s3cret"
        assert handed.descriptors == ()
    assert not list(Path(gettempdir()).glob(f"{Path(handed.paths[0]).parent.name}*"))


@pytest.mark.parametrize("quiet", ["", "true ||"])
@pytest.mark.parametrize("buildx", ["echo buildah 1.42.1", "echo unknown >&2; exit 125"])
def test_podman_under_dockers_name_is_named(tmp_path: Path, quiet: str, buildx: str) -> None:
    """microsoft/azure-pipelines-agent#4227."""
    folder = a_command(tmp_path, PODMAN.format(quiet=quiet, buildx=buildx))
    with pytest.raises(DockerIsPodman, match="docker-is-podman") as caught:
        find_docker({"PATH": f"{folder}:/bin"}, 5)
    assert f"{folder}/docker is podman 5.8.6" in render(caught.value)
    assert "command: deploy" in render(caught.value)


def test_podman_is_passed_over_for_a_docker_behind_it(tmp_path: Path) -> None:
    folder = a_command(tmp_path, PODMAN.format(quiet="", buildx="echo buildah 1.42.1"))
    with a_windows_engine(tmp_path / "docker.sock", LINUX) as engine:
        assert find_docker({"PATH": f"{folder}:/usr/bin", "DOCKER_HOST": engine.url}, 30).path == DOCKER


def test_podmans_service_behind_dockers_command_is_named(tmp_path: Path) -> None:
    with a_windows_engine(tmp_path / "podman.sock", PODMANS_VERSION) as engine:
        with pytest.raises(EngineIsPodman, match="docker-engine-is-podman") as caught:
            find_docker({"PATH": "/usr/bin", "DOCKER_HOST": engine.url}, 30)
        assert "Podman Engine 5.8.6" in render(caught.value)
        assert not [path for path in engine.asked if "build" in path]


@pytest.mark.parametrize(
    "answer",
    ['{"Client":[],"Server":7}', '{"Client":{"Version":1},"Server":{}}', "[1]", "{" * 5000, "null"],
)
def test_a_strange_answer_is_a_failure_of_the_catalogue(tmp_path: Path, answer: str) -> None:
    folder = a_command(tmp_path, f"#!/bin/sh\nprintf '%s\\n' '{answer}'\n")
    with pytest.raises(TaskFailure):
        find_docker({"PATH": f"{folder}:/bin"}, 5)
