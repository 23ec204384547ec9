"""Failures of Docker on the agent."""

from __future__ import annotations

from pytask.errors.base import TaskFailure

WITHOUT_DOCKER = "or set buildOn: acr, with which the registry builds the image (ACR Tasks)"


class DockerNotFound(TaskFailure):
    """No Docker CLI on the agent."""

    path: str
    code = "docker-not-found"
    title = "there is no docker command on this agent"
    happened = "no folder on PATH ({path}) contains docker"
    cause = "Docker is not installed in the agent's image"
    fix = f"run the job on an agent with Docker, such as the Microsoft-hosted ubuntu-latest; {WITHOUT_DOCKER}"


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


class EngineGone(TaskFailure):
    """The connection to the engine broke off during the run."""

    doing: str
    detail: str
    code = "docker-engine-gone"
    leaves_open = True
    title = "the Docker engine stopped during the run"
    happened = "the task asked the engine to {doing}, and the connection broke off: {detail}"
    cause = (
        "the engine exited or was restarted: an upgrade of Docker on the agent, the system's out-of-memory killer (a build "
        "that needs more memory than the agent has), or someone who stopped it"
    )
    fix = (
        "run the pipeline again: finished layers are neither built nor pushed again; if it happens again, look at "
        "journalctl -u docker and at dmesg on the agent, and give the agent more memory if it ran out of it"
    )
    link = "https://docs.docker.com/engine/daemon/troubleshoot/"


class EngineFailing(TaskFailure):
    """The engine responds, but with an error of its own."""

    doing: str
    detail: str
    code = "docker-engine-failing"
    title = "the Docker engine failed"
    happened = "the task asked the engine to {doing}, and it returned: {detail}"
    cause = "the engine responds, but cannot do its work: its storage is damaged or read-only, or its internal state is damaged"
    fix = (
        "run the pipeline again; if it persists, look at journalctl -u docker on the agent, check the disk under the "
        "engine's data (docker info shows the Docker Root Dir), and restart the engine (sudo systemctl restart docker)"
    )
    link = "https://docs.docker.com/engine/daemon/troubleshoot/"


class ImageRemoved(TaskFailure):
    """The engine no longer has the image."""

    reference: str
    detail: str
    code = "image-removed"
    title = "something on the agent removed {reference} from the Docker engine during the run"
    happened = "the build left the image in the engine, which now returns: {detail}"
    cause = (
        "another job or a schedule on this agent cleaned up while this job was running (docker image prune, docker system "
        "prune, docker rmi)"
    )
    fix = (
        "run the pipeline again; clean up when no job is running, or keep recent images: docker image prune "
        "--all --filter until=24h"
    )
    link = "https://docs.docker.com/reference/cli/docker/image/prune/#filter"


class ImageNotSaved(TaskFailure):
    """The engine cannot export the image that it built."""

    reference: str
    detail: str
    code = "image-not-saved"
    title = "the Docker engine could not export {reference} for inspection"
    happened = "{detail}"
    cause = "the engine cannot read the image that it built, or stopped during the export"
    fix = (
        "run docker save {reference!q} > /dev/null on the agent, which should show more; restart the engine, or build "
        "again without its build cache (docker builder prune --all)"
    )


class AgentDiskFull(TaskFailure):
    """The engine or the docker command ran out of space."""

    detail: str
    code = "agent-disk-full"
    title = "the agent's disk is full"
    happened = "{detail}"
    cause = "images and build cache from earlier runs fill the disk where the Docker engine stores them; the registry has nothing to do with it"
    fix = "free space on the agent (docker system df shows what uses it; docker system prune --all and docker builder prune --all free it), or use an agent with a larger disk"
    link = "https://docs.docker.com/engine/manage-resources/pruning/"
