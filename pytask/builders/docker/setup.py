"""What this agent lacks for a build: a docker command, an engine, or the right to use it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from pytask.errors.agent_docker import (
    DockerNotInContainer,
    DockerNotOnSystem,
    DockerTooOld,
    EngineElsewhere,
    EngineForbidden,
    EngineMissing,
    EngineNotInContainer,
    EngineStopped,
)
from pytask.errors.docker import DockerNotFound, EngineUnreachable
from pytask.errors.docker_command import DockerAsksForPassword, EngineBySsh
from pytask.errors.foreign import beginning

if TYPE_CHECKING:
    from pytask.errors import TaskFailure
    from pytask.model import AgentKind

_ADDRESS = re.compile(r"(?:Docker daemon|docker API) at ([a-z]+://[^\s;]+?)[;:.]?(?:\s|$)")
"""The wording before version 28, and the one since.
https://github.com/moby/moby/blob/master/client/request.go"""
_PIPE = "//./pipe/"
"""The start of the engine's address on Windows; the text after it is localized."""
_ASKS_FOR_PASSWORD = ("sudo: ", "doas: ")
_BY_SSH = ("docker system dial-stdio", "http://docker.example.com/", "http://docker/v1.")
"""The command that Docker runs over SSH, and its names for such an engine. The names matter because Docker loses ssh's
own message in up to one of five cases, and says "write |1: broken pipe" instead (seen with 20.10 and 28.2).
https://github.com/docker/cli/blob/master/cli/connhelper/connhelper.go"""
_LONGEST = 1_000
_APART = re.compile(r"client version \S+ is too (?:old|new)")


def no_command(path: str, agent: AgentKind) -> TaskFailure:
    """Return the failure of an agent without a docker command on its PATH."""
    if agent.container_job:
        return DockerNotInContainer(path=path)
    if agent.system != "Linux":
        return DockerNotOnSystem(path=path, system=agent.system)
    return DockerNotFound(path=path)


def no_engine(said: str, cli: str, agent: AgentKind) -> TaskFailure:
    """Return the failure behind the message of a docker command that got no answer from an engine."""
    detail = beginning(" ".join(said.split()), _LONGEST) or "the docker command reported no engine"
    if any(line.startswith(_ASKS_FOR_PASSWORD) for line in said.splitlines()):
        return DockerAsksForPassword(path=cli, detail=detail)
    if any(sign in said for sign in _BY_SSH):
        return EngineBySsh(detail=detail)
    if "permission denied" in said:
        return EngineForbidden(detail=detail)
    if _APART.search(said):
        return DockerTooOld(path=cli, detail=detail)
    if _PIPE in said:
        return EngineMissing(detail=detail)
    found = _ADDRESS.search(said)
    return _nobody_at(found.group(1), detail, agent) if found else EngineUnreachable(detail=detail)


def _nobody_at(address: str, detail: str, agent: AgentKind) -> TaskFailure:
    scheme, _, place = address.partition("://")
    if scheme != "unix":
        return EngineElsewhere(address=address, detail=detail)
    if os.path.exists(place):  # noqa: PTH110 - Path.exists() raises for a name that is too long
        return EngineStopped(detail=detail)
    return EngineNotInContainer(detail=detail) if agent.container_job else EngineMissing(detail=detail)
