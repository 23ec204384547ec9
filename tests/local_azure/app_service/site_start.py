"""One start of one generation: pull, run, wait for the first answer. Real engine, no HTTP of Azure's."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aiohttp import ClientError, ClientTimeout

from tests.local_azure.app_service.container_host import ContainerHost, PullFailed, RunFailed, RunningContainer

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp import ClientSession

    from tests.local_azure.app_service.generation import Generation
    from tests.local_azure.logs.platform_log import Launch, PlatformLog

Credential = tuple[str | None, str | None]
"""User name and password for a pull; both None for none."""

ANONYMOUS: Credential = (None, None)
_ALL_LINES = 1_000_000
_POLL, _POLL_OF_PLATFORM = 0.05, 0.5
"""Between two looks at a container that starts: seconds, and seconds of the platform where those are more."""
_PING_LIMIT = ClientTimeout(total=2.0)


class Workload:
    """A container of a site, whose output goes into the platform's log."""

    def __init__(
        self,
        host: ContainerHost,
        container: RunningContainer,
        generation: Generation,
        launch: Launch,
        log: PlatformLog,
    ) -> None:
        self._host = host
        self._launch = launch
        self._log = log
        self._told = 0
        self.container = container
        self.generation = generation

    async def exit_code(self) -> int | None:
        """Return what the container ended with; None while it runs."""
        return await self._host.exit_code(self.container.id)

    async def listen(self) -> None:
        """Take over into the log what the container printed since the last time."""
        with contextlib.suppress(ClientError):  # it may have been removed a moment ago
            output = await self._host.logs(self.container.id, tail=_ALL_LINES)
            news, self._told = output[self._told :], len(output)
            # At line feeds only: what else some take for the end of a line stays in it, as the container wrote it.
            self._log.container_said(news.removesuffix("\n").split("\n") if news else [])

    def tell_crash(self, code: int) -> None:
        """Say in the log that the container ended by itself."""
        self._log.crashed(self._launch, code)

    async def retire(self, *, after: float = 0.0) -> None:
        """End the container after so many seconds, keep what it printed, remove it."""
        try:
            await asyncio.sleep(after)
            await self._host.stop(self.container.id)
            await self.listen()
            self._log.stopped(self._launch)
        finally:  # also when the local Azure is reset meanwhile
            await asyncio.shield(self.discard())

    async def discard(self) -> None:
        """Remove the container, whatever it does."""
        await self._host.remove(self.container.id)


@dataclass(kw_only=True, slots=True)
class Worker:
    """The machines sites run on: engine, clock and what it pulled already."""

    host: ContainerHost
    session: ClientSession
    homes: Path
    """Where the platform's storage of each site lies."""
    second: float
    """How long a second of the platform takes here, in seconds."""
    pulled: set[tuple[str, str]]
    """Site and reference of every pull since the last reset: only these have a local copy to fall back on."""


class Start:
    """One attempt to bring up a generation on one instance."""

    def __init__(
        self,
        worker: Worker,
        generation: Generation,
        *,
        instance: str,
        log: PlatformLog,
        credential: Credential,
        last: bool = True,
    ) -> None:
        self._worker = worker
        self._host = worker.host
        self._generation = generation
        self._instance = instance
        self._log = log
        self._credential = credential
        self._last = last
        self._name = f"{generation.site}_{generation.number}_{secrets.token_hex(4)}"
        self._launch = generation.launch(self._name, instance)
        self._begun = time.monotonic()

    async def run(self) -> Workload | None:
        """Return the container once it answers; None where it cannot be had, the reason logged."""
        try:
            digest = await self._image()
            workload = await self._contained(digest) if digest else None
        except BaseException:  # also when a newer generation supersedes this start
            self._log.interrupted(self._launch)
            await asyncio.shield(self._host.remove(self._name))
            raise
        if workload is None:
            await self._host.remove(self._name)
            self._log.did_not_start(self._launch, last=self._last)
        return workload

    async def _image(self) -> str | None:
        """Pull with the site's credential, then perhaps without, then make do with a copy; gives the digest.

        The order is the platform's. Source: https://github.com/Azure/webapps-deploy/issues/454
        """
        reference = self._generation.image
        self._launch = replace(self._launch, known=await self._host.local_digest(reference) is not None)
        self._log.pulling(self._launch)
        again = self._log.pulls_again_without_credentials
        for username, password in dict.fromkeys([self._credential, ANONYMOUS] if again else [self._credential]):
            try:
                return await self._pull(reference, username, password)
            except PullFailed as failure:  # noqa: PERF203 - each attempt fails for itself
                self._log.pull_refused(self._launch, failure.text)
                if "failed to register layer" in failure.text:
                    break
        has_copy = again and (self._generation.site, reference) in self._worker.pulled
        copy = await self._host.local_digest(reference) if has_copy else None
        self._log.defaulting_to_local_copy(present=copy is not None)
        return copy

    async def _pull(self, reference: str, username: str | None, password: str | None) -> str:
        before = await self._host.local_digest(reference)
        begun = time.monotonic()
        digest = await self._host.pull(reference, username=username, password=password)
        self._worker.pulled.add((self._generation.site, reference))
        self._log.pulled(self._launch, digest, seconds=time.monotonic() - begun, fresh=digest != before)
        return digest

    async def _contained(self, digest: str) -> Workload | None:
        generation = self._generation
        self._log.starting(self._launch, digest)
        try:
            container = await self._host.run(
                image=f"{generation.repository}@{digest}",
                name=self._name,
                environment=generation.environment(self._instance, second=self._worker.second),
                port=generation.port,
                binds=self._binds(),
                command=generation.command,
            )
        except RunFailed as failure:
            self._log.could_not_run(self._launch, failure.text)
            return None
        workload = Workload(self._host, container, generation, self._launch, self._log)
        return workload if await self._answers(workload) else None

    def _binds(self) -> list[str]:
        if not self._generation.mounts_home:
            return []
        home = self._worker.homes / self._generation.site
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o777)  # the container's users are not this machine's
        return [f"{home}:/home"]

    async def _answers(self, workload: Workload) -> bool:
        self._log.warming_up(self._launch)
        self._begun = time.monotonic()
        deadline = self._begun + self._generation.start_time_limit * self._worker.second
        while not await self._is_warm(workload.container.port):
            code = await workload.exit_code()
            if code is not None or time.monotonic() > deadline:
                await workload.listen()
                self._tell_failure(code)
                return False
            await asyncio.sleep(max(_POLL, _POLL_OF_PLATFORM * self._worker.second))
        await workload.listen()
        self._log.ready(self._launch, seconds=self._platform_seconds())
        self._log.ready_at = time.monotonic()
        return True

    async def _is_warm(self, port: int) -> bool:
        address = f"http://127.0.0.1:{port}{self._generation.warmup_path}"
        try:
            async with self._worker.session.get(address, allow_redirects=False, timeout=_PING_LIMIT) as answer:
                return self._generation.is_warm(answer.status)
        except (ClientError, OSError, asyncio.TimeoutError):
            return False

    def _platform_seconds(self) -> float:
        return (time.monotonic() - self._begun) / self._worker.second

    def _tell_failure(self, code: int | None) -> None:
        if code is not None:
            self._log.exited(self._launch, code=code, seconds=self._platform_seconds())
        else:
            self._log.silent(self._launch, seconds=self._generation.start_time_limit)
