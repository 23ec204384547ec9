"""The Microsoft Artifact Registry: public images, here the one base image. A real registry answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import ClientError, ClientSession, web

from tests.local_azure.front.reverse_proxy import pass_on
from tests.local_azure.front.routes import NotServedError

if TYPE_CHECKING:
    from tests.local_azure.registries.registry import Registry


class MicrosoftRegistry:
    """mcr.microsoft.com: everybody may pull, nobody may push.

    Source: https://github.com/microsoft/containerregistry
    """

    def __init__(self, server: Registry, session: ClientSession) -> None:
        self._server = server
        self._session = session

    def serves(self, host: str) -> bool:
        """Answer under the one name."""
        return host == "mcr.microsoft.com"

    async def answer(self, request: web.Request, host: str) -> web.StreamResponse:  # noqa: ARG002 - Room's form
        """Let the real registry answer what only reads."""
        if request.method not in {"GET", "HEAD"} or not request.path.startswith("/v2/"):
            raise NotServedError("mcr.microsoft.com is for pulling only")
        try:
            return await pass_on(request, self._session, self._server.url)
        except ClientError as error:
            raise ConnectionResetError(str(error)) from error

    async def refuse(self, request: web.Request, status: int) -> web.Response:  # noqa: ARG002 - Room's form
        """Return an error in a registry's shape."""
        return web.json_response({"errors": [{"code": "UNAVAILABLE", "message": "unavailable"}]}, status=status)
