"""The public address of every site: the platform's front end before the container that serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import ClientError, ClientSession, web

from tests.local_azure.front.reverse_proxy import pass_on
from tests.local_azure.front.routes import NotServedError
from tests.local_azure.state.subscription import TENANT_ID

if TYPE_CHECKING:
    from tests.local_azure.app_service.app_service import AppService
    from tests.local_azure.state.site import Site
    from tests.local_azure.state.state import Cloud

_PAGE = """<!DOCTYPE html>
<html>
<head>
    <title>Web App - Unavailable</title>
</head>
<body bgcolor="#00abec">
    <div id="feature">
        <div id="content">
            <h1 id="unavailable">{title}</h1>
            <p id="tryAgain">{text}</p>
        </div>
    </div>
</body>
</html>
"""


class SiteFront:
    """Every host of an app there is, `*.azurewebsites.net` in the public cloud, and the apps on Container Apps."""

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
        if (refusal := _kept_out(site, request, self._cloud.environment.authority)) is not None:
            return refusal
        address = self._app_service.address(site)
        if address is None:
            return await self.refuse(request, 503)
        try:
            return await pass_on(request, self._session, address)
        except (ClientError, OSError):
            return await self.refuse(request, 502)

    async def refuse(self, request: web.Request, status: int) -> web.Response:  # noqa: ARG002 - Room's form
        """Return the platform's page for an application that does not answer.

        Source: https://azureossd.github.io/2022/06/30/Docker-User-Namespace-remapping-issues/
        """
        return web.Response(status=status, text=":( Application Error", content_type="text/html")


def _kept_out(site: Site, request: web.Request, authority: str) -> web.Response | None:
    """Return the platform's answer to whoever does not get through to the container."""
    if site.state == "Stopped":
        return _stopped()
    if site.access == "restricted":
        return _forbidden_address()
    if site.access != "open":
        return _login(site, request, authority)
    # https://learn.microsoft.com/azure/azure-functions/function-keys-how-to
    is_master = request.headers.get("x-functions-key", request.query.get("code")) == site.keys.master
    return web.Response(status=401) if request.path.lower().startswith("/admin/") and not is_master else None


def _stopped() -> web.Response:
    # https://learn.microsoft.com/troubleshoot/azure/app-service/web-apps-performance-faqs
    text = (
        "The web app you have attempted to reach is currently stopped and does not accept any requests. "
        "Please try to reload the page or visit it again soon."
    )
    page = _PAGE.format(title="Error 403 - This web app is stopped.", text=text)
    return web.Response(status=403, reason="Site Disabled", text=page, content_type="text/html")


def _forbidden_address() -> web.Response:
    # https://learn.microsoft.com/azure/app-service/app-service-ip-restrictions
    text = "The web app you have attempted to reach has blocked your access."
    page = _PAGE.format(title="Error 403 - Forbidden", text=text)
    headers = {"x-ms-forbidden-ip": "52.166.10.7"}
    return web.Response(status=403, reason="Ip Forbidden", text=page, content_type="text/html", headers=headers)


def _login(site: Site, request: web.Request, authority: str) -> web.Response:
    # https://learn.microsoft.com/azure/app-service/overview-authentication-authorization#authentication-flow
    authority = f"{authority}/{TENANT_ID}/oauth2/authorize"
    if site.access == "login_page":
        back = f"redirect_uri=https%3A%2F%2F{site.host}%2F.auth%2Flogin%2Faad%2Fcallback"
        query = f"response_type=code+id_token&{back}&client_id={site.suffix}&scope=openid+profile+email"
        return web.Response(status=302, headers={"Location": f"{authority}?{query}&state=redir%3D{request.path}"})
    challenge = f'Bearer realm="{site.host}" authorization_uri="{authority}" resource_id="{site.suffix}"'
    text = "You do not have permission to view this directory or page."
    return web.Response(status=401, text=text, headers={"WWW-Authenticate": challenge})
