"""App Service: which generation of a site serves, and which is coming up. No HTTP of Azure's here.

Every change opens a generation, which supersedes a start still under way; the container of the last one that
came up serves until a newer one answers. Source:
https://learn.microsoft.com/azure/app-service/configure-custom-container#i-dont-see-the-updated-container
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .generation import Generation, generation_of
from .site_start import Credential, Start, Worker, Workload

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from .state import Site

START_ATTEMPTS = 3
RETRY_DELAY = 10.0
"""Seconds of the platform between a start that failed and the next."""


@dataclass(kw_only=True, slots=True)
class _Runtime:
    """What the host does for one site just now."""

    generations: int = 0
    serving: Workload | None = None
    start: asyncio.Task[None] | None = None


@dataclass(kw_only=True, slots=True)
class AppService:
    """The host of all sites, with one instance of each."""

    worker: Worker
    credential: Callable[[Site], Credential]
    """Says with which credential a site pulls its image."""
    mishap: Callable[[str], None]
    """Told when the sandbox itself went wrong in the background."""
    _runtimes: dict[str, _Runtime] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def open_generation(self, site: Site) -> None:
        """Bring up what the site is configured to run now; returns at once, a start under way is given up."""
        runtime = self._runtimes.setdefault(site.id, _Runtime())
        generation = generation_of(site, runtime.generations + 1)
        if generation is None:
            return
        runtime.generations = generation.number
        superseded = runtime.start
        runtime.start = self._in_background(self._bring_up(site, runtime, generation, superseded))

    def address(self, site: Site) -> str | None:
        """Give the base URL of the container that serves the site, None while there is none."""
        runtime = self._runtimes.get(site.id)
        serving = runtime.serving if runtime else None
        return f"http://127.0.0.1:{serving.container.port}" if serving else None

    def serving(self, site: Site) -> str | None:
        """Give the name of the container that serves the site."""
        runtime = self._runtimes.get(site.id)
        return runtime.serving.container.name if runtime and runtime.serving else None

    async def settled(self, site: Site) -> None:
        """Wait until no start of the site is under way: it came up, or was given up for good."""
        runtime = self._runtimes.get(site.id)
        while runtime is not None and runtime.start is not None and not runtime.start.done():
            await asyncio.wait({runtime.start})

    async def log(self, site: Site) -> str:
        """Give the site's log with what its container printed until now; empty where nothing ever started."""
        runtime = self._runtimes.get(site.id)
        if runtime is not None and runtime.serving is not None:
            await runtime.serving.listen()
        return site.log.text

    async def forget(self) -> None:
        """Give up every start and remove every container."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        runtimes, self._runtimes = self._runtimes, {}
        serving = [runtime.serving.container.id for runtime in runtimes.values() if runtime.serving]
        await asyncio.gather(*(self.worker.host.remove(container) for container in serving))
        self.worker.pulled.clear()

    async def _bring_up(
        self,
        site: Site,
        runtime: _Runtime,
        generation: Generation,
        superseded: asyncio.Task[None] | None,
    ) -> None:
        if superseded is not None and not superseded.done():
            superseded.cancel()
            await asyncio.wait({superseded})
        for attempt in range(START_ATTEMPTS):
            if attempt:
                await asyncio.sleep(RETRY_DELAY * self.worker.second)
            workload = await Start(self.worker, generation, site.log, self.credential(site)).run()
            if workload is not None:
                self._switch(site, runtime, workload)
                return

    def _switch(self, site: Site, runtime: _Runtime, workload: Workload) -> None:
        site.log.ready(container=workload.container.name, site=site.name)
        before, runtime.serving = runtime.serving, workload
        if before is not None:
            _ = self._in_background(before.retire())

    def _in_background(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.mishap(f"App Service: {error!r}")
