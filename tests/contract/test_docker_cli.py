"""Which docker command is taken, and how the output of a program is read; real processes."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from pytask.errors import TaskFailure, render
from pytask.errors.agent_docker import (
    DockerTooOld,
    EngineByPipe,
    EngineElsewhere,
    EngineForbidden,
    EngineMissing,
    EngineOfWindows,
    EngineStopped,
)
from pytask.errors.docker import BuildKitMissing, EngineUnreachable
from pytask.image.cli import find_docker
from pytask.image.engine import open_engine
from pytask.image.process import lines, running
from tests.sandbox.windows_engine import a_windows_engine

DOCKER = "/usr/bin:/bin"
"""Where dev/setup puts a real docker command."""
OUTPUT = r"""
import sys, time
for piece in (b"one\ntw", b"o\r\nthree\rfo", b"ur\xff\n\xe2\x82", b"\xac\r", b"\nlast"):
    sys.stdout.buffer.write(piece); sys.stdout.buffer.flush(); time.sleep(0.05)
"""


CLIENT = '{"Client":{"Version":"%s","ApiVersion":"1.41","Os":"linux"},"Server":%s}'
ENGINE = '{"Version":"28.0.4","Os":"linux"}'


def a_docker(folder: Path, name: str, *, version: str, buildx: bool, said: str = "") -> str:
    """Make a docker command that knows its version, and buildx or not; give the folder it is in.

    With `said` no engine answers it, and that is what it says then.
    """
    (folder / name).mkdir()
    script = folder / name / "docker"
    plugin = "echo github.com/docker/buildx v0.13" if buildx else "echo no such command; exit 1"
    told = CLIENT % (version, "null" if said else ENGINE)
    lines = ["#!/bin/sh", f'[ "$1" = buildx ] && {{ {plugin}; exit; }}', f"echo '{told}'", f"echo '{said}' >&2"]
    script.write_text("\n".join(lines) + "\n")
    script.chmod(0o755)
    return str(script.parent)


def test_the_first_docker_that_can_do_buildkit_is_taken(tmp_path: Path) -> None:
    without = a_docker(tmp_path, "a", version="28.2.2", buildx=False)
    old = a_docker(tmp_path, "b", version="20.10.24+dfsg1", buildx=False)
    new = a_docker(tmp_path, "c", version="28.0.4", buildx=True)
    assert find_docker({"PATH": f"{without}:{old}:{new}:/usr/bin:/bin"}, 5).version == "20.10.24+dfsg1"
    found = find_docker({"PATH": f"{tmp_path}/none:{without}:{new}:/bin"}, 5)
    assert (found.path, found.buildx) == (f"{new}/docker", True)


def test_one_that_its_engine_does_not_understand_is_passed_over(tmp_path: Path) -> None:
    said = "Error response from daemon: client version 1.41 is too old. Minimum supported API version is 1.44"
    old = a_docker(tmp_path, "a", version="20.10.24", buildx=False, said=said)
    new = a_docker(tmp_path, "b", version="29.4.2", buildx=True)
    assert find_docker({"PATH": f"{old}:{new}:/bin"}, 5).version == "29.4.2"
    with pytest.raises(DockerTooOld, match="docker-too-old") as caught:
        find_docker({"PATH": f"{old}:/bin"}, 5)
    assert caught.value.path == f"{old}/docker"


def test_without_buildkit_it_is_said_what_was_found(tmp_path: Path) -> None:
    folder = a_docker(tmp_path, "a", version="28.2.2", buildx=False)
    with pytest.raises(BuildKitMissing, match="buildkit-missing") as caught:
        find_docker({"PATH": folder}, 5)
    assert "28.2.2" in caught.value.found


@pytest.mark.parametrize(
    ("agent", "code"),
    [
        ({}, "docker-not-found"),
        ({"AGENT_OS": "Linux"}, "docker-not-found"),
        ({"AGENT_OS": "Darwin"}, "docker-not-on-system"),
        ({"AGENT_OS": "Windows_NT"}, "docker-not-on-system"),
        ({"AGENT_OS": "Linux", "AGENT_CONTAINERID": "4f0c"}, "docker-not-in-container"),
    ],
)
def test_without_docker_the_path_is_named_and_what_this_kind_of_agent_needs(
    tmp_path: Path, agent: dict[str, str], code: str
) -> None:
    with pytest.raises(TaskFailure, match=code) as caught:
        find_docker({"PATH": str(tmp_path), **agent}, 5)
    assert str(tmp_path) in render(caught.value)


def test_an_engine_that_is_not_there_is_told_within_a_second(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(EngineMissing, match="docker-engine-missing"):
        find_docker({"PATH": DOCKER, "DOCKER_HOST": f"unix://{tmp_path}/docker.sock"}, 5)
    assert time.monotonic() - began < 1


def test_an_engine_that_has_stopped_leaves_its_socket(tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as left:
        left.bind(f"{tmp_path}/docker.sock")
    with pytest.raises(EngineStopped, match="docker-engine-stopped"):
        find_docker({"PATH": DOCKER, "DOCKER_HOST": f"unix://{tmp_path}/docker.sock"}, 5)


def test_an_engine_that_never_answers_is_not_waited_for(tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as silent:
        silent.bind(f"{tmp_path}/docker.sock")
        silent.listen()
        with pytest.raises(EngineUnreachable, match="docker-engine-unreachable") as caught:
            find_docker({"PATH": DOCKER, "DOCKER_HOST": f"unix://{tmp_path}/docker.sock"}, 0.3)
    assert caught.value.detail == "no answer in 0.3 s"


def test_an_engine_that_does_not_let_the_agents_user_in_is_told_as_such(tmp_path: Path) -> None:
    as_nobody = tmp_path / "docker"
    as_nobody.write_text('#!/bin/sh\nexec setpriv --reuid=65534 --clear-groups /usr/bin/docker "$@"\n')
    as_nobody.chmod(0o755)
    with closing(socket.socket(socket.AF_UNIX)) as closed:
        closed.bind(f"{tmp_path}/docker.sock")
        closed.listen()
        Path(tmp_path, "docker.sock").chmod(0o600)
        with pytest.raises(EngineForbidden, match="docker-engine-forbidden"):
            find_docker({"PATH": f"{tmp_path}:/usr/bin", "DOCKER_HOST": f"unix://{tmp_path}/docker.sock"}, 5)


def test_an_engine_on_another_machine_is_named_by_its_address() -> None:
    with pytest.raises(EngineElsewhere, match=re.escape("the Docker engine at tcp://127.0.0.1:9 does not answer")):
        find_docker({"PATH": DOCKER, "DOCKER_HOST": "tcp://127.0.0.1:9"}, 5)


def test_an_engine_for_windows_is_refused_before_it_is_given_anything_to_build(tmp_path: Path) -> None:
    with a_windows_engine(tmp_path / "docker.sock") as engine:
        with pytest.raises(EngineOfWindows, match="docker-engine-windows") as caught:
            find_docker({"PATH": DOCKER, "DOCKER_HOST": engine.url}, 5)
        assert set(engine.asked) <= {"/_ping", "/v1.41/version"}
    assert caught.value.version == "29.1.5"


def test_an_engine_behind_a_named_pipe_is_told_as_such() -> None:
    with pytest.raises(EngineByPipe, match="docker-engine-by-pipe"):
        open_engine({"DOCKER_HOST": "npipe:////./pipe/docker_engine"})


def test_output_comes_line_by_line_however_it_was_cut() -> None:
    process = subprocess.Popen([sys.executable, "-c", OUTPUT], stdout=subprocess.PIPE)
    assert process.stdout
    with process, process.stdout as stream:
        assert list(lines(stream)) == ["one", "two", "three", "four\ufffd", "€", "last"]


def test_a_program_that_does_not_end_when_asked_is_killed_with_its_children(tmp_path: Path) -> None:
    script = "trap '' TERM; (trap '' TERM; sleep 60) & echo $!; wait"
    with running(["sh", "-c", script], folder=tmp_path, environment={"PATH": "/bin"}, seconds_to_end=0.2) as process:
        assert process.stdout
        child = int(next(lines(process.stdout)))
    assert process.returncode == -9
    deadline = time.monotonic() + 5
    while state_of(child) not in {"", "Z"}:  # the kernel takes its time to end what it has killed
        assert time.monotonic() < deadline


def state_of(process: int) -> str:
    asked = ["ps", "-o", "stat=", "-p", str(process)]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
