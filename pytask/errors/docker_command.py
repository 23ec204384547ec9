"""Failures of a docker command that is not Docker's own, or that does not lead to a Docker engine."""

from __future__ import annotations

from pytask.errors.base import TaskFailure

_INSTALL = (
    "install Docker Engine with buildx on the agent and put its docker command first on PATH, or use a Microsoft-hosted "
    "agent (pool: vmImage: ubuntu-latest)"
)
_WITHOUT_DOCKER = (
    "or build and push the image with podman in a separate script step, and deploy it here with command: deploy, which "
    "needs no Docker"
)
_NO_BUILDKIT = "the task builds with BuildKit, but podman builds with Buildah"


class DockerIsPodman(TaskFailure):
    """A docker command that is podman."""

    path: str
    version: str
    code = "docker-is-podman"
    title = "the docker command of this agent is podman"
    happened = "{path} is podman {version} under the name docker (the package podman-docker, or a link)"
    cause = _NO_BUILDKIT
    fix = f"{_INSTALL}; {_WITHOUT_DOCKER}"
    link = "https://docs.docker.com/engine/install/"


class EngineIsPodman(TaskFailure):
    """Docker's own command with podman's service behind it."""

    path: str
    version: str
    code = "docker-engine-is-podman"
    title = "the Docker engine of this agent is podman"
    happened = "{path} is Docker's own command, but Podman Engine {version} responds to it"
    cause = f"DOCKER_HOST or the Docker context points to podman's socket; {_NO_BUILDKIT}"
    fix = f"{_INSTALL}, and remove DOCKER_HOST or run docker context use default; {_WITHOUT_DOCKER}"
    link = "https://docs.docker.com/engine/install/"


class DockerDropsEnvironment(TaskFailure):
    """A wrapper around the docker command that changes its environment."""

    path: str
    leads_to: str
    code = "docker-drops-environment"
    title = "the docker command of this agent does not pass on the environment"
    happened = "{path} ({leads_to}) did not pass DOCKER_CONFIG on to Docker when the task called it"
    cause = (
        "it is a wrapper, such as a script that calls sudo, and starts Docker with its own environment; build "
        "arguments and credentials reach Docker through its environment, so the image would be built without them"
    )
    fix = (
        "remove the wrapper and let the agent's user use Docker itself (sudo usermod -aG docker USER, then restart the "
        "agent); or make the wrapper keep the environment (sudo --preserve-env) and not set its own DOCKER_CONFIG"
    )
    link = "https://docs.docker.com/engine/install/linux-postinstall/"


class DockerAsksForPassword(TaskFailure):
    """A wrapper around the docker command that calls sudo, which asks for a password."""

    path: str
    detail: str
    code = "docker-asks-for-password"
    title = "the docker command of this agent calls sudo, and sudo refuses the agent's user"
    happened = "{path}: {detail}"
    cause = "{path} is a wrapper around Docker that requires a password or a sudoers entry, and nobody can enter a password on the agent"
    fix = (
        "remove the wrapper and let the agent's user use Docker itself (sudo usermod -aG docker USER, then restart the "
        "agent)"
    )
    link = "https://docs.docker.com/engine/install/linux-postinstall/"


class EngineBySsh(TaskFailure):
    """An engine on another machine that does not respond over SSH."""

    detail: str
    code = "docker-engine-by-ssh"
    title = "the Docker engine on the other machine does not respond over SSH"
    happened = "{detail}"
    cause = (
        "DOCKER_HOST or the Docker context is an ssh:// address, and Docker runs ssh as the agent's user, without prompts; "
        "the other machine must be in that user's known_hosts, accept one of that user's keys, and have a docker command "
        "and an engine"
    )
    fix = (
        "run docker version as the agent's user until it answers without a prompt (InstallSSHKey@0 installs a key and "
        "the known_hosts entry); to use the agent's own engine, remove DOCKER_HOST or run docker context use default"
    )
    link = "https://docs.docker.com/engine/security/protect-access/#use-ssh-to-protect-the-docker-daemon-socket"


class DockerConfigurationInvalid(TaskFailure):
    """A Docker configuration in a format that Docker does not write."""

    detail: str
    code = "docker-configuration-invalid"
    title = "the Docker configuration of the agent's user cannot be used"
    happened = "{detail}"
    cause = "config.json, in the folder .docker of the agent's user or in DOCKER_CONFIG, is not in the format that Docker writes"
    fix = "correct or delete this file on the agent; docker login and docker context use write a new one"
    link = "https://docs.docker.com/reference/cli/docker/#docker-cli-configuration-file-configjson-properties"


class ImageNotLoaded(TaskFailure):
    """A build that succeeded, but left no image in the engine."""

    reference: str
    detail: str
    code = "image-not-loaded"
    title = "the build left no image in the Docker engine"
    happened = "docker build succeeded, but the engine has no image {reference}: {detail}"
    cause = (
        "the image was built by a builder outside the engine (docker buildx use, BUILDX_BUILDER or a wrapper around the "
        "docker command chose it), and its result stays in that builder's cache"
    )
    fix = "run docker buildx use default on the agent, remove BUILDX_BUILDER, and let no wrapper add --builder or --output"
    link = "https://docs.docker.com/build/builders/drivers/"
