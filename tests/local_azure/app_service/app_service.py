"""App Service: which containers of a site serve, on how many instances. No HTTP of Azure's here.

Every change opens a generation, which supersedes a start still under way; the container of the last one that
came up serves until a newer one answers, on each instance for itself. Source:
https://learn.microsoft.com/azure/app-service/configure-custom-container#i-dont-see-the-updated-container
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.local_azure.app_service.generation import Generation, generation_of
from tests.local_azure.app_service.instance import Instance

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from tests.local_azure.app_service.site_start import Credential, Worker, Workload
    from tests.local_azure.state.function_keys import FunctionKeys
    from tests.local_azure.state.site import Site
    from tests.local_azure.state.state import Cloud
    from tests.local_azure.weather import Weather


@dataclass(kw_only=True, slots=True)
class _Runtime:
    """What the host does for one site just now."""

    site: Site
    generation: Generation | None = None
    """The newest."""
    generations: int = 0
    instances: list[Instance] = field(default_factory=list)
    asked: int = 0
    """Counts requests, which the instances answer in turn."""

    @property
    def serving(self) -> list[Workload]:
        """The containers that answer."""
        return [instance.serving for instance in self.instances if instance.serving]


async def _nothing(_site: Site) -> None:
    """Do nothing."""


@dataclass(kw_only=True, slots=True)
class AppService:
    """The host of all sites."""

    worker: Worker
    credential: Callable[[Site], Credential]
    """Says with which credential a site pulls its image."""
    mishap: Callable[[str], None]
    """Told when the local Azure itself went wrong in the background."""
    cloud: Cloud
    """Whose sites these are, with what lies in its key vaults, and its weather."""
    sync: Callable[[Site], Coroutine[None, None, None]] = _nothing
    """Has ARM keep what the site's host lists now."""
    _runtimes: dict[str, _Runtime] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def weather(self) -> Weather:
        """How the platform behaves at present."""
        return self.cloud.weather

    async def write_slowly(self) -> None:
        """Take the time that a change of a site takes; what it changes is under way by then."""
        await asyncio.sleep(self.weather.slow_write * self.worker.second)

    async def began_to_serve(self, site: Site) -> None:
        """Have the host of a new container sync its triggers, as it does by itself after a while."""
        await asyncio.sleep(self.weather.functions_cached * self.worker.second)
        await self.sync(site)

    def open_generation(self, site: Site, *, keys: FunctionKeys | None = None) -> None:
        """Bring up what the site is configured to run now; returns at once. Of a stopped site nothing starts.

        A slot that is about to be swapped starts with production's `keys`.
        """
        runtime = self._runtimes.setdefault(site.id, _Runtime(site=site))
        generation = generation_of(site, runtime.generations + 1, self.cloud.secrets, keys=keys)
        if generation is None or site.state == "Stopped":
            return
        runtime.generation, runtime.generations = generation, generation.number
        while len(runtime.instances) < site.instances:
            self._add_instance(runtime)
        for instance in runtime.instances:
            instance.run(generation)

    def scale_out(self, site: Site) -> str:
        """Start one more instance with what serves now, also while a newer generation is on its way; gives its id.

        The newer one follows on it. Raises LookupError where nothing serves.
        """
        runtime = self._runtimes[site.id]
        if runtime.generation is None or not runtime.serving:
            raise LookupError(f"nothing serves {site.runtime_name}")
        instance = self._add_instance(runtime)
        instance.run_later(runtime.serving[0].generation, runtime.generation)
        return instance.id

    def is_up(self, site: Site) -> bool:
        """Say whether every instance serves what the site is configured to run now."""
        runtime = self._runtimes.get(site.id)
        if runtime is None or runtime.generation is None:
            return False
        newest = runtime.generation.number
        return all(one.serving and one.serving.generation.number == newest for one in runtime.instances)

    def exchange(self, one: Site, other: Site) -> None:
        """Have the instances of two sites change places, as they are."""
        runtimes = [self._runtimes.pop(site.id, _Runtime(site=site)) for site in (one, other)]
        for site, runtime in zip((other, one), runtimes, strict=True):
            runtime.site = site
            for number, instance in enumerate(runtime.instances):
                instance.move_to(site, site.log.another(site.name) if number else site.log)
            self._runtimes[site.id] = runtime

    async def stop(self, site: Site) -> None:
        """End every container of the site."""
        runtime = self._runtimes.pop(site.id, None)
        if runtime is not None:
            await asyncio.gather(*(instance.stop() for instance in runtime.instances))

    def address(self, site: Site) -> str | None:
        """Return the base URL of the container whose turn it is to answer, None while there is none."""
        answering = self.answering(site)
        return f"http://127.0.0.1:{answering.serving.container.port}" if answering and answering.serving else None

    def answering(self, site: Site) -> Instance | None:
        """Return the instance whose turn it is to answer, None while none serves."""
        runtime = self._runtimes.get(site.id)
        serving = [one for one in runtime.instances if one.serving] if runtime else []
        if runtime is None or not serving:
            return None
        runtime.asked += 1
        return serving[runtime.asked % len(serving)]

    def awake(self, site: Site, *, after: float) -> bool:
        """Say whether every instance that serves has done so for that many seconds, and one does."""
        serving = [one for one in self.instances(site) if one.serving]
        return bool(serving) and all(time.monotonic() - one.serving_since >= after for one in serving)

    def containers(self, site: Site) -> list[str]:
        """Return the names of the containers that serve the site."""
        runtime = self._runtimes.get(site.id)
        return [one.container.name for one in runtime.serving] if runtime else []

    def addresses(self, site: Site) -> list[str]:
        """Return the base URL of every container that serves the site."""
        runtime = self._runtimes.get(site.id)
        return [f"http://127.0.0.1:{one.container.port}" for one in runtime.serving] if runtime else []

    def instances(self, site: Site) -> list[Instance]:
        """Return the instances of the site."""
        runtime = self._runtimes.get(site.id)
        return list(runtime.instances) if runtime else []

    async def settled(self, site: Site) -> None:
        """Wait until no start of the site is under way: it came up, or was given up for good."""
        while starting := [one for one in self.instances(site) if one.is_starting]:
            await asyncio.gather(*(instance.settled() for instance in starting))

    async def log(self, site: Site) -> str:
        """Return the site's log with what its container printed until now; empty where nothing ever started."""
        instances = self.instances(site)
        if instances and instances[0].serving is not None:
            await instances[0].serving.listen()
        return site.log.text

    async def forget(self) -> None:
        """Give up every start and remove every container."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        runtimes, self._runtimes = self._runtimes, {}
        serving = [workload for runtime in runtimes.values() for workload in runtime.serving]
        await asyncio.gather(*(workload.discard() for workload in serving))
        self.worker.pulled.clear()

    def in_background(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Have work done that nobody waits for; what goes wrong is told to `mishap`."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _add_instance(self, runtime: _Runtime) -> Instance:
        # Only the first instance's starts are in the log that ARM hands out; those of a scale-out are not:
        # https://github.com/kosli-dev/cli/blob/main/internal/azure/azure_apps.go
        site = runtime.site
        log = site.log.another(site.name) if runtime.instances else site.log
        instance = Instance(self, site=site, log=log)
        runtime.instances.append(instance)
        return instance

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.mishap(f"App Service: {error!r}")
