"""The Docker engine, through the docker SDK: inspecting, tagging and pushing an image.

The push gets the registry's credentials in memory: no `docker login`, no change to the user's Docker configuration.
Source: https://docs.docker.com/reference/api/engine/version/v1.44/#tag/Image/operation/ImagePush
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import docker
from docker import ContextAPI
from docker.errors import APIError, DockerException, InvalidConfigFile, NotFound

from pytask.agent.environment import without_the_agents_own
from pytask.builders.docker.dial import client_through
from pytask.errors.agent_docker import EngineByPipe
from pytask.errors.docker import AgentDiskFull, EngineUnreachable, ImageNotSaved
from pytask.errors.docker_command import DockerConfigurationInvalid, EngineBySsh, ImageNotLoaded
from pytask.errors.network import CredentialNotSent
from pytask.model import BuiltImage, ImageReference

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from docker.api import APIClient

    from pytask.builders.docker.cli import DockerCli
    from pytask.errors import TaskFailure
    from pytask.model import RegistryLogin

_SECONDS = 600
"""How long the engine may take to answer: a push is silent while it compresses a large layer."""
_SECONDS_TO_PING = 60
_SSH = "ssh://"
_DIGEST = re.compile(r"digest: (sha256:[0-9a-f]{64})")


@dataclass(slots=True)
class PushProgress:
    """What the engine has reported about a push so far; layers by short id."""

    sent: dict[str, int] = field(default_factory=dict)
    there: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    digest: str = ""
    error: str = ""

    def take(self, event: Mapping[str, Any]) -> None:
        """Take one event of the engine's stream."""
        layer, status = str(event.get("id", "")), str(event.get("status", ""))
        if "error" in event:
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
            ImageNotLoaded: when the engine has no such image.
            EngineUnreachable: when it does not answer.
        """
        with _translated(references[0]):
            found: Any = self.api.inspect_image(image or references[0])  # type: ignore[no-untyped-call] # the stubs lack it
        variant = f"/{found['Variant']}" if found.get("Variant") else ""
        return BuiltImage(
            references=references,
            id=str(found["Id"]),
            platform=f"{found['Os']}/{found['Architecture']}{variant}",
            size_bytes=int(found["Size"]),
        )

    def has(self, image: BuiltImage, reference: str) -> bool:
        """Tell whether a reference still means the image; another job may have moved it.

        Raises:
            ImageNotLoaded, EngineUnreachable: what `inspect` raises.
        """
        return self.inspect((reference,)).id == image.id

    def name(self, image: BuiltImage, reference: str) -> None:
        """Give the image a name, by its id: another job may have moved the tag that it was built with.

        Raises:
            ImageNotLoaded, EngineUnreachable: what `inspect` raises.
        """
        repository, tag = reference.rsplit(":", 1)
        with _translated(reference):
            self.api.tag(image.id, repository, tag, force=True)

    def push(
        self, reference: str, *, login: RegistryLogin | None, progress: Callable[[PushProgress], None]
    ) -> PushProgress:
        """Push one name of an image, and return the progress, which holds success or error."""
        repository, tag = reference.rsplit(":", 1)
        host = ImageReference.parse(reference).host
        if login and login.host != host:
            raise CredentialNotSent(meant=str(login.host), other=str(host))
        # An empty record means anonymous; with None the SDK would read the user's Docker configuration.
        credentials = {"username": login.user, "password": login.password.reveal()} if login else {}
        seen = PushProgress()
        try:
            for event in self.api.push(repository, tag, stream=True, decode=True, auth_config=credentials):
                seen.take(event)
                progress(seen)
        except APIError as error:
            seen.error = str(error.explanation or error)
        return seen

    def saved(self, reference: str) -> Generator[bytes, None, None]:
        """Yield an image in chunks, in the format of `docker save`, without keeping any.

        Raises:
            AgentDiskFull: when there is no room for the copy that the engine's classic image store makes first.
            ImageNotSaved: when the engine refuses or breaks off.
        """
        try:
            yield from self.api.get_image(reference)
        except (DockerException, OSError) as error:
            detail = str(getattr(error, "explanation", None) or error)
            if "no space left on device" in detail:
                raise AgentDiskFull(detail=detail) from error
            raise ImageNotSaved(reference=reference, detail=detail) from error


@contextmanager
def _translated(reference: str) -> Iterator[None]:
    """Raise the catalogue's failure for what the SDK raises in a call about an image."""
    try:
        yield
    except NotFound as error:
        raise ImageNotLoaded(reference=reference, detail=str(error.explanation or error)) from error
    except (DockerException, OSError, LookupError, ValueError) as error:
        # The SDK fails in its own ways on an error that is not in the engine's format.
        raise EngineUnreachable(detail=f"{type(error).__name__}: {error}") from error


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
    detail = event.get("errorDetail")
    told = detail.get("message") if isinstance(detail, dict) else ""
    return str(told or event["error"] or "the engine gave no reason")


def _size(event: Mapping[str, Any]) -> int:
    detail = event.get("progressDetail") or {}
    return int(detail.get("current") or 0)
