"""Which docker command is taken, and how the output of a program is read; real processes."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pytask.errors.docker import BuildKitMissing, DockerNotFound
from pytask.image.cli import find_docker
from pytask.image.process import lines, running

if TYPE_CHECKING:
    from pathlib import Path

OUTPUT = r"""
import sys, time
for piece in (b"one\ntw", b"o\r\nthree\rfo", b"ur\xff\n\xe2\x82", b"\xac\r", b"\nlast"):
    sys.stdout.buffer.write(piece); sys.stdout.buffer.flush(); time.sleep(0.05)
"""


def a_docker(folder: Path, name: str, *, version: str, buildx: bool) -> str:
    """Make a docker command that knows its version, and buildx or not; give the folder it is in."""
    (folder / name).mkdir()
    script = folder / name / "docker"
    answer = "echo github.com/docker/buildx v0.13" if buildx else "echo no such command; exit 1"
    script.write_text(
        f'#!/bin/sh\n[ "$1" = buildx ] && {{ {answer}; exit; }}\necho "Docker version {version}, build x"\n'
    )
    script.chmod(0o755)
    return str(script.parent)


def test_the_first_docker_that_can_do_buildkit_is_taken(tmp_path: Path) -> None:
    without = a_docker(tmp_path, "a", version="28.2.2", buildx=False)
    old = a_docker(tmp_path, "b", version="20.10.24+dfsg1", buildx=False)
    new = a_docker(tmp_path, "c", version="28.0.4", buildx=True)
    assert find_docker({"PATH": f"{without}:{old}:{new}:/usr/bin:/bin"}).version == "20.10.24+dfsg1"
    found = find_docker({"PATH": f"{tmp_path}/none:{without}:{new}:/bin"})
    assert (found.path, found.buildx) == (f"{new}/docker", True)


def test_without_buildkit_it_is_said_what_was_found(tmp_path: Path) -> None:
    folder = a_docker(tmp_path, "a", version="28.2.2", buildx=False)
    with pytest.raises(BuildKitMissing, match="buildkit-missing") as caught:
        find_docker({"PATH": folder})
    assert "28.2.2" in caught.value.found


def test_without_docker_the_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(DockerNotFound):
        find_docker({"PATH": str(tmp_path)})


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
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(child)], capture_output=True, text=True, check=False).stdout
    assert state.strip() in {"", "Z"}
