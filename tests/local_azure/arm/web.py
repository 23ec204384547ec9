"""Microsoft.Web: sites, slots and their configuration. Routes over `Cloud` and `AppService`."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from aiohttp import web
from azure.mgmt.web.models import SiteConfig

from tests.local_azure.arm.container_apps import accepted, check_idle, operation_result
from tests.local_azure.arm.front import ArmCall, Operation
from tests.local_azure.arm.lists import page
from tests.local_azure.arm.site_json import config_resource, instance_resource, site_resource
from tests.local_azure.arm.site_routes import SITES, VERSIONS, BadRequestError, SiteRoutes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.local_azure.app_service.app_service import AppService
    from tests.local_azure.front.routes import JSON
    from tests.local_azure.state.site import Site
    from tests.local_azure.state.state import Cloud

_IMAGE_FORMS = ("DOCKER|", "COMPOSE|", "sitecontainers")


class WebSites:
    """The sites of the subscription."""

    def __init__(self, cloud: Cloud, app_service: AppService) -> None:
        self._cloud = cloud
        self._app_service = app_service

    def operations(self) -> Sequence[Operation]:
        """Return what this room answers."""
        on_site = SiteRoutes(self._cloud).on_site
        return (
            Operation(
                method="GET",
                template=f"/subscriptions/{{subscription}}/providers/{SITES}",
                action=f"{SITES}/read",
                versions=VERSIONS,
                parameters=frozenset({"$skiptoken"}),
                answer=self._list,
                lists=True,
            ),
            *on_site("GET", "", "read", self._get),
            on_site("GET", "/slots", "slots/read", self._list_slots, "$skiptoken")[0],
            *on_site("GET", "/config/web", "config/read", self._get_config),
            *on_site("PATCH", "/config/web", "config/write", self._patch_config),
            *on_site("POST", "/restart", "restart/action", self._restart, "softRestart", "synchronous"),
            *on_site("GET", "/instances", "instances/read", self._list_instances),
            on_site("GET", "/operationresults/{operation}", "operationresults/read", self._operation_result)[0],
        )

    async def _list(self, call: ArmCall) -> web.Response:
        """Return a page of the sites the caller may see.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/list
        """
        may = self._cloud.may
        sites = [site for site in self._cloud.sites.values() if may(call.principal, f"{SITES}/read", site.id)]
        return page(call, [site_resource(site, call.version) for site in sites])

    async def _get(self, site: Site, call: ArmCall) -> web.Response:
        """Return the site.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/get
        """
        return web.json_response(site_resource(site, call.version))

    async def _list_slots(self, site: Site, call: ArmCall) -> web.Response:
        """Return a page of the slots; production is none.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/list-slots
        """
        return page(call, [site_resource(slot, call.version) for slot in site.slots.values()])

    async def _get_config(self, site: Site, _call: ArmCall) -> web.Response:
        """Return the configuration.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/get-configuration
        """
        return web.json_response(config_resource(site))

    async def _patch_config(self, site: Site, call: ArmCall) -> web.Response:
        """Merge what was sent into the configuration; a change opens a generation.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/update-configuration
        """
        changes = _config_changes(await call.body())
        check_idle(site)
        changed = {name: value for name, value in changes.items() if site.config.get(name) != value}
        if changed:
            site.config.update(changed)
            self._touched(site)
            await self._app_service.write_slowly()
        if site.kind.container_apps:
            return accepted(site)
        return web.json_response(config_resource(site, answers_patch=True))

    async def _operation_result(self, site: Site, call: ArmCall) -> web.Response:
        """Return what became of a change that was accepted."""
        if site.kind.container_apps or site.pending:
            return operation_result(site)
        return web.json_response(site_resource(site, call.version))

    async def _restart(self, site: Site, call: ArmCall) -> web.Response:
        """Open a generation of what is configured.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/restart
        """
        self._app_service.open_generation(site)
        if call.request.query.get("synchronous", "false").lower() == "true":
            await self._app_service.settled(site)
        return web.Response()

    async def _list_instances(self, site: Site, _call: ArmCall) -> web.Response:
        """Return the instances the site runs on.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/list-instance-identifiers
        """
        instances = self._app_service.instances(site)
        bodies = [instance_resource(site, one.id, ready=one.serving is not None) for one in instances]
        return web.json_response({"value": bodies, "nextLink": None})

    def _touched(self, site: Site) -> None:
        site.last_modified = datetime.now(timezone.utc)
        self._app_service.open_generation(site)


def _config_changes(body: JSON) -> JSON:
    """Return the configuration sent, less the names Azure does not have, which it ignores; raises BadRequestError.

    Source: https://github.com/microsoft/azure-pipelines-tasks/issues/18081
    """
    properties = body.get("properties", {})
    image = properties.get("linuxFxVersion", "")
    if image and not image.startswith(_IMAGE_FORMS):
        raise BadRequestError("The parameter LinuxFxVersion has an invalid value.")
    return {name: value for name, value in properties.items() if name in _config_names()}


def _config_names() -> set[str]:
    # The table of names is filled by the first instance.
    return {field._rest_name for field in SiteConfig()._attr_to_rest_field.values()}
