"""What a real docker command says of the engine that it does not get to."""

from __future__ import annotations

import re
import socket
import time
from contextlib import closing
from pathlib import Path

import pytest

from pytask.builders.docker.cli import find_docker
from pytask.errors.agent_docker import EngineElsewhere, EngineForbidden, EngineMissing, EngineOfWindows, EngineStopped
from pytask.errors.docker import EngineUnreachable
from tests.local_azure.engine.windows_engine import a_windows_engine

DOCKER = "/usr/bin:/bin"
"""Where dev/setup puts a real docker command."""


def test_an_engine_that_is_not_there_is_told_within_a_second(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(EngineMissing, match="docker-engine-missing"):
        find_docker({"PATH": DOCKER, "DOCKER_HOST": f"unix://{tmp_path}/docker.sock"}, 5)
    assert time.monotonic() - began < 4


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
    assert caught.value.detail == "no response in 0.3 s"


def test_an_engine_that_does_not_let_the_agents_user_in_is_told_as_such(tmp_path: Path) -> None:
    as_nobody = tmp_path / "docker"
    as_nobody.write_text('#!/bin/sh\nexec /usr/bin/setpriv --reuid=65534 --clear-groups /usr/bin/docker "$@"\n')
    as_nobody.chmod(0o755)
    with closing(socket.socket(socket.AF_UNIX)) as closed:
        closed.bind(f"{tmp_path}/docker.sock")
        closed.listen()
        Path(tmp_path, "docker.sock").chmod(0o600)
        with pytest.raises(EngineForbidden, match="docker-engine-forbidden"):
            find_docker({"PATH": str(tmp_path), "DOCKER_HOST": f"unix://{tmp_path}/docker.sock"}, 5)


def test_an_engine_on_another_machine_is_named_by_its_address() -> None:
    with pytest.raises(EngineElsewhere, match=re.escape("the Docker engine at tcp://127.0.0.1:9 does not respond")):
        find_docker({"PATH": DOCKER, "DOCKER_HOST": "tcp://127.0.0.1:9"}, 5)


def test_an_engine_for_windows_is_refused_before_it_is_given_anything_to_build(tmp_path: Path) -> None:
    with a_windows_engine(tmp_path / "docker.sock") as engine:
        with pytest.raises(EngineOfWindows, match="docker-engine-windows") as caught:
            find_docker({"PATH": DOCKER, "DOCKER_HOST": engine.url}, 5)
        assert set(engine.asked) <= {"/_ping", "/v1.41/version"}
    assert caught.value.version == "29.1.5"
