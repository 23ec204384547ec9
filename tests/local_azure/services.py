"""Every service of the local Azure, put together. Lives on one event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.local_azure.app_service.app_service import AppService
from tests.local_azure.app_service.container_host import ContainerHost
from tests.local_azure.app_service.functions_runtime import FunctionsRuntime
from tests.local_azure.app_service.pull_credentials import PullCredentials
from tests.local_azure.app_service.site_front import SiteFront
from tests.local_azure.app_service.site_start import Worker
from tests.local_azure.arm.acr_tasks import AcrTasks
from tests.local_azure.arm.authorization import Authorization
from tests.local_azure.arm.front import ResourceManager
from tests.local_azure.arm.identities import ManagedIdentities
from tests.local_azure.arm.image_imports import ImageImports
from tests.local_azure.arm.insights import Insights
from tests.local_azure.arm.native_container_apps import NativeContainerApps
from tests.local_azure.arm.registries import Registries
from tests.local_azure.arm.resources import Resources
from tests.local_azure.arm.settings import SiteSettings
from tests.local_azure.arm.site_containers import SiteContainers
from tests.local_azure.arm.slot_swaps import SlotSwaps
from tests.local_azure.arm.web import WebSites
from tests.local_azure.arm.web_host import WebHosts
from tests.local_azure.container_apps.environment import Environment
from tests.local_azure.container_apps.ingress import Ingress, SystemLogs
from tests.local_azure.front.reverse_proxy import upstream_session
from tests.local_azure.registries.acr import ContainerRegistries
from tests.local_azure.registries.blob_storage import BlobStorage
from tests.local_azure.registries.docker_registries import DockerRegistries
from tests.local_azure.registries.mcr import MicrosoftRegistry
from tests.local_azure.sign_in.azure_devops import AzureDevOps
from tests.local_azure.sign_in.entra import Entra
from tests.local_azure.sign_in.machine_identities import MachineIdentities
from tests.local_azure.state.state import Cloud
from tests.local_azure.tasks.engine_runner import EngineRunner
from tests.local_azure.tasks.storage import TasksStorage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tests.local_azure.arm.acr_tasks import Runner
    from tests.local_azure.arm.front import Operation
    from tests.local_azure.engine.engine import Engine
    from tests.local_azure.front.certificates import Authority
    from tests.local_azure.front.routes import Room
    from tests.local_azure.registries.registry import Registry
    from tests.local_azure.sign_in.machine_identities import Serve
    from tests.local_azure.tasks.run import TaskRun


class Services:
    """The rooms and what they share; to be made on the loop that runs them."""

    def __init__(
        self,
        *,
        authority: Authority,
        socket: Path,
        microsoft_registry: Registry,
        homes: Path,
        second: float,
        mishap: Callable[[str], None],
        serve: Serve,
        tasks_engine: Callable[[], Engine],
        tasks_environment: Mapping[str, str],
    ) -> None:
        self.cloud = Cloud()
        self._tasks_engine, self._tasks_environment = tasks_engine, tasks_environment
        self._session = upstream_session()
        self._host = ContainerHost(socket)
        self.azure_devops = AzureDevOps(self.cloud, authority.signing_key("azure-devops"))
        self.entra = Entra(self.cloud, authority.signing_key("entra"), self.azure_devops)
        self.machine_identities = MachineIdentities(self.cloud, self.entra, serve)
        self.blobs = BlobStorage(self.cloud)
        self.registries = ContainerRegistries(
            self.cloud, authority.signing_key("acr"), self.entra, self._session, self.blobs
        )
        self.tasks_storage = TasksStorage()
        self.tasks = AcrTasks(self.cloud, self.tasks_storage, self._runner())
        self.docker_registries = DockerRegistries(authority.signing_key("docker-registries"), self._session)
        self.app_service = AppService(
            worker=Worker(host=self._host, session=self._session, homes=homes, second=second, pulled=set()),
            credential=PullCredentials(self.cloud, self.registries).of,
            mishap=mishap,
            cloud=self.cloud,
        )
        self.apps_environment = Environment(self.app_service.worker, self.cloud, self.registries, mishap)
        self.rooms: Sequence[Room] = (
            self.entra,
            ResourceManager(self.cloud, self.entra, self._operations()),
            self.azure_devops,
            self.registries,
            self.blobs,
            self.tasks_storage,
            self.docker_registries,
            MicrosoftRegistry(microsoft_registry, self._session),
            SiteFront(self.cloud, self.app_service, self._session),
            Ingress(self.cloud, self._session),
            SystemLogs(self.cloud),
        )

    def _operations(self) -> list[Operation]:
        runtime = FunctionsRuntime(self.app_service, self._session)
        self.app_service.sync = runtime.sync
        rooms = (
            WebSites(self.cloud, self.app_service),
            SiteSettings(self.cloud, self.app_service),
            WebHosts(self.cloud, self.app_service, runtime),
            SiteContainers(self.cloud, self.app_service),
            SlotSwaps(self.cloud, self.app_service),
            NativeContainerApps(self.cloud, self.apps_environment),
            Resources(self.cloud),
            Registries(self.cloud),
            ImageImports(self.cloud, self.entra, self.blobs.folders),
            self.tasks,
            Authorization(self.cloud),
            ManagedIdentities(self.cloud),
            Insights(self.cloud),
        )
        return [operation for room in rooms for operation in room.operations()]

    def _runner(self) -> Runner:
        """Return what carries out the runs of ACR Tasks."""
        return EngineRunner(self._tasks_engine, self._tasks_environment, self._token_of)

    def _token_of(self, run: TaskRun) -> str:
        """Return what a run signs in with: the caller's rights where it asks for them, else those of the registry.

        A registry with permissions per repository has none of its own for a run.
        Source: https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions
        """
        identity = run.body.get("credentials", {}).get("sourceRegistry", {}).get("identity")
        if identity == "[caller]":
            return self.registries.refresh_token(run.registry, run.caller)
        own = self.cloud.add_principal("ACR Tasks")
        self.cloud.grant(own, "AcrPush", run.registry.id)
        return self.registries.refresh_token(run.registry, own)

    async def forget(self) -> None:
        """Remove every container and be an empty subscription again, with everything at its defaults."""
        await self.tasks.forget()
        await self.app_service.forget()
        await self.apps_environment.forget()
        self.cloud.forget()
        self.entra.forget()
        self.azure_devops.forget()
        self.docker_registries.forget()

    async def stop(self) -> None:
        """Remove every container and close every connection."""
        try:
            await self.tasks.forget()
            await self.app_service.forget()
            await self.apps_environment.forget()
        finally:
            await self.machine_identities.stop()
            await self._host.close()
            await self._session.close()
