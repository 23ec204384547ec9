"""The two endpoints at which a machine in Azure gets tokens of its managed identities. Plain HTTP on loopback.

Sources: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token (virtual
machines) and https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference (App
Service, Container Apps and whoever else has such an endpoint).
"""

from __future__ import annotations

import secrets
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from tests.local_azure.front.routes import NotServedError
from tests.local_azure.sign_in.entra_proofs import EntraError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import TypeAlias

    from tests.local_azure.front.routes import JSON, Room
    from tests.local_azure.sign_in.entra import Entra
    from tests.local_azure.state.principal import Principal
    from tests.local_azure.state.state import Cloud

    Serve: TypeAlias = Callable[[web.Request, str, Room], Awaitable[web.StreamResponse]]
    """Has a room answer a call to a host, as `Front.serve` does."""

_OF_A_MACHINE = "/metadata/identity/oauth2/token"
_OF_APP_SERVICE = "/msi/token"


IMDS, IDENTITY_ENDPOINT = "169.254.169.254", "identity-endpoint"
"""How the two hosts are called in faults and in the record of calls."""


class _RefusedError(Exception):
    """What the endpoint does not give a token for."""


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """One of the two as a `Room`."""

    host: str
    responder: Callable[[web.Request], web.Response]

    def serves(self, host: str) -> bool:
        """Answer under its name."""
        return host == self.host

    async def answer(self, request: web.Request, host: str) -> web.StreamResponse:  # noqa: ARG002 - Room's form
        """Answer at once."""
        return self.responder(request)

    async def refuse(self, request: web.Request, status: int) -> web.Response:  # noqa: ARG002 - Room's form
        """Return that status."""
        return web.Response(status=status, text="")


class MachineIdentities:
    """The endpoints of the one machine that the agent runs on; `Cloud.machine` says which identities it has."""

    def __init__(self, cloud: Cloud, entra: Entra, serve: Serve) -> None:
        self._cloud = cloud
        self._entra = entra
        self._serve = serve
        self._header = secrets.token_hex(16)
        self._runners: list[web.AppRunner] = []
        self.environment: Mapping[str, Mapping[str, str]] = {}
        """By endpoint (`imds`, `app_service`) what a process on the machine finds in its environment."""

    async def start(self) -> None:
        """Listen on two free loopback ports."""
        machine = await self._served(_Endpoint(IMDS, self._for_machine))
        app_service = await self._served(_Endpoint(IDENTITY_ENDPOINT, self._for_app_service))
        self.environment = {
            # https://github.com/Azure/azure-sdk-for-python/blob/main/sdk/identity/azure-identity/azure/identity/_constants.py
            "imds": {"AZURE_POD_IDENTITY_AUTHORITY_HOST": machine},
            "app_service": {"IDENTITY_ENDPOINT": app_service + _OF_APP_SERVICE, "IDENTITY_HEADER": self._header},
        }

    async def stop(self) -> None:
        """Close both."""
        for runner in self._runners:
            await runner.cleanup()

    async def _served(self, endpoint: _Endpoint) -> str:
        async def answer(request: web.Request) -> web.StreamResponse:
            return await self._serve(request, endpoint.host, endpoint)

        application = web.Application()
        application.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2)
        self._runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    def _for_machine(self, request: web.Request) -> web.Response:
        _confirm_known(request, _OF_A_MACHINE, "2018-02-01")
        try:
            _check_metadata_header(request)
            token = self._token(request)
        except _RefusedError as reason:
            return web.json_response({"error": "invalid_request", "error_description": str(reason)}, status=400)
        except EntraError as error:
            told = {"error": error.error, "error_description": f"AADSTS{error.code}: {error}"}
            return web.json_response(told, status=400)
        lifetime = {"expires_in": str(self._entra.token_lifetime), "ext_expires_in": str(self._entra.token_lifetime)}
        return web.json_response(token | lifetime)

    def _for_app_service(self, request: web.Request) -> web.Response:
        _confirm_known(request, _OF_APP_SERVICE, "2019-08-01")
        if request.headers.get("X-IDENTITY-HEADER") != self._header:
            return web.json_response({"statusCode": 401, "message": "Unauthorized"}, status=401)
        try:
            return web.json_response(self._token(request))
        except (_RefusedError, EntraError) as error:
            text = "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId"
            told = f"AADSTS{error.code}: {error}" if isinstance(error, EntraError) else f"{text}."
            body: JSON = {"statusCode": 400, "message": told, "correlationId": str(uuid.uuid4())}
            return web.json_response(body, status=400)

    def _token(self, request: web.Request) -> JSON:
        principal = self._identity(request.query.get("client_id"))
        resource = self._entra.audience(f"{request.query.get('resource', '')}/.default")
        now = int(time.time())
        return {
            "access_token": self._entra.mint(principal, resource),
            "client_id": principal.client_id,
            "expires_on": str(now + self._entra.token_lifetime),
            "not_before": str(now),
            "resource": resource,
            "token_type": "Bearer",
        }

    def _identity(self, client_id: str | None) -> Principal:
        """Return the identity that is named, else the machine's own, else the only one it has."""
        machine = self._cloud.machine
        if client_id:
            found = [one for one in machine.users if one.client_id.lower() == client_id.lower()]
        else:
            found = [machine.own] if machine.own else list(machine.users)
        if len(found) > 1:
            text = "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity"
            raise _RefusedError(f"{text} in the token request")
        if not found:
            raise _RefusedError("Identity not found")
        return found[0]


def _confirm_known(request: web.Request, path: str, version: str) -> None:
    known = {"api-version", "resource", "client_id"}
    fits = request.path == path and request.query.get("api-version") == version and set(request.query) <= known
    if not fits or request.method != "GET":
        raise NotServedError("at a machine's identity endpoint")


def _check_metadata_header(request: web.Request) -> None:
    """Refuse who does not know what he does; a proxy's header shows that the call comes from elsewhere."""
    if request.headers.get("Metadata") != "true" or "X-Forwarded-For" in request.headers:
        raise _RefusedError("Required metadata header not specified")
