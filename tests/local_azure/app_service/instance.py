"""One machine a site runs on: the container that serves there, and the one that is coming up. Lives on the loop."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from typing import TYPE_CHECKING, Protocol

from aiohttp import ClientError

from tests.local_azure.app_service.site_start import Credential, Start, Worker, Workload

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from tests.local_azure.app_service.generation import Generation
    from tests.local_azure.logs.platform_log import PlatformLog
    from tests.local_azure.state.site import Site
    from tests.local_azure.weather import Weather

START_ATTEMPTS = 3
RETRY_DELAY = 10.0
"""Seconds of the platform between a start that failed and the next."""
_LOOK_EVERY = 0.2
"""Seconds between two looks at a container that serves."""


class Platform(Protocol):
    """What an instance asks of App Service."""

    @property
    def worker(self) -> Worker:
        """The machines."""

    def in_background(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Have work done that nobody waits for."""

    async def began_to_serve(self, site: Site) -> None:
        """Do what the platform does some time after a container of the site began to serve."""

    @property
    def weather(self) -> Weather:
        """How the platform behaves."""

    @property
    def credential(self) -> Callable[[Site], Credential]:
        """Says with which credential a site pulls now."""


class Instance:
    """One instance of one site.

    A newer generation supersedes a start still under way; what served before serves until the newer one answers.
    """

    def __init__(self, platform: Platform, *, site: Site, log: PlatformLog) -> None:
        self._platform = platform
        self._site = site
        self._log = log
        self._start: asyncio.Task[None] | None = None
        self.id = secrets.token_hex(32)
        self.serving: Workload | None = None
        self.serving_since = 0.0

    @property
    def is_starting(self) -> bool:
        """Whether a start is under way."""
        return self._start is not None and not self._start.done()

    def move_to(self, site: Site, log: PlatformLog) -> None:
        """Be an instance of another site from now on, with the container that serves."""
        self._site, self._log = site, log

    def run(self, generation: Generation) -> None:
        """Bring up a generation; returns at once."""
        self._start = self._platform.in_background(self._bring_up(generation, self._start))

    def run_later(self, first: Generation, newest: Generation) -> None:
        """Bring up one generation, and when that is done (or failed) the newest."""
        self._start = self._platform.in_background(self._one_after_the_other(first, newest))

    async def settled(self) -> None:
        """Wait until no start is under way."""
        while self._start is not None and not self._start.done():
            await asyncio.wait({self._start})

    async def stop(self) -> None:
        """Give up a start and end what serves."""
        await _cancelled(self._start)
        serving, self.serving = self.serving, None
        if serving is not None:
            await serving.retire()

    async def _one_after_the_other(self, first: Generation, newest: Generation) -> None:
        await self._bring_up(first, None)
        if newest.number != first.number:
            await self._bring_up(newest, None)

    async def _bring_up(self, generation: Generation, superseded: asyncio.Task[None] | None) -> None:
        await _cancelled(superseded)
        worker = self._platform.worker
        for attempt in range(START_ATTEMPTS):
            if attempt:
                await asyncio.sleep(RETRY_DELAY * worker.second)
            credential = self._platform.credential(self._site)
            last = attempt == START_ATTEMPTS - 1
            start = Start(worker, generation, instance=self.id, log=self._log, credential=credential, last=last)
            workload = await start.run()
            if workload is not None:
                self._switch(workload)
                return

    def _switch(self, workload: Workload) -> None:
        before, self.serving = self.serving, workload
        self.serving_since = time.monotonic()
        if before is not None:
            kept = self._platform.weather.old_kept * self._platform.worker.second
            _ = self._platform.in_background(before.retire(after=kept))
        _ = self._platform.in_background(self._watch(workload))
        _ = self._platform.in_background(self._platform.began_to_serve(self._site))

    async def _watch(self, workload: Workload) -> None:
        """Start the container again when it ends by itself."""
        code = None
        while self.serving is workload and code is None:
            await asyncio.sleep(_LOOK_EVERY)
            with contextlib.suppress(ClientError):  # retired a moment ago
                code = await workload.exit_code()
        if self.serving is not workload or code is None:
            return
        self.serving = None
        await workload.listen()
        workload.tell_crash(code)
        await workload.discard()
        if not self.is_starting:
            self.run(workload.generation)


async def _cancelled(task: asyncio.Task[None] | None) -> None:
    if task is not None and not task.done():
        task.cancel()
        await asyncio.wait({task})
