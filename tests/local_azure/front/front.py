"""The front http: a CONNECT proxy and one TLS port behind which every service of the local Azure answers.

Clients reach it by environment alone (`HTTPS_PROXY` and a CA bundle), under Azure's real names.
Source of CONNECT: https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6
"""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from aiohttp import web

from tests.local_azure.front.connect_proxy import ConnectProxy
from tests.local_azure.front.damage import meet
from tests.local_azure.front.routes import NotServedError, Room

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from tests.local_azure.faults import Faults

LARGEST_BODY = 16 * 1024 * 1024
"""Bytes of a request read into memory at once; image layers are streamed and know no limit."""

PRINCIPAL = web.RequestKey("principal", str)
"""Under this key a room leaves the name of whoever called, for the record of calls."""

Origin = Literal["agent", "app", "tasks"]
BEGAN = web.RequestKey("began", float)

ORIGIN = web.RequestKey("origin", str)
"""Under this key a request says who sent it: everybody on the build agent's side, App Service's hosts ("app"), or the
agents of ACR Tasks ("tasks")."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One call that reached the front, without anything secret."""

    method: str
    host: str
    path: str
    status: int
    """The status answered; 0 where the connection was cut."""
    principal: str | None
    """The name of the principal that called, where it showed a good token."""
    origin: str
    """From which machine the call came: `agent`, `app` for the host of the apps, or `tasks`."""
    began: float = 0.0
    ended: float = 0.0
    """When the call came and when it was answered, by this machine's monotonic clock."""


class Front:
    """Accepts every call, meets it with a scripted fault or has its host's room answer, and records it."""

    def __init__(self, faults: Faults) -> None:
        self.rooms: Sequence[Room] = ()
        """The services; none is met before they are set."""
        self._faults = faults
        application = web.Application(client_max_size=LARGEST_BODY)
        application.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2)
        origins: tuple[Origin, ...] = ("agent", "app", "tasks")
        self.proxies: dict[Origin, ConnectProxy] = {origin: self._new_proxy() for origin in origins}
        self._ports: dict[int, Origin] = {}
        self.calls: list[Call] = []
        self.unexpected: list[str] = []

    async def start(self, context: ssl.SSLContext) -> None:
        """Listen on free loopback ports: for each origin TLS, and the proxy that leads there."""
        await self._runner.setup()
        for origin, proxy in self.proxies.items():
            await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=context).start()
            port = next(address[1] for address in self._runner.addresses if address[1] not in self._ports)
            self._ports[port] = origin
            await proxy.start(target_port=port)

    async def add_proxy(self, context: ssl.SSLContext, address: str) -> ConnectProxy:
        """Return a further proxy of the agent's side, on an address of this machine, with certificates of its own."""
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=context).start()
        port = next(one[1] for one in self._runner.addresses if one[1] not in self._ports)
        self._ports[port] = "agent"
        proxy = self._new_proxy()
        await proxy.start(target_port=port, address=address)
        return proxy

    async def stop(self) -> None:
        """Close every connection and both ports."""
        for proxy in self.proxies.values():
            await proxy.stop()
        await self._runner.cleanup()

    def forget(self) -> None:
        """Drop the record of calls."""
        self.calls.clear()
        self.unexpected.clear()

    async def serve(self, request: web.Request, host: str, room: Room) -> web.StreamResponse:
        """Have a room answer a call of the agent's that came by a port of its own: with faults, and recorded."""
        request[ORIGIN] = "agent"
        return await self._recorded(request, host, room)

    def _new_proxy(self) -> ConnectProxy:
        return ConnectProxy(serves=lambda host: self._room(host) is not None, refused=self._refused_host)

    def _origin(self, request: web.Request) -> Origin:
        name = request.transport.get_extra_info("sockname") if request.transport else None
        return self._ports[name[1]] if name else "agent"

    def _room(self, host: str) -> Room | None:
        return next((room for room in self.rooms if room.serves(host)), None)

    def _refused_host(self, authority: str) -> None:
        self.unexpected.append(f"CONNECT {authority}")

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        host = request.host.partition(":")[0].lower()
        request[ORIGIN] = self._origin(request)
        return await self._recorded(request, host, self._room(host))

    async def _recorded(self, request: web.Request, host: str, room: Room | None) -> web.StreamResponse:
        request[BEGAN] = time.monotonic()
        try:
            response = await self._respond(request, host, room)
        except ConnectionError:  # the client went away, or a scripted fault cut the line
            self._record(request, host, status=0)
            return web.Response(status=503)
        self._record(request, host, status=response.status)
        return response

    def _record(self, request: web.Request, host: str, *, status: int) -> None:
        principal = request.get(PRINCIPAL)
        self.calls.append(
            Call(
                method=request.method,
                host=host,
                path=request.path,
                status=status,
                principal=principal,
                origin=request[ORIGIN],
                began=request[BEGAN],
                ended=time.monotonic(),
            ),
        )

    async def _respond(self, request: web.Request, host: str, room: Room | None) -> web.StreamResponse:
        if room is None:
            return self._not_served(request, host, "no such host")
        call = f"{request.method} {host}{request.path_qs}"
        fault = self._faults.take(call)

        async def answer() -> web.StreamResponse:
            return await self._answer(room, request, host)

        self._faults.befall(call, after=False)
        response = await (meet(fault, room, request, answer) if fault else answer())
        self._faults.befall(call, after=True)
        return response

    async def _answer(self, room: Room, request: web.Request, host: str) -> web.StreamResponse:
        try:
            return await room.answer(request, host)
        except NotServedError as reason:
            return self._not_served(request, host, str(reason))
        except ConnectionError:
            raise
        except Exception:  # noqa: BLE001 - a mistake of the local Azure itself must fail the test, not hide in a thread
            self.unexpected.append(f"{request.method} {host}{request.path}: {traceback.format_exc()}")
            return web.Response(status=500, text=traceback.format_exc())

    def _not_served(self, request: web.Request, host: str, reason: str) -> web.Response:
        call = f"{request.method} {host}{request.path_qs}"
        self.unexpected.append(f"{call}: {reason}")
        return web.Response(status=501, text=f"The local Azure does not serve this call: {call}\n{reason}\n")
