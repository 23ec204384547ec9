"""With which credential App Service pulls a site's image. Rules over `Cloud`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .acr import TOKEN_USER, ContainerRegistries
from .site_start import ANONYMOUS, Credential

if TYPE_CHECKING:
    from .state import Cloud, Site


class PullCredentials:
    """The managed identity where the site says so, else the registry settings, else none.

    Source: https://learn.microsoft.com/azure/app-service/configure-custom-container#use-an-image-from-a-private-registry
    """

    def __init__(self, cloud: Cloud, registries: ContainerRegistries) -> None:
        self._cloud = cloud
        self._registries = registries

    def of(self, site: Site) -> Credential:
        """Give user name and password; whether they are good for anything is for the registry to say."""
        host = (site.image or "").partition("/")[0]
        if site.config["acrUseManagedIdentityCreds"]:
            return self._by_identity(site, host)
        server = site.settings.get("DOCKER_REGISTRY_SERVER_URL", "")
        if server.removeprefix("https://").rstrip("/").lower() == host.lower():
            username = site.settings.get("DOCKER_REGISTRY_SERVER_USERNAME", "")
            return username, site.settings.get("DOCKER_REGISTRY_SERVER_PASSWORD", "")
        return ANONYMOUS

    def _by_identity(self, site: Site, host: str) -> Credential:
        registry = self._cloud.registry_at(host)
        if site.identity is None or registry is None:
            return ANONYMOUS
        return TOKEN_USER, self._registries.refresh_token(registry, site.identity)
