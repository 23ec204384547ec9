"""With which credential App Service pulls a site's image. Rules over `Cloud`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.local_azure.app_service.key_vault import resolved
from tests.local_azure.app_service.site_start import ANONYMOUS, Credential
from tests.local_azure.registries.acr import TOKEN_USER, ContainerRegistries

if TYPE_CHECKING:
    from tests.local_azure.state.principal import Principal
    from tests.local_azure.state.site import Site
    from tests.local_azure.state.state import Cloud


class PullCredentials:
    """The managed identity where the site says so, else the registry settings, else none.

    Source: https://learn.microsoft.com/azure/app-service/configure-custom-container#use-an-image-from-a-private-registry
    """

    def __init__(self, cloud: Cloud, registries: ContainerRegistries) -> None:
        self._cloud = cloud
        self._registries = registries

    def of(self, site: Site) -> Credential:
        """Return user name and password; whether they are good for anything is for the registry to say."""
        host = (site.image or "").partition("/")[0]
        main = site.main_container
        if main is not None:
            return self._of_container(site, main, host)
        if site.config["acrUseManagedIdentityCreds"]:
            return self._by_identity(_identity(site, site.config["acrUserManagedIdentityID"] or ""), host)
        settings = resolved(site.settings, self._cloud.secrets)
        server = settings.get("DOCKER_REGISTRY_SERVER_URL", "")
        if _host(server) == host.lower():
            username = settings.get("DOCKER_REGISTRY_SERVER_USERNAME", "")
            return username, settings.get("DOCKER_REGISTRY_SERVER_PASSWORD", "")
        return ANONYMOUS

    def _of_container(self, site: Site, container: dict[str, str], host: str) -> Credential:
        # https://learn.microsoft.com/rest/api/appservice/web-apps/get-site-container#authtype
        if container.get("authType") == "SystemIdentity":
            return self._by_identity(site.identity, host)
        if container.get("authType") == "UserAssigned":
            return self._by_identity(_identity(site, container.get("userManagedIdentityClientId", "")), host)
        if container.get("authType") == "UserCredentials":
            return container.get("userName", ""), container.get("passwordSecret", "")
        return ANONYMOUS

    def _by_identity(self, identity: Principal | None, host: str) -> Credential:
        registry = self._cloud.registry_at(host)
        if identity is None or registry is None:
            return ANONYMOUS
        return TOKEN_USER, self._registries.refresh_token(registry, identity)


def _host(server: str) -> str:
    """Return the host that a setting names; Docker Hub is `https://index.docker.io/v1` there."""
    host = server.removeprefix("https://").partition("/")[0].lower()
    return "docker.io" if host == "index.docker.io" else host


def _identity(site: Site, client_id: str) -> Principal | None:
    if not client_id:
        return site.identity
    identities = site.user_identities.values()
    return next((one for one in identities if one.client_id.lower() == client_id.lower()), None)
