"""The public address of every site: the platform's front end before the container that serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import ClientError, ClientSession, web

from .reverse_proxy import pass_on
from .routes import NotServedError

if TYPE_CHECKING:
    from .app_service import AppService
    from .state import Cloud


class SiteFront:
    """Every `*.azurewebsites.net` there is."""

    def __init__(self, cloud: Cloud, app_service: AppService, session: ClientSession) -> None:
        self._cloud = cloud
        self._app_service = app_service
        self._session = session

    def serves(self, host: str) -> bool:
        """Answer for the sites that exist."""
        return self._cloud.site_at(host) is not None

    async def answer(self, request: web.Request, host: str) -> web.StreamResponse:
        """Let the container that serves answer; without one the platform's own page does."""
        site = self._cloud.site_at(host)
        if site is None:
            raise NotServedError("the site is gone")
        if request.path.lower().startswith("/admin/"):
            # Takes the master key, which nobody can have asked for yet:
            # https://learn.microsoft.com/azure/azure-functions/function-keys-how-to
            return web.Response(status=401)
        address = self._app_service.address(site)
        if address is None:
            return await self.refuse(request, 503)
        try:
            return await pass_on(request, self._session, address)
        except (ClientError, OSError):
            return await self.refuse(request, 502)

    async def refuse(self, request: web.Request, status: int) -> web.Response:  # noqa: ARG002 - Room's form
        """Give the platform's page for an application that does not answer.

        Source: https://azureossd.github.io/2022/06/30/Docker-User-Namespace-remapping-issues/
        """
        return web.Response(status=status, text=":( Application Error", content_type="text/html")
