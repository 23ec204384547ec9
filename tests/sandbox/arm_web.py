"""Microsoft.Web: sites, their configuration and settings. Routes over `Cloud` and `AppService`."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, TypeVar

from aiohttp import web
from azure.mgmt.web.models import SiteConfig

from .arm import ArmCall, ArmError, Operation, group_not_found, resource_not_found
from .arm_resources import page
from .functions_runtime import FunctionsRuntime, HostUnreachableError
from .site_json import config_resource, function_resource, settings_resource, site_resource, status_resource

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from .app_service import AppService
    from .routes import JSON
    from .state import Cloud, Site

Answer = TypeVar("Answer")
VERSIONS = frozenset({"2025-05-01", "2024-11-01"})
_SITES = "/subscriptions/{subscription}/providers/Microsoft.Web/sites"
_SITE = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Web/sites/{name}"


class BadRequestError(ArmError):
    """A refusal by the resource provider, which words it in a shape of its own.

    Source: https://github.com/Azure/azure-functions-on-container-apps/issues/59
    """

    def __init__(self, message: str) -> None:
        super().__init__(400, "BadRequest", message)

    def body(self) -> JSON:
        """Give the answer's body."""
        own: JSON = {"Code": self.code, "Message": str(self)}
        details = [{"Message": str(self)}, {"Code": self.code}, {"ErrorEntity": own}]
        return own | {"Target": None, "Details": details, "Innererror": None}


class WebSites:
    """The sites of the subscription."""

    def __init__(self, cloud: Cloud, app_service: AppService, runtime: FunctionsRuntime) -> None:
        self._cloud = cloud
        self._app_service = app_service
        self._runtime = runtime

    def operations(self) -> Sequence[Operation]:
        """Give what this room answers."""
        return (
            Operation(
                method="GET",
                template=_SITES,
                action="Microsoft.Web/sites/read",
                versions=VERSIONS,
                parameters=frozenset({"$skiptoken"}),
                answer=self._list,
                lists=True,
            ),
            self._on_site("GET", "", "read", self._get),
            self._on_site("GET", "/config/web", "config/read", self._get_config),
            self._on_site("PATCH", "/config/web", "config/write", self._patch_config),
            self._on_site("POST", "/config/appsettings/list", "config/list/action", self._list_settings),
            self._on_site("PUT", "/config/appsettings", "config/write", self._put_settings),
            self._on_site("POST", "/restart", "restart/action", self._restart, "softRestart", "synchronous"),
            self._on_site("GET", "/functions", "functions/read", self._functions),
            self._on_site("POST", "/syncfunctiontriggers", "syncfunctiontriggers/action", self._sync_triggers),
            self._on_site("GET", "/host/default/properties/status", "host/properties/read", self._host_status),
            self._on_site("POST", "/containerlogs", "containerlogs/action", self._container_logs),
        )

    def _on_site(
        self,
        method: str,
        path: str,
        action: str,
        answer: Callable[[Site, ArmCall], Awaitable[web.Response]],
        *parameters: str,
    ) -> Operation:
        async def on_site(call: ArmCall) -> web.Response:
            return await answer(self._site(call), call)

        return Operation(
            method=method,
            template=_SITE + path,
            action=f"Microsoft.Web/sites/{action}",
            versions=VERSIONS,
            answer=on_site,
            parameters=frozenset(parameters),
        )

    def _site(self, call: ArmCall) -> Site:
        group, name = call.values["group"], call.values["name"]
        if group.lower() not in self._cloud.resource_groups():
            raise group_not_found(group)
        site = self._cloud.sites.get(name.lower())
        if site is None or site.resource_group.lower() != group.lower():
            raise resource_not_found("Microsoft.Web/sites", name, group)
        return site

    async def _list(self, call: ArmCall) -> web.Response:
        """Give a page of the sites the caller may see.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/list
        """
        allowed = self._cloud.allowed
        sites = [
            site for site in self._cloud.sites.values() if allowed(call.principal, "Microsoft.Web/sites/read", site.id)
        ]
        return page(call, [site_resource(site) for site in sites])

    async def _get(self, site: Site, _call: ArmCall) -> web.Response:
        """Give the site.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/get
        """
        return web.json_response(site_resource(site))

    async def _get_config(self, site: Site, _call: ArmCall) -> web.Response:
        """Give the configuration.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/get-configuration
        """
        return web.json_response(config_resource(site))

    async def _patch_config(self, site: Site, call: ArmCall) -> web.Response:
        """Merge what was sent into the configuration; a change opens a generation.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/update-configuration
        """
        changes = _config_changes(await call.body())
        changed = {name: value for name, value in changes.items() if site.config.get(name) != value}
        if changed:
            site.config.update(changed)
            self._touched(site)
        return web.json_response(config_resource(site, answers_patch=True))

    async def _list_settings(self, site: Site, _call: ArmCall) -> web.Response:
        """Give the application settings.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/list-application-settings
        """
        return web.json_response(settings_resource(site))

    async def _put_settings(self, site: Site, call: ArmCall) -> web.Response:
        """Replace the application settings, all of them; opens a generation.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/update-application-settings
        """
        settings = (await call.body()).get("properties")
        if not isinstance(settings, dict) or not all(isinstance(one, str) for one in settings.values()):
            raise BadRequestError("The parameter properties has an invalid value.")
        site.settings.clear()
        site.settings.update(settings)
        self._touched(site)
        return web.json_response(settings_resource(site))

    async def _restart(self, site: Site, call: ArmCall) -> web.Response:
        """Open a generation of what is configured.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/restart
        """
        self._app_service.open_generation(site)
        if call.request.query.get("synchronous", "false").lower() == "true":
            await self._app_service.settled(site)
        return web.Response()

    async def _functions(self, site: Site, _call: ArmCall) -> web.Response:
        """Give what the host lists.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/list-functions
        """
        functions = await _asked(self._runtime.functions(site))
        return web.json_response({"value": [function_resource(site, one) for one in functions]})

    async def _sync_triggers(self, site: Site, _call: ArmCall) -> web.Response:
        """Sync the triggers, which takes a host that answers.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/sync-function-triggers
        """
        await _asked(self._runtime.status(site))
        site.trigger_syncs += 1
        return web.Response(status=204)

    async def _host_status(self, site: Site, _call: ArmCall) -> web.Response:
        """Give the host's status, by way of ARM as the portal reads it.

        Source: https://github.com/Azure/azure-functions-host/wiki/Admin-API
        """
        return web.json_response(status_resource(site, await _asked(self._runtime.status(site))))

    async def _container_logs(self, site: Site, _call: ArmCall) -> web.Response:
        """Give the platform's log, nothing where there is none.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/get-web-site-container-logs
        """
        log = await self._app_service.log(site)
        if not log:
            return web.Response(status=204)
        return web.Response(body=log.encode(), content_type="application/octet-stream")

    def _touched(self, site: Site) -> None:
        site.last_modified = datetime.now(timezone.utc)
        self._app_service.open_generation(site)


async def _asked(question: Awaitable[Answer]) -> Answer:
    try:
        return await question
    except HostUnreachableError as error:
        # https://github.com/MicrosoftDocs/azure-docs/issues/70585
        raise BadRequestError("Encountered an error (ServiceUnavailable) from host runtime.") from error


def _config_changes(body: JSON) -> JSON:
    """Give the configuration sent; raises BadRequestError for a name Azure does not have, or a bad image."""
    properties = body.get("properties", {})
    unknown = set(properties) - _config_names() | set(body) - {"id", "name", "kind", "type", "properties"}
    if unknown:
        raise BadRequestError(f"Could not find member '{min(unknown)}' on object of type 'SiteConfig'.")
    image = properties.get("linuxFxVersion", "")
    if image and not image.startswith("DOCKER|"):
        raise BadRequestError("The parameter LinuxFxVersion has an invalid value.")
    return dict(properties)


def _config_names() -> set[str]:
    # The table of names is filled by the first instance.
    return {field._rest_name for field in SiteConfig()._attr_to_rest_field.values()}
