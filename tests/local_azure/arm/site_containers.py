"""Microsoft.Web: the containers of an app that is made of several. Routes over `Cloud` and `AppService`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from tests.local_azure.arm.front import ArmCall, Operation, resource_not_found
from tests.local_azure.arm.site_json import container_resource
from tests.local_azure.arm.site_routes import SITES, BadRequestError, SiteRoutes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.local_azure.app_service.app_service import AppService
    from tests.local_azure.state.site import Site
    from tests.local_azure.state.state import Cloud

_PROPERTIES = frozenset(
    {
        "image",
        "targetPort",
        "isMain",
        "startUpCommand",
        "authType",
        "userName",
        "passwordSecret",
        "userManagedIdentityClientId",
        "volumeMounts",
        "environmentVariables",
        "inheritAppSettingsAndConnectionStrings",
    },
)


class SiteContainers:
    """The sitecontainers of the sites."""

    def __init__(self, cloud: Cloud, app_service: AppService) -> None:
        self._cloud = cloud
        self._app_service = app_service

    def operations(self) -> Sequence[Operation]:
        """Return what this room answers."""
        on_site = SiteRoutes(self._cloud).on_site
        return (
            *on_site("GET", "/sitecontainers", "sitecontainers/read", self._list),
            *on_site("GET", "/sitecontainers/{container}", "sitecontainers/read", self._get),
            *on_site("PUT", "/sitecontainers/{container}", "sitecontainers/write", self._put),
        )

    async def _list(self, site: Site, _call: ArmCall) -> web.Response:
        """Return the containers, of an app that has none an empty list.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/list-site-containers
        """
        bodies = [container_resource(site, name) for name in site.containers]
        return web.json_response({"value": bodies, "nextLink": None})

    async def _get(self, site: Site, call: ArmCall) -> web.Response:
        """Return one container.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/get-site-container
        """
        name = call.values["container"]
        if name not in site.containers:
            raise resource_not_found(SITES, f"{site.resource_name}/sitecontainers/{name}", site.resource_group)
        return web.json_response(container_resource(site, name))

    async def _put(self, site: Site, call: ArmCall) -> web.Response:
        """Replace one container; what is not sent is gone. Opens a generation.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/create-or-update-site-container
        """
        name, properties = call.values["container"], (await call.body()).get("properties", {})
        if unknown := set(properties) - _PROPERTIES - {"createdTime", "lastModifiedTime"}:
            raise BadRequestError(f"Could not find member '{min(unknown)}' on object of type 'SiteContainer'.")
        if not properties.get("image") or "isMain" not in properties:
            raise BadRequestError("The parameter properties has an invalid value.")
        is_new = name not in site.containers
        site.containers[name] = properties
        self._app_service.open_generation(site)
        return web.json_response(container_resource(site, name), status=201 if is_new else 200)
