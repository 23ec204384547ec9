"""Every service of the local Azure, put together. Lives on one event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .acr import ContainerRegistries
from .app_service import AppService
from .arm import ResourceManager
from .arm_authorization import Authorization
from .arm_identities import ManagedIdentities
from .arm_insights import Insights
from .arm_registries import Registries
from .arm_resources import Resources
from .arm_settings import SiteSettings
from .arm_site_containers import SiteContainers
from .arm_web import WebSites
from .arm_web_host import WebHosts
from .azure_devops import AzureDevOps
from .blob_storage import BlobStorage
from .container_host import ContainerHost
from .docker_registries import DockerRegistries
from .entra import Entra
from .functions_runtime import FunctionsRuntime
from .machine_identities import MachineIdentities
from .mcr import MicrosoftRegistry
from .pull_credentials import PullCredentials
from .reverse_proxy import upstream_session
from .site_front import SiteFront
from .site_start import Worker
from .state import Cloud

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from .arm import Operation
    from .certificates import Authority
    from .faults import Faults
    from .registry import Registry
    from .routes import Room


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
        faults: Faults,
    ) -> None:
        self.cloud = Cloud()
        self._session = upstream_session()
        self._host = ContainerHost(socket)
        self.azure_devops = AzureDevOps(self.cloud, authority.signing_key("azure-devops"))
        self.entra = Entra(self.cloud, authority.signing_key("entra"), self.azure_devops)
        self.machine_identities = MachineIdentities(self.cloud, self.entra, faults, mishap)
        self.blobs = BlobStorage(self.cloud)
        self.registries = ContainerRegistries(
            self.cloud, authority.signing_key("acr"), self.entra, self._session, self.blobs
        )
        self.docker_registries = DockerRegistries(authority.signing_key("docker-registries"), self._session)
        self.app_service = AppService(
            worker=Worker(host=self._host, session=self._session, homes=homes, second=second, pulled=set()),
            credential=PullCredentials(self.cloud, self.registries).of,
            mishap=mishap,
            cloud=self.cloud,
        )
        self.rooms: Sequence[Room] = (
            self.entra,
            ResourceManager(self.cloud, self.entra, self._operations()),
            self.azure_devops,
            self.registries,
            self.blobs,
            self.docker_registries,
            MicrosoftRegistry(microsoft_registry, self._session),
            SiteFront(self.cloud, self.app_service, self._session),
        )

    def _operations(self) -> list[Operation]:
        runtime = FunctionsRuntime(self.app_service, self._session)
        self.app_service.sync = runtime.sync
        rooms = (
            WebSites(self.cloud, self.app_service),
            SiteSettings(self.cloud, self.app_service),
            WebHosts(self.cloud, self.app_service, runtime),
            SiteContainers(self.cloud, self.app_service),
            Resources(self.cloud),
            Registries(self.cloud),
            Authorization(self.cloud),
            ManagedIdentities(self.cloud),
            Insights(self.cloud),
        )
        return [operation for room in rooms for operation in room.operations()]

    async def forget(self) -> None:
        """Remove every container and be an empty subscription again, with everything at its defaults."""
        await self.app_service.forget()
        self.cloud.forget()
        self.entra.forget()
        self.azure_devops.forget()
        self.docker_registries.forget()

    async def stop(self) -> None:
        """Remove every container and close every connection."""
        try:
            await self.app_service.forget()
        finally:
            await self.machine_identities.stop()
            await self._host.close()
            await self._session.close()
