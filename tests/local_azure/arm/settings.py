"""Microsoft.Web: the application settings of sites and slots. Routes over `Cloud` and `AppService`."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from aiohttp import web

from tests.local_azure.app_service.key_vault import references
from tests.local_azure.arm.container_apps import accepted, check_idle
from tests.local_azure.arm.site_json import reference_resource, settings_resource, slot_names_resource
from tests.local_azure.arm.site_routes import BadRequestError, SiteRoutes, WebError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.local_azure.app_service.app_service import AppService
    from tests.local_azure.arm.front import ArmCall, Operation
    from tests.local_azure.state.site import Site
    from tests.local_azure.state.state import Cloud

_LINUX_NAME = re.compile(r"[A-Za-z0-9_.]+")


class SiteSettings:
    """The settings of the subscription's sites."""

    def __init__(self, cloud: Cloud, app_service: AppService) -> None:
        self._cloud = cloud
        self._app_service = app_service

    def operations(self) -> Sequence[Operation]:
        """Return what this room answers."""
        on_site = SiteRoutes(self._cloud).on_site
        return (
            *on_site("POST", "/config/appsettings/list", "config/list/action", self._list),
            *on_site("PUT", "/config/appsettings", "config/write", self._put),
            *on_site("GET", "/config/configreferences/appsettings", "config/read", self._list_references),
            on_site("GET", "/config/slotConfigNames", "config/read", self._get_slot_names)[0],
            on_site("PUT", "/config/slotConfigNames", "config/write", self._put_slot_names)[0],
        )

    async def _list(self, site: Site, _call: ArmCall) -> web.Response:
        """Return the application settings; there is no etag with them.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/list-application-settings
        """
        return web.json_response(settings_resource(site))

    async def _put(self, site: Site, call: ArmCall) -> web.Response:
        """Replace the application settings, all of them, whatever `If-Match` says; opens a generation.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/update-application-settings
        """
        settings = (await call.body()).get("properties")
        if not isinstance(settings, dict) or not all(isinstance(one, str) for one in settings.values()):
            raise BadRequestError("The parameter properties has an invalid value.")
        _check_names(site, settings)
        check_idle(site)
        site.settings.clear()
        site.settings.update(settings)
        site.last_modified = datetime.now(timezone.utc)
        self._app_service.open_generation(site)
        if site.kind.container_apps:
            return accepted(site)
        await self._app_service.write_slowly()
        etag = f'"{secrets.token_hex(8).upper()}"'
        return web.json_response(settings_resource(site), headers={"ETag": etag})

    async def _list_references(self, site: Site, _call: ArmCall) -> web.Response:
        """Return which settings lie in a key vault, and whether they were found there.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/get-app-settings-key-vault-references
        """
        found = references(site.settings)
        bodies = [
            reference_resource(site, name, reference, found=reference in self._cloud.secrets)
            for name, reference in found.items()
        ]
        return web.json_response({"value": bodies, "nextLink": None})

    async def _get_slot_names(self, site: Site, _call: ArmCall) -> web.Response:
        """Return the names that stay with their slot; a list that was never written is null.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/list-slot-configuration-names
        """
        return web.json_response(slot_names_resource(site))

    async def _put_slot_names(self, site: Site, call: ArmCall) -> web.Response:
        """Replace the names that stay with their slot, all lists of them; one that is not sent is empty then.

        Source: https://learn.microsoft.com/rest/api/appservice/web-apps/update-slot-configuration-names
        """
        lists = (await call.body()).get("properties")
        if not isinstance(lists, dict) or set(lists) - set(site.slot_names):
            raise BadRequestError("The parameter properties has an invalid value.")
        site.slot_names = {name: lists.get(name) or [] for name in site.slot_names}
        return web.json_response(slot_names_resource(site))


def _check_names(site: Site, settings: Mapping[str, str]) -> None:
    """Raise what Azure answers to names it does not take.

    Sources: https://github.com/Azure/azure-cli/issues/21259 (on Linux),
    https://github.com/microsoft/azure-pipelines-tasks/issues/14689 (names that differ in case only)
    """
    if not site.kind.windows and (bad := [name for name in settings if not _LINUX_NAME.fullmatch(name)]):
        raise BadRequestError(f"AppSetting with name '{bad[0]}' is not allowed.")
    twice = [name for name, times in Counter(name.lower() for name in settings).items() if times > 1]
    if twice:
        raise WebError(409, "Conflict", f"Parameter with name {twice[0]} already exists in the request.")
