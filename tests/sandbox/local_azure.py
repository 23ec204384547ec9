"""A local Azure: real TLS, registries and engines under Azure's own names, met by environment alone."""

from __future__ import annotations

import uuid
from contextlib import ExitStack
from typing import TYPE_CHECKING

import requests

from .acr import ISSUER
from .base_image import base_image_storage
from .certificates import Authority
from .engine import Engine
from .faults import Faults
from .front import Call, Front
from .loop_thread import LoopThread
from .new_site import PullAccess, let_pull, new_site
from .registry import Registry, TokenAuthentication
from .services import Services
from .state import SUBSCRIPTION_ID, SUBSCRIPTION_NAME, TENANT_ID, Principal, RegistryState, Site

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType


class LocalAzure:
    """One subscription of Azure on this machine, for the time of a `with`.

    `folder` gets everything it writes, `cache` keeps the base image between runs. A second of App Service
    (start time limits, waits between attempts) takes `second` seconds here. Entering raises EngineFailed or
    RegistryFailed.
    """

    tenant_id = TENANT_ID
    subscription_id = SUBSCRIPTION_ID
    subscription_name = SUBSCRIPTION_NAME

    def __init__(self, *, folder: Path, cache: Path, second: float = 0.05) -> None:
        self._folder = folder
        self._cache = cache
        self._second = second
        self._stack = ExitStack()
        self._servers: dict[str, Registry] = {}
        self.faults = Faults()

    def __enter__(self) -> LocalAzure:  # noqa: PYI034 - Self is not in Python 3.10
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

    def _start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        storage = base_image_storage(self._cache)
        self._authority = Authority(self._folder)
        self._loop = LoopThread()
        self._stack.callback(self._loop.stop)
        self._front = Front(self.faults)
        self._stack.callback(lambda: self._loop.run(self._front.stop()))
        self._loop.run(self._front.start(self._authority.server_context()))
        self.environment = self._client_environment()
        self.agent_engine = self._spawned("agent", remapped_users=False)
        self.host_engine = self._spawned("host", remapped_users=True)
        microsoft_registry = self._started(
            Registry(name="mcr", folder=self._folder / "registries" / "mcr", storage=storage),
        )
        self._services = self._loop.call(lambda: self._new_services(microsoft_registry))
        self._stack.callback(lambda: self._loop.run(self._services.stop()))
        self._front.rooms = self._services.rooms
        self.agent_engine.wait_ready()
        self.host_engine.wait_ready()

    def _client_environment(self) -> dict[str, str]:
        proxy = f"http://127.0.0.1:{self._front.proxy.port}"
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

    def _spawned(self, name: str, *, remapped_users: bool) -> Engine:
        engine = Engine(
            name=name,
            folder=self._folder / name,
            environment=self.environment,
            remapped_users=remapped_users,
        )
        self._stack.callback(engine.stop)
        engine.spawn()
        return engine

    def _started(self, registry: Registry) -> Registry:
        self._stack.callback(registry.stop)
        registry.start()
        return registry

    def _new_services(self, microsoft_registry: Registry) -> Services:
        return Services(
            authority=self._authority,
            socket=self.host_engine.socket,
            microsoft_registry=microsoft_registry,
            homes=self._folder / "homes",
            second=self._second,
            mishap=self._front.unexpected.append,
        )

    # What exists

    def add_principal(
        self,
        name: str,
        *,
        secret: str | None = None,
        federated_subject: str | None = None,
        service_connection_id: str | None = None,
        roles: Mapping[str, str] | None = None,
    ) -> Principal:
        """Register an application; `roles` are role names by scope (a resource id).

        With a `federated_subject` it trusts assertions with that subject, which Azure DevOps hands to jobs
        for the service connection `service_connection_id` (a GUID, made up where not given). Raises KeyError
        for a role the local Azure does not know.
        """
        connection = service_connection_id or (str(uuid.uuid4()) if federated_subject else None)

        def add() -> Principal:
            cloud = self._services.cloud
            principal = cloud.add_principal(
                name,
                secret=secret,
                federated_subject=federated_subject,
                service_connection_id=connection and connection.lower(),
            )
            for scope, role in (roles or {}).items():
                cloud.grant(principal, role, scope)
            return principal

        return self._loop.call(add)

    def grant(self, principal: Principal, role: str, scope: str) -> None:
        """Assign one more role; raises KeyError for a role the local Azure does not know."""
        self._loop.call(lambda: self._services.cloud.grant(principal, role, scope))

    def add_registry(
        self,
        name: str = "contoso",
        *,
        resource_group: str = "rg-shared",
        admin_user_enabled: bool = False,
    ) -> RegistryState:
        """Create a container registry with a real one behind it; raises RegistryFailed.

        What was pushed to that name before a `reset` is still there.
        """
        registry = RegistryState(name=name, resource_group=resource_group, admin_user_enabled=admin_user_enabled)
        server = registry.login_server
        if server not in self._servers:
            self._servers[server] = self._started(self._registry_server(server))

        def add() -> RegistryState:
            self._services.registries.servers[server] = self._servers[server].url
            return self._services.cloud.registries.setdefault(name.lower(), registry)

        return self._loop.call(add)

    def _registry_server(self, login_server: str) -> Registry:
        tokens = TokenAuthentication(
            realm=f"https://{login_server}/oauth2/token",
            service=login_server,
            issuer=ISSUER,
            certificates=self._authority.bundle,
        )
        return Registry(name=login_server, folder=self._folder / "registries" / login_server, tokens=tokens)

    def add_app(
        self,
        name: str,
        *,
        resource_group: str = "rg-func",
        pull: PullAccess | None = "managed_identity",
        registry: RegistryState | None = None,
        settings: Mapping[str, str | None] | None = None,
        image: str | None = None,
    ) -> Site:
        """Create a Linux container Function App, and with an `image` wait until it runs or was given up.

        It may pull from `registry` (else the one of `image`, else the first there is) in the way `pull` says.
        `settings` come on top of the usual ones (`new_site.SETTINGS`); None takes one away.
        """

        def add() -> Site:
            services = self._services
            site = new_site(
                services.cloud,
                name=name,
                resource_group=resource_group,
                settings=settings or {},
                image=image,
            )
            let_pull(services.cloud, site, pull, registry)
            services.app_service.open_generation(site)
            return site

        site = self._loop.call(add)
        self.settle(site)
        return site

    def reset(self) -> None:
        """Forget all that exists, the scripted faults and the record; engines and registries run on."""
        self.faults.forget()
        self._loop.run(self._services.forget(), timeout=30)
        self._loop.call(self._front.forget)

    # What happened

    @property
    def calls(self) -> list[Call]:
        """Every call that reached the front, oldest first."""
        return list(self._front.calls)

    @property
    def unexpected(self) -> list[str]:
        """Calls the local Azure does not serve, and its own mishaps; the live list, for a test to clear."""
        return self._front.unexpected

    @property
    def assertions_used(self) -> list[str]:
        """Every federated assertion presented to Entra, oldest first."""
        return list(self._services.entra.assertions_used)

    def log(self, site: Site) -> str:
        """Give the platform's log of a site, with what its container printed."""
        return self._loop.run(self._services.app_service.log(site))

    def serving(self, site: Site) -> str | None:
        """Give the name of the container that serves a site, None while there is none."""
        return self._loop.call(lambda: self._services.app_service.serving(site))

    def settle(self, site: Site, *, timeout: float = 120.0) -> None:
        """Wait until a site's container came up or was given up for good; raises TimeoutError."""
        self._loop.run(self._services.app_service.settled(site), timeout=timeout)

    # What a job has

    @property
    def job_access_token(self) -> str:
        """The System.AccessToken that Azure DevOps takes from a job."""
        return self._services.azure_devops.job_access_token

    def set_lifetimes(self, *, token: int | None = None, assertion: int | None = None) -> None:
        """Have new access tokens or assertions live that many seconds; negative hands out expired ones."""
        if token is not None:
            self._services.entra.token_lifetime = token
        if assertion is not None:
            self._services.azure_devops.assertion_lifetime = assertion

    def token(self, principal: Principal, audience: str = "https://management.azure.com") -> str:
        """Give an access token of Entra's for a principal."""
        return self._loop.call(lambda: self._services.entra.mint(principal, audience))

    def get(self, url: str) -> tuple[int, str]:
        """Give status and body of a GET through the front, as curl would see it."""
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(
                url,
                proxies={"https": self.environment["HTTPS_PROXY"]},
                verify=str(self._authority.bundle),
                timeout=30,
            )
        return answer.status_code, answer.text
