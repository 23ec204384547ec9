"""The functions host inside a site's container, asked the way App Service asks it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from aiohttp import ClientError, ClientTimeout

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from tests.local_azure.app_service.app_service import AppService
    from tests.local_azure.app_service.instance import Instance
    from tests.local_azure.front.routes import JSON
    from tests.local_azure.state.site import Site

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
        """Return `/admin/host/status` as a host on Linux gives it; raises HostUnreachableError.

        Its instance is the machine's, whichever process answers, and the names of Windows are empty.
        Source: EnvironmentExtensions.cs (GetInstanceId) in https://github.com/Azure/azure-functions-host
        """
        answering = self._answering(site)
        status: JSON = await self._get(answering, "/admin/host/status")
        on_linux = {"instanceId": answering.id, "computerName": "", "platformVersion": ""}
        return status | on_linux | {"functionAppContentEditingState": "NotAllowed"}

    async def functions(self, site: Site) -> list[JSON]:
        """Return `/admin/functions`; raises HostUnreachableError."""
        functions: list[JSON] = await self._get(self._answering(site), "/admin/functions")
        return functions

    async def sync(self, site: Site) -> None:
        """Have ARM keep what the host lists now; without a host it keeps what it has."""
        with contextlib.suppress(HostUnreachableError):
            site.listed = await self.functions(site)

    def _answering(self, site: Site) -> Instance:
        answering = self._app_service.answering(site)
        if answering is None:
            raise HostUnreachableError(site.name)
        return answering

    async def _get(self, instance: Instance, path: str) -> Any:  # noqa: ANN401 - JSON of the host's own making
        if instance.serving is None:
            raise HostUnreachableError(instance.id)
        address = f"http://127.0.0.1:{instance.serving.container.port}"
        try:
            async with self._session.get(address + path, timeout=_LIMIT) as answer:
                answer.raise_for_status()
                return await answer.json(content_type=None)
        except (ClientError, OSError, asyncio.TimeoutError, ValueError) as error:
            raise HostUnreachableError(instance.id) from error
