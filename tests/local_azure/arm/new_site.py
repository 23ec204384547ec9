"""A new Function App or slot, and how it may pull its image. Rules over `Cloud`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tests.local_azure.logs.platform_logs import new_log
from tests.local_azure.state.app_kinds import KINDS, KindName
from tests.local_azure.state.site import Site
from tests.local_azure.state.site_config import SITE_CONFIG

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.local_azure.logs.platform_log import Dialect
    from tests.local_azure.state.state import Cloud, RegistryState

PullAccess = Literal["managed_identity", "user_identity", "admin_user"]

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
    kind: KindName = "linux_container",
    slot: str | None = None,
    log: Dialect | None = "classic",
    second: float = 0.05,
) -> Site:
    """Create a site that is to run `image`; `settings` come on top of `SETTINGS`, None takes one away.

    An app whose name another one has gets a unique host name, as in Azure. With `slot` it is not yet a part of `cloud`.
    """
    merged: dict[str, str | None] = {**SETTINGS, **settings}
    site = Site(
        name=name,
        resource_group=resource_group,
        kind=KINDS[kind],
        slot=slot,
        domain=cloud.environment.apps,
        unique_host=not slot and any(one.name.lower() == name.lower() for one in cloud.sites.values()),
        settings={key: value for key, value in merged.items() if value is not None},
        config=dict(SITE_CONFIG),
        log=new_log(log or "classic", f"{name} {slot}", second=second),
        has_log=log is not None and not KINDS[kind].container_apps,
    )
    _configure_image(site, image)
    if not slot:
        cloud.sites[site.id.lower()] = site
    return site


def _configure_image(site: Site, image: str | None) -> None:
    configured = site.kind.linux_fx_version
    if configured == "sitecontainers":
        site.config["linuxFxVersion"] = configured
        if image:
            site.containers["main"] = {"image": image, "isMain": True, "authType": "Anonymous", "targetPort": "80"}
    elif site.kind.windows:
        site.config["windowsFxVersion"] = f"DOCKER|{image}" if image else None
    else:
        site.config["linuxFxVersion"] = f"DOCKER|{image}" if image else configured


def set_up_pull_access(cloud: Cloud, site: Site, access: PullAccess | None, registry: RegistryState | None) -> None:
    """Return a site access to `registry`, else to its image's, else to the first there is.

    Source: https://learn.microsoft.com/azure/app-service/configure-custom-container#use-an-image-from-a-private-registry
    """
    chosen = registry or _registry_of(cloud, site)
    if access in {"managed_identity", "user_identity"}:
        _set_up_identity(cloud, site, chosen, own=access == "managed_identity")
    elif access == "admin_user" and chosen is not None:
        chosen.admin_user_enabled = True
        site.settings["DOCKER_REGISTRY_SERVER_URL"] = f"https://{chosen.login_server}"
        site.settings["DOCKER_REGISTRY_SERVER_USERNAME"] = chosen.name
        site.settings["DOCKER_REGISTRY_SERVER_PASSWORD"] = chosen.admin_password


def _set_up_identity(cloud: Cloud, site: Site, registry: RegistryState | None, *, own: bool) -> None:
    site.config["acrUseManagedIdentityCreds"] = True
    if own:
        site.identity = identity = cloud.add_principal(site.resource_name)
    else:
        resource_id = cloud.add_identity(f"id-{site.name}", site.resource_group)
        site.user_identities[resource_id] = identity = cloud.identities[resource_id.lower()]
        site.config["acrUserManagedIdentityID"] = identity.client_id
    if site.main_container is not None:
        of_user = {"authType": "UserAssigned", "userManagedIdentityClientId": identity.client_id}
        site.main_container.update({"authType": "SystemIdentity"} if own else of_user)
    if registry is not None:
        by_repository = registry.repository_permissions
        role = "Container Registry Repository Reader" if by_repository else "AcrPull"
        cloud.grant(identity, role, registry.id)


def _registry_of(cloud: Cloud, site: Site) -> RegistryState | None:
    named = cloud.registry_at((site.image or "").partition("/")[0])
    return named or next(iter(cloud.registries.values()), None)
