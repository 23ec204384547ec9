"""Microsoft.Web: what ARM tells of the functions host in an app, and the log. Routes over `FunctionsRuntime`."""

from __future__ import annotations

import json
from itertools import cycle
from typing import TYPE_CHECKING, TypeVar

from aiohttp import web

from tests.local_azure.app_service.functions_runtime import FunctionsRuntime, HostUnreachableError
from tests.local_azure.arm.front import ArmCall, Operation, resource_not_found
from tests.local_azure.arm.site_json import function_resource, status_resource
from tests.local_azure.arm.site_routes import SITES, VERSIONS, BadRequestError, SiteRoutes, WebError
from tests.local_azure.refusals import BAD_GATEWAY_PAGE, IIS_PAGE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from tests.local_azure.app_service.app_service import AppService
    from tests.local_azure.state.site import Site
    from tests.local_azure.state.state import Cloud

Answer = TypeVar("Answer")
_TYPED = ("id", "state", "version", "versionDetails", "errors")
"""What ARM's class of a host's status knows, as far as the portal reads it.

Source: https://github.com/Azure/azure-functions-ux (client-react/src/models/functions/host-status.ts)
"""
_FROM_RUNTIME = BadRequestError("Encountered an error (ServiceUnavailable) from host runtime.")
_MOODS = (
    (400, "application/json", json.dumps(_FROM_RUNTIME.body())),
    (503, "text/html", IIS_PAGE),
    (408, "application/json", ""),
    (502, "text/html", BAD_GATEWAY_PAGE),
    (504, "application/json", json.dumps({"error": {"code": "GatewayTimeout", "message": "The gateway timed out."}})),
)
_RUNTIME_VERSIONS = VERSIONS | {"2022-03-01"}


class WebHosts:
    """The functions hosts, as far as ARM leads there."""

    def __init__(self, cloud: Cloud, app_service: AppService, runtime: FunctionsRuntime) -> None:
        self._cloud = cloud
        self._app_service = app_service
        self._runtime = runtime
        self._moods = cycle(_MOODS)

    def operations(self) -> Sequence[Operation]:
        """Return what this room answers."""
        on_site = SiteRoutes(self._cloud).on_site
        runtime_status = "/hostruntime/admin/host/status"
        return (
            *on_site("GET", "/functions", "functions/read", self._functions),
            *on_site("POST", "/functions/{function}/listkeys", "functions/listkeys/action", self._function_keys),
            *on_site("POST", "/host/default/listkeys", "host/listkeys/action", self._host_keys),
            *on_site("POST", "/syncfunctiontriggers", "syncfunctiontriggers/action", self._sync_triggers),
            *on_site("GET", "/host/default/properties/status", "host/properties/read", self._host_status),
            *on_site("GET", runtime_status, "hostruntime/host/read", self._plain_status, versions=_RUNTIME_VERSIONS),
            *on_site("POST", "/containerlogs", "containerlogs/action", self._container_logs),
        )

    async def _functions(self, site: Site, _call: ArmCall) -> web.Response:
        """Return what the host listed when it last synced; only where it never did, what it lists now.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/list-functions
        """
        kept = site.listed
        functions = kept if kept is not None else await _asked(site, self._runtime.functions(site))
        return web.json_response({"value": [function_resource(site, one) for one in functions]})

    async def _function_keys(self, site: Site, call: ArmCall) -> web.Response:
        """Return the keys of one function.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/list-function-keys
        """
        name = call.values["function"]
        functions = await _asked(site, self._runtime.functions(site))
        if not any(one["name"].lower() == name.lower() for one in functions):
            raise resource_not_found(SITES, f"{site.resource_name}/functions/{name}", site.resource_group)
        return web.json_response({"default": site.keys.of(name)})

    async def _host_keys(self, site: Site, _call: ArmCall) -> web.Response:
        """Return the keys of the whole app.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/list-host-keys
        """
        await _asked(site, self._runtime.status(site))
        keys = {"masterKey": site.keys.master, "functionKeys": {"default": site.keys.host}, "systemKeys": {}}
        return web.json_response(keys)

    async def _sync_triggers(self, site: Site, _call: ArmCall) -> web.Response:
        """Sync the triggers, which takes a host that answers.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/sync-function-triggers
        """
        try:
            await _asked(site, self._runtime.status(site))
        except BadRequestError:
            site.refused_syncs += 1
            raise
        site.trigger_syncs += 1
        await self._runtime.sync(site)
        return web.Response(status=204)

    async def _host_status(self, site: Site, _call: ArmCall) -> web.Response:
        """Return the host's status, by way of ARM as the portal reads it; there is no such way on Container Apps.

        Source: https://github.com/Azure/azure-functions-host/wiki/Admin-API
        """
        if site.kind.container_apps:
            raise _not_on_container_apps(site)
        if (instead := self._asleep(site)) is not None:
            return instead
        status = await _asked(site, self._runtime.status(site))
        typed = {name: status[name] for name in _TYPED if name in status}
        return web.json_response(status_resource(site, typed))

    async def _plain_status(self, site: Site, _call: ArmCall) -> web.Response:
        """Return the host's own answer, as the portal and others ask for it when the network is closed.

        Source: https://github.com/Azure/azure-functions-host/wiki/Admin-API
        """
        if site.kind.container_apps:
            raise _not_on_container_apps(site)
        if (instead := self._asleep(site)) is not None:
            return instead
        return web.json_response(await _asked(site, self._runtime.status(site)))

    def _asleep(self, site: Site) -> web.Response | None:
        """Return what is answered for a host that has only begun to serve, or does not yet; None for one that is awake.

        Source: https://github.com/hashicorp/terraform-provider-azurerm (408), the portal's source (400, tried again)
        """
        wakes = self._app_service.weather.host_wakes * self._app_service.worker.second
        if site.state == "Stopped" or self._app_service.awake(site, after=wakes):
            return None
        status, content_type, body = next(self._moods)
        return web.Response(status=status, content_type=content_type, text=body)

    async def _container_logs(self, site: Site, _call: ArmCall) -> web.Response:
        """Return the platform's log, nothing where there is none.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/get-web-site-container-logs
        """
        if site.kind.container_apps:
            raise _not_on_container_apps(site)
        log = await self._app_service.log(site) if site.has_log else ""
        if not log:
            return web.Response(status=204)
        return web.Response(body=log.encode(), content_type="application/octet-stream")


async def _asked(site: Site, question: Awaitable[Answer]) -> Answer:
    try:
        return await question
    except HostUnreachableError as error:
        # https://github.com/MicrosoftDocs/azure-docs/issues/70585
        reason = "Forbidden" if site.state == "Stopped" else "ServiceUnavailable"
        raise BadRequestError(f"Encountered an error ({reason}) from host runtime.") from error


def _not_on_container_apps(site: Site) -> WebError:
    return WebError(404, "NotFound", f"Cannot find this for the site {site.name}, which runs on Container Apps.")
