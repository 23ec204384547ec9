"""One start of one generation: pull, run, wait for the first answer. Real engine, no HTTP of Azure's."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import ClientError, ClientTimeout

from .container_host import ContainerHost, PullFailed, RunFailed, RunningContainer

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp import ClientSession

    from .generation import Generation
    from .platform_log import PlatformLog

Credential = tuple[str | None, str | None]
"""User name and password for a pull; both None for none."""

ANONYMOUS: Credential = (None, None)
_POLL = 0.05
_PING_LIMIT = ClientTimeout(total=2.0)


class Workload:
    """A container of a site, whose output goes into the platform's log."""

    def __init__(self, host: ContainerHost, container: RunningContainer, log: PlatformLog) -> None:
        self._host = host
        self._log = log
        self._told = 0
        self.container = container

    async def listen(self) -> None:
        """Take over into the log what the container printed since the last time."""
        with contextlib.suppress(ClientError):  # it may have been removed a moment ago
            output = await self._host.logs(self.container.id, tail=1000)
            news, self._told = output[self._told :], len(output)
            self._log.container_said(news.splitlines())

    async def retire(self) -> None:
        """End the container, keep what it printed, remove it."""
        try:
            await self._host.stop(self.container.id)
            await self.listen()
        finally:  # also when the sandbox is reset meanwhile
            await asyncio.shield(self._host.remove(self.container.id))


@dataclass(kw_only=True, slots=True)
class Worker:
    """The machine sites run on: engine, clock and what it pulled already."""

    host: ContainerHost
    session: ClientSession
    homes: Path
    """Where the platform's storage of each site lies."""
    second: float
    """How long a second of the platform takes here, in seconds."""
    pulled: set[str]
    """References pulled since the sandbox was last reset: only these have a local copy to fall back on."""


class Start:
    """One attempt to bring up a generation."""

    def __init__(self, worker: Worker, generation: Generation, log: PlatformLog, credential: Credential) -> None:
        self._worker = worker
        self._host = worker.host
        self._generation = generation
        self._log = log
        self._credential = credential
        self._name = f"{generation.site.lower()}_{generation.number}_{secrets.token_hex(4)}"

    async def run(self) -> Workload | None:
        """Give the container once it answers; None where it cannot be had, the reason logged."""
        digest = await self._image()
        if digest is None:
            self._log.did_not_start(self._generation.site)
            return None
        try:
            workload = await self._contained(digest)
        except BaseException:  # also when a newer generation supersedes this start
            await asyncio.shield(self._host.remove(self._name))
            raise
        if workload is None:
            await self._host.remove(self._name)
            self._log.did_not_start(self._generation.site)
        return workload

    async def _image(self) -> str | None:
        """Pull with the site's credential, then without, then make do with a copy; gives the digest.

        The order is the platform's. Source: https://github.com/Azure/webapps-deploy/issues/454
        """
        reference = self._generation.image
        self._log.pulling(reference)
        for username, password in dict.fromkeys([self._credential, ANONYMOUS]):
            try:
                return await self._pull(reference, username, password)
            except PullFailed as failure:  # noqa: PERF203 - each attempt fails for itself
                self._log.pull_refused(failure.text)
                if "failed to register layer" in failure.text:
                    break
        copy = await self._host.local_digest(reference) if reference in self._worker.pulled else None
        self._log.defaulting_to_local_copy(present=copy is not None)
        return copy

    async def _pull(self, reference: str, username: str | None, password: str | None) -> str:
        before = await self._host.local_digest(reference)
        begun = time.monotonic()
        digest = await self._host.pull(reference, username=username, password=password)
        self._worker.pulled.add(reference)
        self._log.pulled(reference, digest, seconds=time.monotonic() - begun, fresh=digest != before)
        return digest

    async def _contained(self, digest: str) -> Workload | None:
        generation = self._generation
        image = f"{generation.repository}@{digest}"
        self._log.starting(container=self._name, image=image, port=generation.port, shown=generation.shown)
        try:
            container = await self._host.run(
                image=image,
                name=self._name,
                environment=generation.environment,
                port=generation.port,
                binds=self._binds(),
                command=generation.command,
            )
        except RunFailed as failure:
            self._log.could_not_run(container=self._name, site=generation.site, text=failure.text)
            return None
        workload = Workload(self._host, container, self._log)
        return workload if await self._answers(workload) else None

    def _binds(self) -> list[str]:
        if not self._generation.mounts_home:
            return []
        home = self._worker.homes / self._generation.site.lower()
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o777)  # the container's users are not this machine's
        return [f"{home}:/home"]

    async def _answers(self, workload: Workload) -> bool:
        self._log.warming_up(container=self._name, site=self._generation.site)
        deadline = time.monotonic() + self._generation.start_time_limit * self._worker.second
        while not await self._pings(workload.container.port):
            exited = await self._host.exit_code(workload.container.id) is not None
            if exited or time.monotonic() > deadline:
                await workload.listen()
                self._tell_failure(exited=exited)
                return False
            await asyncio.sleep(_POLL)
        await workload.listen()
        return True

    async def _pings(self, port: int) -> bool:
        # Any answer counts, also 404: https://learn.microsoft.com/azure/app-service/reference-app-settings
        address = f"http://127.0.0.1:{port}/robots933456.txt"
        try:
            async with self._worker.session.get(address, allow_redirects=False, timeout=_PING_LIMIT):
                return True
        except (ClientError, OSError, asyncio.TimeoutError):
            return False

    def _tell_failure(self, *, exited: bool) -> None:
        generation = self._generation
        if exited:
            self._log.exited(container=self._name, site=generation.site)
        else:
            self._log.silent(
                container=self._name,
                site=generation.site,
                port=generation.port,
                seconds=generation.start_time_limit,
            )
