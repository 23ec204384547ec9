"""The functions host inside a site's container, asked the way App Service asks it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import ClientError, ClientTimeout

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from .app_service import AppService
    from .routes import JSON
    from .site import Site

_LIMIT = ClientTimeout(total=10.0)


class HostUnreachableError(Exception):
    """No functions host answers for the site."""


class FunctionsRuntime:
    """Questions to the host that serves a site just now.

    Source: https://github.com/Azure/azure-functions-host/wiki/Admin-API
    """

    def __init__(self, app_service: AppService, session: ClientSession) -> None:
        self._app_service = app_service
        self._session = session

    async def status(self, site: Site) -> JSON:
        """Give `/admin/host/status`; raises HostUnreachableError."""
        status: JSON = await self._get(site, "/admin/host/status")
        return status

    async def functions(self, site: Site) -> list[JSON]:
        """Give `/admin/functions`; raises HostUnreachableError."""
        functions: list[JSON] = await self._get(site, "/admin/functions")
        return functions

    async def _get(self, site: Site, path: str) -> Any:  # noqa: ANN401 - JSON of the host's own making
        address = self._app_service.address(site)
        if address is None:
            raise HostUnreachableError(site.name)
        try:
            async with self._session.get(address + path, timeout=_LIMIT) as answer:
                answer.raise_for_status()
                return await answer.json(content_type=None)
        except (ClientError, OSError, asyncio.TimeoutError, ValueError) as error:
            raise HostUnreachableError(site.name) from error
