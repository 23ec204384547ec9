"""What the local Azure stands on: engines, registries, certificates and the front, started and always stopped."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, ClassVar, TypeVar

import requests

from tests.local_azure.engine.base_image import base_image_storage
from tests.local_azure.engine.engine import Engine
from tests.local_azure.faults import Faults
from tests.local_azure.front.certificates import Authority
from tests.local_azure.front.front import Front, Origin
from tests.local_azure.front.loop_thread import LoopThread
from tests.local_azure.registries.acr import ISSUER
from tests.local_azure.registries.docker_registries import ISSUER as DOCKER_ISSUER
from tests.local_azure.registries.docker_registries import PASSWORD_FILE
from tests.local_azure.registries.registry import Registry, TokenAuthentication
from tests.local_azure.services import Services

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from tests.local_azure.front.connect_proxy import ConnectProxy
    from tests.local_azure.registries.docker_registries import DockerRegistry

Entered = TypeVar("Entered", bound="Machinery")


class Machinery:
    """The processes and ports, for the time of a `with`. Entering raises EngineFailed or RegistryFailed."""

    services: ClassVar[type[Services]] = Services
    """What answers; an Azure that answers more has another one."""

    def __init__(self, *, folder: Path, cache: Path, second: float) -> None:
        self._folder = folder
        self._cache = cache
        self._second = second
        self._stack = ExitStack()
        self._servers: dict[str, Registry] = {}
        self._tasks_engine: Engine | None = None
        self._tasks_lock = threading.Lock()
        self.faults = Faults()

    def __enter__(self: Entered) -> Entered:  # noqa: PYI019 - Self is not in Python 3.10
        """Start everything; what was started is stopped again when something does not start."""
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop everything."""
        self.close()

    def close(self) -> None:
        """Stop everything that was started; may be called again."""
        self._stack.close()

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Return status and body of a GET through the front, as curl would see it; redirects are not followed."""
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(
                url,
                headers=dict(headers or {}),
                proxies={"https": self.environment["HTTPS_PROXY"]},
                verify=str(self._authority.bundle),
                timeout=30,
                allow_redirects=False,
            )
        return answer.status_code, answer.text

    @contextmanager
    def front_proxy(self, context: ssl.SSLContext, address: str) -> Iterator[ConnectProxy]:
        """Return a further proxy to everything here, on an address of this machine, with certificates of its own."""
        proxy = self._loop.run(self._front.add_proxy(context, address))
        try:
            yield proxy
        finally:
            self._loop.run(proxy.stop())

    def _start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._prepare()
        self._authority = Authority(self._folder)
        self._loop = LoopThread()
        self._stack.callback(self._loop.stop)
        self._front = Front(self.faults)
        self._stack.callback(lambda: self._loop.run(self._front.stop()))
        self._loop.run(self._front.start(self._authority.server_context()))
        self.environment = self._client_environment("agent")
        self._spawn()
        self._services = self._loop.call(self._new_services)
        self._stack.callback(lambda: self._loop.run(self._services.stop()))
        self._loop.run(self._services.machine_identities.start())
        self._front.rooms = self._services.rooms
        self._wait_ready()

    def _prepare(self) -> None:
        """Make what is kept between runs."""
        self._base_images = base_image_storage(self._cache)

    def _spawn(self) -> None:
        """Start what runs beside this process."""
        self.agent_engine = self._spawned("agent", "agent", remapped_users=False)
        self.host_engine = self._spawned("host", "app", remapped_users=True)
        folder = self._folder / "registries" / "mcr"
        self._microsoft_registry = self._started(Registry(name="mcr", folder=folder, storage=self._base_images))

    def tasks_engine(self) -> Engine:
        """Return the engine of ACR Tasks, which is started on the first call."""
        with self._tasks_lock:
            if self._tasks_engine is None:
                self._tasks_engine = self._spawned("tasks", "tasks", remapped_users=False)
                self._tasks_engine.wait_ready()
            return self._tasks_engine

    def _wait_ready(self) -> None:
        self.agent_engine.wait_ready()
        self.host_engine.wait_ready()

    def _client_environment(self, origin: Origin) -> dict[str, str]:
        proxy = f"http://127.0.0.1:{self._front.proxies[origin].port}"
        bundle = str(self._authority.bundle)
        trusted = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
        direct = "localhost,127.0.0.1"
        return {
            "HTTPS_PROXY": proxy,
            "https_proxy": proxy,
            "NO_PROXY": direct,
            "no_proxy": direct,
            "SSL_CERT_DIR": str(self._authority.bundle.parent / "no-certificates"),
        } | dict.fromkeys(trusted, bundle)

    def _spawned(self, name: str, origin: Origin, *, remapped_users: bool) -> Engine:
        engine = Engine(
            name=name,
            folder=self._folder / name,
            environment=self._client_environment(origin),
            remapped_users=remapped_users,
        )
        self._stack.callback(engine.stop)
        engine.spawn()
        return engine

    def _started(self, registry: Registry) -> Registry:
        self._stack.callback(registry.stop)
        registry.start()
        return registry

    def _registry_server(self, login_server: str) -> Registry:
        """Return the real registry behind a login server, started on the first call; raises RegistryFailed."""
        if login_server not in self._servers:
            tokens = TokenAuthentication(
                realm=f"https://{login_server}/oauth2/token",
                service=login_server,
                issuer=ISSUER,
                certificates=self._authority.bundle,
            )
            folder, storage = self._folder / "registries" / login_server, self._registry_storage(login_server)
            registry = Registry(name=login_server, folder=folder, storage=storage, tokens=tokens)
            self._servers[login_server] = self._started(registry)
        return self._servers[login_server]

    def _docker_registry_server(self, registry: DockerRegistry) -> Registry:
        """Return the real registry behind one that is not Azure's, started on the first call."""
        host = registry.answers_at
        if host not in self._servers:
            tokens = TokenAuthentication(
                realm=registry.realm,
                service=registry.service,
                issuer=DOCKER_ISSUER,
                certificates=self._authority.bundle,
            )
            self._servers[host] = self._started(
                Registry(
                    name=host,
                    folder=self._folder / "registries" / host,
                    storage=self._registry_storage(host),
                    tokens=tokens if registry.realm else None,
                    passwords="" if registry.realm else PASSWORD_FILE,
                )
            )
        return self._servers[host]

    def _registry_storage(self, login_server: str) -> Path:
        return self._folder / "registries" / login_server / "storage"

    def _new_services(self) -> Services:
        return self.services(
            authority=self._authority,
            socket=self.host_engine.socket,
            microsoft_registry=self._microsoft_registry,
            homes=self._folder / "homes",
            second=self._second,
            mishap=self._front.unexpected.append,
            serve=self._front.serve,
            tasks_engine=self.tasks_engine,
            tasks_environment=self._client_environment("tasks"),
        )
