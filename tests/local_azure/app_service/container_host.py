"""What a host of containers does, told to a Docker engine over its REST interface.

Every request is one of https://docs.docker.com/reference/api/engine/version/v1.41/.
"""

from __future__ import annotations

import base64
import json
import re
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PORT_ATTEMPTS = 5
"""How often another port is tried when somebody else took the one that was free a moment ago."""


class PullFailed(Exception):  # noqa: N818 (the name says what happened)
    """The engine could not pull; ``text`` is its own error text, verbatim."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class RunFailed(Exception):  # noqa: N818 (the name says what happened)
    """The engine could not start a container; ``text`` is its own error text, verbatim."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningContainer:
    """A container that was started; its port is published as 127.0.0.1:``port``."""

    id: str
    name: str
    port: int


class ContainerHost:
    """Pulls images and runs containers on the engine behind ``socket``."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._session: aiohttp.ClientSession | None = None

    async def pull(self, reference: str, *, username: str | None, password: str | None) -> str:
        """Pull an image, anonymously without ``username``, and give its digest, ``sha256:…``; raises PullFailed."""
        headers = {"X-Registry-Auth": _registry_auth(username, password)} if username is not None else {}
        wanted = {"fromImage": _tagged(reference)}
        digest = ""
        async with self._engine.post("/images/create", params=wanted, headers=headers) as answer:
            if answer.status != 200:
                raise PullFailed(await _message(answer))
            async for line in answer.content:
                event = json.loads(line)
                if "error" in event:
                    raise PullFailed(event["error"])
                if event.get("status", "").startswith("Digest: "):
                    digest = event["status"].removeprefix("Digest: ")
        return digest

    async def local_digest(self, reference: str) -> str | None:
        """Digest of the copy of an image that is on the host already; None when there is none."""
        reference = _tagged(reference)
        async with self._engine.get(f"/images/{reference}/json") as answer:
            if answer.status == 404:
                return None
            answer.raise_for_status()
            digests = [entry.partition("@") for entry in (await answer.json())["RepoDigests"] or []]
        repository = _repository(reference)
        return next((digest for name, _, digest in digests if name == repository), None)

    async def run(
        self,
        *,
        image: str,
        name: str,
        environment: Mapping[str, str],
        port: int,
        binds: Sequence[str] = (),
        command: Sequence[str] = (),
    ) -> RunningContainer:
        """Start a container of an image that is on the host, its TCP ``port`` published on 127.0.0.1.

        ``binds`` are volumes or folders, ``SOURCE:PATH[:OPTIONS]``; ``command`` replaces the image's own.
        Raises RunFailed; then no container is left. That the program in the container listens is not waited for.
        """
        for attempt in range(PORT_ATTEMPTS):
            published = _free_port()
            body = _container(image, environment, binds, command, {f"{port}/tcp": published})
            container = await self._create(name, body)
            async with self._engine.post(f"/containers/{container}/start") as answer:
                if answer.status < 300:
                    return RunningContainer(id=container, name=name, port=published)
                text = await _message(answer)
            await self.remove(container)
            if not _port_is_taken(text) or attempt == PORT_ATTEMPTS - 1:
                raise RunFailed(text)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def exit_code(self, container: str) -> int | None:
        """Return what the container ended with; None while it runs."""
        async with self._engine.get(f"/containers/{container}/json") as answer:
            answer.raise_for_status()
            state = (await answer.json())["State"]
        return None if state["Running"] else int(state["ExitCode"])

    async def logs(self, container: str, *, tail: int = 100) -> str:
        """Return the last ``tail`` lines the container wrote, both streams in the order they came."""
        wanted = {"stdout": "1", "stderr": "1", "tail": str(tail)}
        async with self._engine.get(f"/containers/{container}/logs", params=wanted) as answer:
            answer.raise_for_status()
            return _without_frames(await answer.read()).decode(errors="replace")

    async def stop(self, container: str, *, seconds: int = 5) -> None:
        """Ask the container to end, and kill it after ``seconds``; it may have ended or be gone already."""
        async with self._engine.post(f"/containers/{container}/stop", params={"t": str(seconds)}) as answer:
            if answer.status not in {204, 304, 404}:
                answer.raise_for_status()

    async def remove(self, container: str) -> None:
        """Remove the container with its anonymous volumes, running or not; it may be gone already."""
        wanted = {"force": "1", "v": "1"}
        async with self._engine.delete(f"/containers/{container}", params=wanted) as answer:
            if answer.status not in {204, 404, 409}:  # 409: its removal is under way
                answer.raise_for_status()

    async def close(self) -> None:
        """Close the connections to the engine; containers run on."""
        if self._session is not None:
            await self._session.close()

    @property
    def _engine(self) -> aiohttp.ClientSession:
        # Made at the first use: a session belongs to the loop that is running then.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                base_url="http://engine",
                connector=aiohttp.UnixConnector(str(self._socket)),
                timeout=aiohttp.ClientTimeout(total=None),  # a pull takes as long as it takes
            )
        return self._session

    async def _create(self, name: str, body: dict[str, Any]) -> str:
        async with self._engine.post("/containers/create", params={"name": name}, json=body) as answer:
            if answer.status != 201:
                raise RunFailed(await _message(answer))
            return str((await answer.json())["Id"])


def _registry_auth(username: str, password: str | None) -> str:
    # https://docs.docker.com/reference/api/engine/version/v1.41/#section/Authentication
    credentials = {"username": username, "password": password or ""}
    return base64.urlsafe_b64encode(json.dumps(credentials).encode()).decode()


def _tagged(reference: str) -> str:
    # Without a tag the engine would pull every tag there is.
    return reference if "@" in reference or ":" in reference.rpartition("/")[2] else f"{reference}:latest"


def _repository(reference: str) -> str:
    return re.sub(r":[^:/]+$", "", reference.partition("@")[0])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _port_is_taken(text: str) -> bool:
    return "address already in use" in text or "port is already allocated" in text


def _container(
    image: str,
    environment: Mapping[str, str],
    binds: Sequence[str],
    command: Sequence[str],
    ports: Mapping[str, int],
) -> dict[str, Any]:
    return {
        "Image": image,
        "Env": [f"{name}={value}" for name, value in environment.items()],
        "Cmd": list(command) or None,
        "ExposedPorts": {port: {} for port in ports},
        "HostConfig": {
            "Binds": list(binds),
            "PortBindings": {
                port: [{"HostIp": "127.0.0.1", "HostPort": str(published)}] for port, published in ports.items()
            },
        },
    }


async def _message(answer: aiohttp.ClientResponse) -> str:
    return str((await answer.json())["message"])


def _without_frames(stream: bytes) -> bytes:
    # Each piece of output comes behind a stream number, three zeros and a big-endian length ("Stream format"):
    # https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
    pieces = []
    while stream:
        (length,) = struct.unpack_from(">I", stream, 4)
        pieces.append(stream[8 : 8 + length])
        stream = stream[8 + length :]
    return b"".join(pieces)
