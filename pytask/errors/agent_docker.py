"""Failures of Docker by kind of agent: no command, no engine, no permission to use it, Windows containers."""

from __future__ import annotations

from pytask.errors.base import TaskFailure
from pytask.errors.docker import WITHOUT_DOCKER

_CONTAINER_LINK = "https://learn.microsoft.com/azure/devops/pipelines/process/container-phases"
_AGENTS_LINK = "https://learn.microsoft.com/azure/devops/pipelines/agents/hosted#software"
_LINUX_AGENT = "run the step on a Linux agent with Docker, such as Microsoft's (pool: vmImage: ubuntu-latest)"
_ON_THE_HOST = "or run this step outside the container (target: host)"


class DockerNotInContainer(TaskFailure):
    """A container job whose image has no Docker command."""

    path: str
    code = "docker-not-in-container"
    title = "the container of this job has no docker command"
    happened = "no folder on its PATH ({path}) contains docker"
    cause = "a container job runs its steps inside the container, and its image has no docker command"
    fix = (
        "install the command with buildx in the container's image (Debian: docker-cli and docker-buildx, Alpine: "
        f"docker-cli and docker-cli-buildx) and set mapDockerSocket: true on the container; {_ON_THE_HOST}; {WITHOUT_DOCKER}"
    )
    link = _CONTAINER_LINK


class DockerNotOnSystem(TaskFailure):
    """A macOS or Windows agent without Docker."""

    path: str
    system: str
    code = "docker-not-on-system"
    title = "there is no docker command on this {system} agent"
    happened = "no folder on PATH ({path}) contains docker"
    cause = "Function Apps run Linux images, which only a Docker engine for Linux builds; Microsoft's {system} agents have none"
    fix = f"{_LINUX_AGENT}; this agent can deploy an image that is already in a registry (command: deploy); {WITHOUT_DOCKER}"
    link = _AGENTS_LINK


class EngineMissing(TaskFailure):
    """A Docker command without an engine."""

    detail: str
    code = "docker-engine-missing"
    title = "this agent has a docker command, but no Docker engine"
    happened = "{detail}"
    cause = "only the command is installed, as on Microsoft's ubuntu-slim; or the engine listens at a different address than the one the command uses"
    fix = f"{_LINUX_AGENT}; on a self-hosted agent, install the engine, or set DOCKER_HOST to the address where it listens; {WITHOUT_DOCKER}"
    link = _AGENTS_LINK


class EngineNotInContainer(TaskFailure):
    """A container job that cannot see the agent's engine."""

    detail: str
    code = "docker-engine-not-in-container"
    title = "the container of this job cannot see the agent's Docker engine"
    happened = "{detail}"
    cause = "the engine's socket (/var/run/docker.sock) is not mounted into the container; newer agents mount it only on request"
    fix = (
        "set mapDockerSocket: true on the container, or mount it (volumes: /var/run/docker.sock:/var/run/docker.sock); "
        f"{_ON_THE_HOST}; {WITHOUT_DOCKER}"
    )
    link = _CONTAINER_LINK


class EngineForbidden(TaskFailure):
    """The agent's user has no access to the engine's socket."""

    detail: str
    code = "docker-engine-forbidden"
    title = "this agent's user is not allowed to use the Docker engine"
    happened = "{detail}"
    cause = "the engine's socket belongs to root and to the group docker, and the agent's user is neither root nor in that group"
    fix = (
        "add the agent's user to the group (sudo usermod -aG docker USER) and restart the agent; in a container job, "
        "set mapDockerSocket: true instead of mounting the socket as a volume: the agent then adds its user to the group there"
    )
    link = "https://docs.docker.com/engine/install/linux-postinstall/"


class EngineStopped(TaskFailure):
    """The engine's socket exists, but nothing answers."""

    detail: str
    code = "docker-engine-stopped"
    title = "the Docker engine of this agent is not running"
    happened = "{detail}"
    cause = "its socket exists, but nothing answers: the engine was stopped, or it exited"
    fix = "start it (sudo systemctl start docker); journalctl -u docker shows why it exited"


class EngineElsewhere(TaskFailure):
    """An engine on another machine that does not respond."""

    address: str
    detail: str
    code = "docker-engine-elsewhere"
    title = "the Docker engine at {address} does not respond"
    happened = "{detail}"
    cause = "DOCKER_HOST, or the Docker context of the agent's user, names an engine that does not exist or cannot be reached from this agent"
    fix = "start the engine there and allow the agent to reach it; to use the agent's own engine, unset DOCKER_HOST and run docker context use default"
    link = "https://docs.docker.com/engine/manage-resources/contexts/"


class EngineOfWindows(TaskFailure):
    """An engine that runs Windows containers."""

    version: str
    code = "docker-engine-windows"
    title = "the Docker engine of this agent builds Windows images"
    happened = "the engine (version {version}) reports that it runs Windows containers"
    cause = "Function Apps run Linux images, and an engine for Windows containers cannot build those"
    fix = (
        f"{_LINUX_AGENT}; on a self-hosted agent with Docker Desktop, switch it to Linux containers; this agent can "
        f"deploy an image that is already in a registry (command: deploy); {WITHOUT_DOCKER}"
    )
    link = _AGENTS_LINK


class EngineByPipe(TaskFailure):
    """An engine for Linux on Windows that listens where the task cannot reach it."""

    detail: str
    code = "docker-engine-by-pipe"
    title = "the task cannot talk to the Docker engine of this Windows agent"
    happened = "{detail}"
    cause = "the engine listens on a named pipe; the docker command can use one, but the task itself, which pushes and inspects images, cannot"
    fix = (
        "make the engine listen on TCP (Docker Desktop: Settings > General > Expose daemon on tcp://localhost:2375) and "
        f"set DOCKER_HOST=tcp://localhost:2375 for the agent; or {_LINUX_AGENT}"
    )


class DockerTooOld(TaskFailure):
    """A Docker command and an engine with incompatible versions."""

    path: str
    detail: str
    code = "docker-too-old"
    title = "the docker command of this agent and its engine support no common API version"
    happened = "{path}: {detail}"
    cause = "each supports a range of API versions, and the two ranges do not overlap; an old command may come first on PATH (DockerInstaller@0 puts one there)"
    fix = "upgrade the older of the two, or remove the step DockerInstaller@0"
    link = "https://docs.docker.com/reference/api/engine/#versioned-api-and-sdk"
