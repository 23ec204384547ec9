"""The public names of container apps and their revisions, and the host of their system logs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aiohttp import ClientError, ClientSession, web

from tests.local_azure.front.reverse_proxy import pass_on
from tests.local_azure.front.routes import NotServedError
from tests.local_azure.state.container_app import EVENTS_HOST

if TYPE_CHECKING:
    from tests.local_azure.state.container_app import ContainerApp, Revision
    from tests.local_azure.state.state import Cloud

_UNREADY = "upstream connect error or disconnect/reset before headers. reset reason: connection failure"


class Ingress:
    """Every host of a container app, and of each of its revisions."""

    def __init__(self, cloud: Cloud, session: ClientSession) -> None:
        self._cloud = cloud
        self._session = session
        self._asked = 0

    def serves(self, host: str) -> bool:
        """Answer for the apps and revisions that exist."""
        return any(host == app.host or app.revision_at(host) for app in self._cloud.container_apps.values())

    async def answer(self, request: web.Request, host: str) -> web.StreamResponse:
        """Let a revision answer: by its own name whatever traffic it has, by the app's name as it is distributed.

        Source: https://learn.microsoft.com/azure/container-apps/traffic-splitting
        """
        revision = self._chosen(host)
        if revision is None or revision.port is None:
            return await self.refuse(request, 503)
        try:
            return await pass_on(request, self._session, f"http://127.0.0.1:{revision.port}")
        except (ClientError, OSError):
            return await self.refuse(request, 502)

    async def refuse(self, request: web.Request, status: int) -> web.Response:  # noqa: ARG002 - Room's form
        """Return what is answered for an app without a ready replica (recorded: test_containerapp_exec)."""
        return web.Response(status=status, text=_UNREADY)

    def _chosen(self, host: str) -> Revision | None:
        for app in self._cloud.container_apps.values():
            if (own := app.revision_at(host)) is not None:
                return own
            if app.host == host:
                return self._by_weight(app)
        return None

    def _by_weight(self, app: ContainerApp) -> Revision | None:
        self._asked += 1
        turns = [revision for revision, weight in app.served() for _ in range(weight)]
        if not turns:
            return None
        chosen = turns[(self._asked * 37) % len(turns)]
        chosen.calls += 1
        return chosen


class SystemLogs:
    """The host that streams the system logs of a region.

    Source: recorded traffic of https://github.com/Azure/azure-cli (test_containerapp_eventstream)
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def serves(self, host: str) -> bool:
        """Answer at the region's host."""
        return host == EVENTS_HOST

    async def answer(self, request: web.Request, host: str) -> web.StreamResponse:  # noqa: ARG002 - Room's form
        """Return the last lines as JSON, after two that say that it begins."""
        name = request.path.split("/")[-2]
        app = next((one for one in self._cloud.container_apps.values() if one.name == name), None)
        if app is None or not request.path.endswith("/eventstream") or request.query.get("follow") != "false":
            raise NotServedError(request.path_qs)
        if request.headers.get("Authorization") != f"Bearer {app.token}":
            return web.Response(status=401)
        begin = [
            {"Type": "Normal", "RevisionName": None, "Msg": "", "Reason": reason}
            for reason in ("StartingGettingEvents", "ConnectedToEventsServer")
        ]
        lines = [json.dumps(one) for one in [*begin, *app.events[-int(request.query.get("tailLines", "20")) :]]]
        return web.Response(text="\n".join(lines) + "\n\n", content_type="application/json")

    async def refuse(self, request: web.Request, status: int) -> web.Response:  # noqa: ARG002 - Room's form
        """Return an empty answer."""
        return web.Response(status=status)
