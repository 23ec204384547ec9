"""What a docker command says when no engine answers it, by the version of the command, and what it means."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytask.builders.docker.setup import no_engine
from pytask.model import AgentKind

HERE = Path(__file__)


# The wordings of the command up to 20.10, of 28, and of 29.
FORBIDDEN = """Got permission denied while trying to connect to the Docker daemon socket at \
unix:///var/run/docker.sock: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.24/version": dial unix /var/run/docker.sock: \
connect: permission denied"""
FORBIDDEN_29 = "permission denied while trying to connect to the docker API at unix:///var/run/docker.sock"
NOBODY = "Cannot connect to the Docker daemon at {}. Is the docker daemon running?"
NO_FILE_29 = """failed to connect to the docker API at unix:///no/such/docker.sock; check if the path is correct \
and if the daemon is running: dial unix /no/such/docker.sock: connect: no such file or directory"""
NO_PIPE = """error during connect: Get "http://%2F%2F.%2Fpipe%2Fdocker_engine/v1.24/version": open \
//./pipe/docker_engine: Das System kann die angegebene Datei nicht finden."""
NO_NAME_29 = """failed to connect to the docker API at tcp://engine.contoso.com:2376: \
lookup engine.contoso.com: no such host"""
TOO_OLD = "Error response from daemon: client version 1.41 is too old. Minimum supported API version is 1.44"


SUDO = """sudo: a terminal is required to read the password; either use the -S option to read from standard input or \
configure an askpass helper
sudo: a password is required"""
SSH_REFUSED = """error during connect: Get "http://docker.example.com/v1.24/version": command [ssh -l a -- b docker \
system dial-stdio] has exited with exit status 255, please make sure the URL is valid, and Docker 18.09 or later is \
installed on the remote host: stderr=a@b: Permission denied (publickey)."""
SSH_LOST = 'error during connect: Get "http://docker.example.com/v1.50/version": write |1: broken pipe'
SSH_MISSING = """error during connect: Get "http://docker.example.com/v1.50/version": exec: "ssh": executable file not \
found in $PATH"""
SSH_OLD = """error during connect: Get http://docker/v1.40/info: command [ssh -l X -- X.com docker system dial-stdio] \
has exited with exit status 255: stderr=Host key verification failed."""


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (SUDO, "docker-asks-for-password"),
        ("doas: a tty is required", "docker-asks-for-password"),
        (SSH_REFUSED, "docker-engine-by-ssh"),
        (SSH_LOST, "docker-engine-by-ssh"),
        (SSH_MISSING, "docker-engine-by-ssh"),
        (SSH_OLD, "docker-engine-by-ssh"),
        (f"{SSH_REFUSED} {FORBIDDEN}", "docker-engine-by-ssh"),
        (FORBIDDEN, "docker-engine-forbidden"),
        (FORBIDDEN_29, "docker-engine-forbidden"),
        (NOBODY.format("unix:///no/such/docker.sock"), "docker-engine-missing"),
        (NO_FILE_29, "docker-engine-missing"),
        (NO_PIPE, "docker-engine-missing"),
        (NOBODY.format(f"unix://{HERE}"), "docker-engine-stopped"),
        (NOBODY.format("tcp://10.1.2.3:2376"), "docker-engine-elsewhere"),
        (NO_NAME_29, "docker-engine-elsewhere"),
        (TOO_OLD, "docker-too-old"),
        ('context "x": context not found', "docker-engine-unreachable"),
        ("", "docker-engine-unreachable"),
    ],
)
def test_what_the_command_says_is_told_apart(said: str, code: str) -> None:
    assert no_engine(said, "/usr/bin/docker", AgentKind()).code == code


def test_an_address_is_told_without_what_follows_it() -> None:
    assert "at tcp://engine.contoso.com:2376 does" in str(no_engine(NO_NAME_29, "docker", AgentKind()))


def test_in_a_container_job_the_socket_is_to_be_mounted() -> None:
    failure = no_engine(NO_FILE_29, "docker", AgentKind(container_job=True))
    assert failure.code == "docker-engine-not-in-container"
    assert "mapDockerSocket: true" in failure.tell(failure.fix)
