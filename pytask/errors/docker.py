"""Failures of Docker on the agent."""

from __future__ import annotations

from pytask.errors.base import TaskFailure


class DockerNotFound(TaskFailure):
    """No Docker CLI on the agent."""

    path: str
    code = "docker-not-found"
    title = "there is no docker command on this agent"
    happened = "no folder on PATH ({path}) contains docker"
    cause = "Docker is not installed in the agent's image"
    fix = "run the job on an agent with Docker, such as the Microsoft-hosted ubuntu-latest"


class BuildKitMissing(TaskFailure):
    """No Docker CLI with BuildKit."""

    found: str
    code = "buildkit-missing"
    title = "the docker command on this agent cannot build with BuildKit"
    happened = "found {found}"
    cause = (
        "since version 23, Docker's command line needs its buildx plugin for BuildKit. The task does not fall back to the "
        "old builder: it ignores <Dockerfile>.dockerignore, so files that should be left out could end up in the image"
    )
    fix = "install buildx on the agent (Debian and Ubuntu: apt-get install docker-buildx or docker-buildx-plugin)"
    link = "https://docs.docker.com/go/buildx/"


class EngineUnreachable(TaskFailure):
    """The Docker engine does not respond."""

    detail: str
    code = "docker-engine-unreachable"
    title = "the Docker engine does not respond"
    happened = "{detail}"
    cause = (
        "the engine is not running, DOCKER_HOST points elsewhere, or the agent's user is not allowed to use its socket"
    )
    fix = (
        "start the engine (systemctl start docker) or add the agent's user to the group docker, then restart the agent"
    )
    link = "https://docs.docker.com/engine/install/linux-postinstall/"


class ImageNotSaved(TaskFailure):
    """The engine cannot export the image that it built."""

    reference: str
    detail: str
    code = "image-not-saved"
    title = "the Docker engine could not export {reference} for inspection"
    happened = "{detail}"
    cause = "the engine cannot read the image that it built, or stopped during the export"
    fix = (
        "run docker save {reference} > /dev/null on the agent, which should show more; restart the engine, or build "
        "again without its build cache (docker builder prune --all)"
    )


class AgentDiskFull(TaskFailure):
    """The engine ran out of space."""

    detail: str
    code = "agent-disk-full"
    title = "the agent's disk is full"
    happened = "{detail}"
    cause = "images and build cache from earlier runs fill the disk where the Docker engine stores them"
    fix = "free space on the agent (docker system prune --all), or use an agent with a larger disk"
