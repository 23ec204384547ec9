"""A new container Function App, and how it may pull its image. Rules over `Cloud`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .state import Cloud, RegistryState, Site

if TYPE_CHECKING:
    from collections.abc import Mapping

PullAccess = Literal["managed_identity", "admin_user"]

SETTINGS: Mapping[str, str] = {
    "AzureWebJobsStorage": "DefaultEndpointsProtocol=https;AccountName=stcontoso;AccountKey=c2VjcmV0;"
    "EndpointSuffix=core.windows.net",
    "FUNCTIONS_EXTENSION_VERSION": "~4",
    "WEBSITES_ENABLE_APP_SERVICE_STORAGE": "false",
}
"""What a new container Function App has, as `az functionapp create` leaves it.

Source: https://learn.microsoft.com/azure/azure-functions/functions-how-to-custom-container
"""


def new_site(
    cloud: Cloud,
    *,
    name: str,
    resource_group: str,
    settings: Mapping[str, str | None],
    image: str | None,
) -> Site:
    """Create a site that is to run `image`; `settings` come on top of `SETTINGS`, None takes one away."""
    merged: dict[str, str | None] = {**SETTINGS, **settings}
    kept = {key: value for key, value in merged.items() if value is not None}
    site = Site(name=name, resource_group=resource_group, settings=kept)
    site.config["linuxFxVersion"] = f"DOCKER|{image}" if image else ""
    cloud.sites[name.lower()] = site
    return site


def let_pull(cloud: Cloud, site: Site, access: PullAccess | None, registry: RegistryState | None) -> None:
    """Give a site access to `registry`, else to its image's, else to the first there is.

    Source: https://learn.microsoft.com/azure/app-service/configure-custom-container#use-an-image-from-a-private-registry
    """
    chosen = registry or _registry_of(cloud, site)
    if access == "managed_identity":
        site.identity = cloud.add_principal(site.name)
        site.config["acrUseManagedIdentityCreds"] = True
        if chosen is not None:
            cloud.grant(site.identity, "AcrPull", chosen.id)
    elif access == "admin_user" and chosen is not None:
        chosen.admin_user_enabled = True
        site.settings["DOCKER_REGISTRY_SERVER_URL"] = f"https://{chosen.login_server}"
        site.settings["DOCKER_REGISTRY_SERVER_USERNAME"] = chosen.name
        site.settings["DOCKER_REGISTRY_SERVER_PASSWORD"] = chosen.admin_password


def _registry_of(cloud: Cloud, site: Site) -> RegistryState | None:
    named = cloud.registry_at((site.image or "").partition("/")[0])
    return named or next(iter(cloud.registries.values()), None)
