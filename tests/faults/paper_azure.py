"""The local Azure without engines: real fronts, rooms and registries; only containers are `PaperHost`'s."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from aiohttp import web

from tests.faults.paper_container_apps import PaperContainerApps
from tests.faults.paper_host import AN_HOUR, PaperHost
from tests.faults.paper_tasks import PaperRunner
from tests.faults.stored import Store
from tests.local_azure.azure import LocalAzure
from tests.local_azure.logs.classic_log import ClassicLog
from tests.local_azure.logs.log_lines import LogClock
from tests.local_azure.registries.docker_registries import PASSWORD, USER
from tests.local_azure.registries.registry import Registry
from tests.local_azure.services import Services
from tests.local_azure.weather import Weather

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.container_app_state import ContainerAppState
    from tests.local_azure.arm.acr_tasks import Runner
    from tests.local_azure.arm.front import Operation
    from tests.local_azure.registries.docker_registries import DockerRegistry
    from tests.local_azure.state.principal import Principal
    from tests.local_azure.state.site import Site
    from tests.local_azure.tasks.run import TaskRun

ELSEWHERE = "elsewhere.azurewebsites.net"
"""A host of somebody else's, with a certificate that everybody here trusts."""
SECOND = 0.01
"""How long a second of the platform takes."""
QUICK = Weather(host_wakes=0.5, functions_cached=20.0, slow_write=0.5, old_kept=5.0, run_queued=0.05)


class Elsewhere:
    """Somebody else's host; it keeps all that it is sent, and gives whatever a caller might want."""

    def __init__(self) -> None:
        self.got: list[str] = []
        """Each request as text."""

    def serves(self, host: str) -> bool:
        """Answer under its one name."""
        return host == ELSEWHERE

    async def answer(self, request: web.Request, host: str) -> web.StreamResponse:
        """Keep the request."""
        headers = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
        body = (await request.read()).decode(errors="replace")
        self.got.append(f"{request.method} https://{host}{request.path_qs}\n{headers}\n\n{body}")
        given = dict.fromkeys(("access_token", "refresh_token", "oidcToken"), "of-elsewhere")
        return web.json_response({**given, "properties": {}, "value": [], "expires_in": 3600})

    async def refuse(self, request: web.Request, status: int) -> web.Response:
        """Return that status."""
        del request
        return web.Response(status=status)


@dataclass(frozen=True)
class NoEngine:
    """Where an agent's Docker would be."""

    url: str = "unix:///nonexistent/docker.sock"


@dataclass(frozen=True)
class _Scripted:
    """Carries runs out as a test says."""

    carry_out: Callable[[TaskRun], None]


class PaperServices(Services):
    """The rooms, with a host of containers that has none."""

    def __init__(self, **parts: Any) -> None:  # noqa: ANN401 - handed on as they are
        super().__init__(**parts)
        self.elsewhere = Elsewhere()
        self.rooms = (*self.rooms, self.elsewhere, self.paper_container_apps)
        self.host = PaperHost(digest_of=self._digest_of, lets_pull=self._lets_pull)
        self.app_service.worker.host = self.host  # type: ignore[assignment] # as far as anybody asks it

    def _operations(self) -> list[Operation]:
        """Return those of all rooms; Container Apps have apps here."""
        self.paper_container_apps = PaperContainerApps(self.cloud, self.registries, self._digest_of)
        return [*self.paper_container_apps.operations(), *super()._operations()]

    def _runner(self) -> Runner:
        self.usual_runner = PaperRunner(lambda host: Store(self.blobs.folders[host]))
        return self.usual_runner

    async def forget(self) -> None:
        """Be an empty subscription again."""
        self.paper_container_apps.apps.clear()
        await super().forget()

    def _lets_pull(self, host: str, repository: str, user: str | None, password: str | None) -> bool:
        for one in self.docker_registries.registries.values():
            if one.host == host:
                return repository in one.public or (user, password) == (USER, PASSWORD)
        return self.registries.lets_pull(host, repository, user, password)

    def _digest_of(self, host: str, repository: str, name: str) -> str | None:
        if name.startswith("sha256:"):
            return name
        return Store(self.blobs.folders[host]).tags(repository).get(name)


@dataclass
class _AnHourAgo:
    """The clock of a platform's log: at first it is an hour slow, so that no line of then is taken for one of now."""

    slow: timedelta = field(default=timedelta(seconds=AN_HOUR))

    def now(self) -> datetime:
        return datetime.now(timezone.utc) - self.slow


class PaperAzure(LocalAzure):
    """The local Azure for thousands of runs."""

    services: ClassVar[type[Services]] = PaperServices
    _services: PaperServices

    def __init__(self, folder: Path) -> None:
        super().__init__(folder=folder, cache=Path("/nonexistent"), second=SECOND)

    @property
    def host(self) -> PaperHost:
        """What runs the containers."""
        return self._services.host

    @property
    def elsewhere(self) -> Elsewhere:
        """Somebody else's host."""
        return self._services.elsewhere

    def play_runs(self, script: Callable[[TaskRun], None] | None) -> None:
        """Have runs of ACR Tasks carried out in another way; with None as usual."""
        self._services.tasks.runner = _Scripted(script) if script else self._services.usual_runner

    def carry_out(self, run: TaskRun) -> None:
        """Carry a run out as usual."""
        self._services.usual_runner.carry_out(run)

    def principals(self) -> list[Principal]:
        """Return everybody, in the order in which they came."""
        return self._loop.call(lambda: list(self._services.cloud.principals))

    def crash_where(self, crashes: Callable[[str], bool]) -> None:
        """Say of which image's digest a container exits at once."""
        self.host.crashes = self._services.paper_container_apps.crashes = crashes

    def add_paper_container_app(self, name: str, image: str, **options: Any) -> ContainerAppState:  # noqa: ANN401 - those of `add`
        """Create a Functions app on Container Apps that has run an image for an hour."""
        return self._loop.call(lambda: self._services.paper_container_apps.add(name, image, **options))

    def store(self, login_server: str) -> Store:
        """Return a registry's storage."""
        return Store(self._registry_storage(login_server))

    def add_docker_registry(self, registry: DockerRegistry) -> DockerRegistry:
        """Have a registry that is not Azure's, from which apps may pull."""
        self._services.blobs.folders[registry.host] = self._registry_storage(registry.answers_at)
        return super().add_docker_registry(registry)

    def stores(self) -> dict[str, str]:
        """Return the folders with the images of all registries, by the host in references."""
        folders = {host: str(self._registry_storage(host)) for host in self._servers}
        return folders | {"docker.io": str(self._registry_storage("registry-1.docker.io"))}

    def forget_images(self) -> None:
        """Empty every registry."""
        for folder in self.stores().values():
            shutil.rmtree(Path(folder) / "docker/registry/v2/repositories", ignore_errors=True)

    def add_running_app(self, name: str, image: str, **options: Any) -> Site:  # noqa: ANN401 - those of `add_app`
        """Create an app that has run an image for an hour."""
        return self._run(self.add_app(name, image=None, **options), image)

    def add_running_slot(self, app: Site, image: str, **options: Any) -> Site:  # noqa: ANN401 - those of `add_slot`
        """Create a slot that has run an image for an hour."""
        return self._run(self.add_slot(app, image=None, **options), image)

    def _run(self, site: Site, image: str) -> Site:
        clock = _AnHourAgo()
        site.log = ClassicLog(name="steady", second=SECOND, clock=LogClock(now=clock.now))
        site.config["linuxFxVersion"] = f"DOCKER|{image}"
        self.host.age = AN_HOUR
        self.start_app(site)
        self.host.age, clock.slow = 0.0, timedelta()
        return site

    def running(self, site: Site) -> str:
        """Return the digest of the image that serves a site; empty where nothing does."""
        name = self.serving(site)
        return self.host.image_of(name) if name else ""

    def apps(self) -> list[Site]:
        """Return every app, without its slots."""
        return self._loop.call(lambda: list(self._services.cloud.sites.values()))

    def all_assignments(self) -> list[tuple[str, str, str]]:
        """Return every role that somebody has: whose, which, and where, in lower case."""
        found = self._loop.call(lambda: list(self._services.cloud.assignments))
        return sorted((one.principal_id, one.role, one.scope.lower()) for one in found)

    def _prepare(self) -> None:
        """Make nothing: there are no base images."""

    def _spawn(self) -> None:
        self.agent_engine = NoEngine()  # type: ignore[assignment] # as far as anybody asks it
        self._microsoft_registry = Registry(name="mcr", folder=self._folder / "mcr")

    def _wait_ready(self) -> None:
        """Wait for nothing."""

    def _new_services(self) -> Services:
        return PaperServices(
            authority=self._authority,
            socket=self._folder / "no-engine",
            microsoft_registry=self._microsoft_registry,
            homes=self._folder / "homes",
            second=self._second,
            mishap=self._front.unexpected.append,
            serve=self._front.serve,
            tasks_engine=self.tasks_engine,
            tasks_environment={},
        )
