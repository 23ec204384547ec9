"""The Docker engine, through the docker SDK: inspecting, tagging and pushing an image.

The push gets the registry's credentials in memory: no `docker login`, no change to the user's Docker configuration.
Source: https://docs.docker.com/reference/api/engine/version/v1.44/#tag/Image/operation/ImagePush
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import docker
from docker import ContextAPI
from docker.errors import APIError, DockerException, InvalidConfigFile, NotFound

from pytask.agent.environment import without_the_agents_own
from pytask.builders.docker.dial import client_through
from pytask.builders.docker.faults import translated
from pytask.decode import list_at, text_at, whole_at
from pytask.errors import TaskFailure
from pytask.errors.agent_docker import EngineByPipe
from pytask.errors.docker import EngineGone, EngineUnreachable, ImageRemoved
from pytask.errors.docker_command import DockerConfigurationInvalid, EngineBySsh, ImageNotLoaded
from pytask.errors.network import CredentialNotSent
from pytask.model import BuiltImage, ImageReference

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from docker.api import APIClient

    from pytask.builders.docker.cli import DockerCli
    from pytask.model import RegistryLogin

_SECONDS = 600
"""How long the engine may take to answer: a push is silent while it compresses a large layer."""
_SECONDS_TO_PING = 60
_SSH = "ssh://"
_PUSH = "push the image"
_CONTAINERD = ["driver-type", "io.containerd.snapshotter.v1"]
_DIGEST = re.compile(r"digest: (sha256:[0-9a-f]{64})")


@dataclass(slots=True)
class PushProgress:
    """What the engine has reported about a push so far; layers by short id."""

    sent: dict[str, int] = field(default_factory=dict)
    there: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    digest: str = ""
    error: str = ""

    def take(self, event: object) -> None:
        """Take one event of the engine's stream."""
        layer, status = text_at(event, "id"), text_at(event, "status")
        if isinstance(event, dict) and "error" in event:
            self.error = _error(event)
        elif status == "Layer already exists":
            self.there.add(layer)
        elif status == "Pushing":
            self.sent[layer] = max(self.sent.get(layer, 0), _size(event))
        elif status == "Pushed" or status.startswith("Mounted from"):
            self.done.add(layer)
        if found := _DIGEST.search(status):
            self.digest = found.group(1)

    @property
    def layers(self) -> int:
        """The number of layers."""
        return len(self.there | self.done | self.sent.keys())


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine that built the image."""

    api: APIClient

    def inspect(self, references: tuple[str, ...], image: str = "") -> BuiltImage:
        """Return the image with an id, or with the first of the references when its id is not known.

        Raises:
            ImageRemoved: when the engine no longer has the image with this id.
            ImageNotLoaded: when it has none under the reference.
            EngineGone, EngineFailing, EngineUnreachable: when it does not answer, or with an error.
        """
        try:
            with translated("inspect the image", references[0]):
                return _described(references, self.api.inspect_image(image or references[0]))  # type: ignore[no-untyped-call] # the stubs lack it
        except ImageRemoved as missing:
            if image:
                raise
            raise ImageNotLoaded(reference=references[0], detail=missing.detail) from missing

    def has(self, image: BuiltImage, reference: str) -> bool:
        """Tell whether a reference still means the image; another job may have moved or removed it.

        Raises:
            EngineGone, EngineFailing, EngineUnreachable: what `inspect` raises.
        """
        try:
            return self.inspect((reference,)).id == image.id
        except ImageNotLoaded:
            return False

    def name(self, image: BuiltImage, reference: str) -> None:
        """Give the image a name, by its id: another job may have moved the tag that it was built with.

        Raises:
            ImageRemoved, AgentDiskFull, EngineGone, EngineFailing, EngineUnreachable: when the engine does not do it.
        """
        repository, tag = reference.rsplit(":", 1)
        with translated("tag the image", reference):
            self.api.tag(image.id, repository, tag, force=True)

    def push(
        self, reference: str, *, login: RegistryLogin | None, progress: Callable[[PushProgress], None]
    ) -> PushProgress:
        """Push one name of an image, and return the progress, which holds the digest or the engine's error.

        Raises:
            ImageRemoved, AgentDiskFull, EngineFailing, EngineUnreachable: when the engine cannot push at all.
            EngineGone: when it broke off; the image may be in the registry all the same.
        """
        repository, tag = reference.rsplit(":", 1)
        host = ImageReference.parse(reference).host
        if login and login.host != host:
            raise CredentialNotSent(meant=str(login.host), other=str(host))
        # An empty record means anonymous; with None the SDK would read the user's Docker configuration.
        credentials = {"username": login.user, "password": login.password.reveal()} if login else {}
        seen = PushProgress()
        with translated(_PUSH, reference):
            try:
                for event in self.api.push(repository, tag, stream=True, decode=True, auth_config=credentials):
                    seen.take(event)
                    progress(seen)
            except NotFound:
                raise
            except APIError as error:
                seen.error = str(error.explanation or error)
        if not (seen.error or seen.digest):
            # The report ends with the digest in both image stores: https://github.com/moby/moby/blob/master/daemon/containerd/image_push.go
            raise EngineGone(doing=_PUSH, detail="its report of the push ended before the digest")
        return seen

    @property
    def is_of_containerd(self) -> bool:
        """Whether the engine keeps its images in containerd's store, with which it can write a whole build cache.

        Source: https://docs.docker.com/engine/storage/containerd/#verify-that-youre-using-the-containerd-image-store

        Raises:
            EngineGone, EngineFailing, EngineUnreachable: when the engine does not answer, or with an error.
        """
        with translated("ask for the image store", ""):
            return _CONTAINERD in list_at(self.api.info(), "DriverStatus")

    def forget(self, reference: str) -> None:
        """Remove a name from the engine, and the image if it has no other; what cannot be removed stays."""
        with suppress(TaskFailure), translated("remove the image", reference):
            self.api.remove_image(reference, noprune=True)

    def saved(self, reference: str, image: str = "") -> Generator[bytes, None, None]:
        """Yield an image, found as by `inspect`, in chunks in the format of `docker save`, without keeping any.

        Raises:
            AgentDiskFull: when there is no room for the copy that the engine's classic image store makes first.
            ImageRemoved, EngineGone, EngineFailing, EngineUnreachable: when the engine refuses or breaks off.
        """
        with translated("export the image", reference):
            yield from self.api.get_image(image or reference)


def _described(references: tuple[str, ...], found: Any) -> BuiltImage:  # noqa: ANN401 - what the engine answers
    variant = f"/{found['Variant']}" if found.get("Variant") else ""
    return BuiltImage(
        references=references,
        id=str(found["Id"]),
        platform=f"{found['Os']}/{found['Architecture']}{variant}",
        size_bytes=int(found["Size"]),
    )


def open_engine(environment: Mapping[str, str], cli: DockerCli | None = None) -> Engine:
    """Return the engine that the docker command uses: DOCKER_HOST, or else the current context.

    Raises:
        EngineUnreachable, EngineByPipe, EngineBySsh: when it does not answer.
        DockerConfigurationInvalid: when the user's configuration cannot be parsed.
    """
    try:
        if cli and os.name == "posix" and _address(environment).startswith(_SSH):
            return Engine(_through_command(environment, cli))
        if cli and os.name == "posix" and cli.wrapped:
            # A wrapper may know an engine that the environment does not name, or may not know this command.
            with suppress(DockerException, OSError):
                return Engine(_through_command(environment, cli))
        return Engine(docker.from_env(environment=dict(environment), timeout=_SECONDS).api)
    except (InvalidConfigFile, AttributeError, KeyError, TypeError, ValueError) as error:
        # The SDK reads the user's configuration and hardly validates it.
        raise DockerConfigurationInvalid(detail=f"{type(error).__name__}: {error}") from error
    except (DockerException, OSError) as error:
        raise _unreachable(str(error)) from error


def _address(environment: Mapping[str, str]) -> str:
    """Return the engine's address from DOCKER_HOST or else the current context; empty for the default one."""
    given = environment.get("DOCKER_HOST")
    return given or str(ContextAPI.kwargs_from_context(environment=dict(environment)).get("base_url", ""))


def _through_command(environment: Mapping[str, str], cli: DockerCli) -> APIClient:
    client = client_through(cli.path, without_the_agents_own(environment), api=cli.api, seconds=_SECONDS_TO_PING)
    client.ping()
    client.timeout = _SECONDS
    return client


def _unreachable(detail: str) -> TaskFailure:
    """Return the failure behind the SDK's message when it cannot reach the engine."""
    # https://github.com/docker/docker-py/blob/main/docker/api/client.py
    if "npipe://" in detail:
        return EngineByPipe(detail=detail)
    return EngineBySsh(detail=detail) if _SSH in detail else EngineUnreachable(detail=detail)


def _error(event: Mapping[str, Any]) -> str:
    """Return the engine's message for a failed push; an error without a message is still an error."""
    return text_at(event, "errorDetail", "message") or str(event["error"] or "the engine gave no reason")


def _size(event: object) -> int:
    return whole_at(event, "progressDetail", "current") or 0
