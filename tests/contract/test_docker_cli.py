"""Which docker command is taken, and how the output of a program is read; real processes.

What a real docker command says of its engine is in tests/stand_ins/test_docker_command.py.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from pytask.agent.redactor import Redactor
from pytask.builders.docker.cli import find_docker
from pytask.builders.docker.engine import open_engine
from pytask.builders.docker.process import lines, running
from pytask.errors import TaskFailure, render
from pytask.errors.agent_docker import DockerTooOld, EngineByPipe
from pytask.errors.docker import BuildKitMissing

if TYPE_CHECKING:
    from pathlib import Path

OUTPUT = r"""
import sys, time
for piece in (b"one\ntw", b"o\r\nthree\rfo", b"ur\xff\n\xe2\x82", b"\xac\r", b"\nlast"):
    sys.stdout.buffer.write(piece); sys.stdout.buffer.flush(); time.sleep(0.05)
"""


SECRET = 's3cr"t-of-a-build+with/signs&that-are:encoded'
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


def test_a_command_that_is_on_path_twice_is_asked_once(tmp_path: Path) -> None:
    folder = a_docker(tmp_path, "a", version="28.2.2", buildx=False)
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(BuildKitMissing) as caught:
        find_docker({"PATH": f"{folder}:{tmp_path}/link"}, 5)
    assert caught.value.found == f"{folder}/docker (version 28.2.2), without buildx"


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


def test_an_engine_behind_a_named_pipe_is_told_as_such() -> None:
    with pytest.raises(EngineByPipe, match="docker-engine-by-pipe"):
        open_engine({"DOCKER_HOST": "npipe:////./pipe/docker_engine"})


def test_output_comes_line_by_line_however_it_was_cut() -> None:
    process = subprocess.Popen([sys.executable, "-c", OUTPUT], stdout=subprocess.PIPE)
    assert process.stdout
    with process, process.stdout as stream:
        assert list(lines(stream, str)) == ["one", "two", "three", "four\ufffd", "€", "last"]


CUT = 1 << 15


@pytest.mark.parametrize("form", [SECRET, json.dumps(SECRET)[1:-1], base64.b64encode(SECRET.encode()).decode()])
@pytest.mark.parametrize("before", [*range(CUT - 70, CUT + 2, 7), CUT * 2 - 30, CUT * 3 - 9])
def test_of_a_secret_where_a_long_line_is_cut_apart_no_half_is_left(before: int, form: str) -> None:
    redactor = Redactor()
    redactor.add(SECRET)
    reading, writing = os.pipe()
    text = f"{'.' * before}{form}{'.' * 200_000}\n"
    writer = threading.Thread(target=_write, args=(writing, text.encode()))
    writer.start()
    with os.fdopen(reading, "rb") as stream:
        pieces = [redactor.redact(piece) for piece in lines(stream, redactor.redact)]
    writer.join()
    assert len(pieces) > 4
    assert max(map(len, pieces)) <= CUT + (1 << 14)
    assert set("".join(pieces)) <= {".", "*"}


def _write(to: int, data: bytes) -> None:
    with os.fdopen(to, "wb") as stream:
        stream.write(data)


def test_a_program_that_does_not_end_when_asked_is_killed_with_its_children(tmp_path: Path) -> None:
    script = "trap '' TERM; (trap '' TERM; sleep 60) & echo $!; wait"
    with running(["sh", "-c", script], folder=tmp_path, environment={"PATH": "/bin"}, seconds_to_end=0.2) as process:
        assert process.stdout
        child = int(next(lines(process.stdout, str)))
    assert process.returncode == -9
    deadline = time.monotonic() + 5
    while state_of(child) not in {"", "Z"}:  # the kernel takes its time to end what it has killed
        assert time.monotonic() < deadline


def state_of(process: int) -> str:
    asked = ["ps", "-o", "stat=", "-p", str(process)]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
