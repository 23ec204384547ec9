"""Azure Container Registry: token service in front, a real registry behind. HTTP over `Cloud`.

Sources: https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md (exchange, tokens),
https://distribution.github.io/distribution/spec/auth/oauth/ and …/spec/auth/token/ (what Docker asks for).
"""

from __future__ import annotations

import contextlib
import json
import re
import time
import uuid
from typing import TYPE_CHECKING

import jwt
from aiohttp import BasicAuth, ClientError, ClientSession, web

from tests.local_azure.environments import ACR_AUDIENCE
from tests.local_azure.front.front import ORIGIN, PRINCIPAL
from tests.local_azure.front.reverse_proxy import pass_on
from tests.local_azure.front.routes import NotServedError, Routes
from tests.local_azure.registries.acr_rights import Caller, caller_name, everything, granted
from tests.local_azure.state.state import Cloud, Principal, Push, RegistryState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.local_azure.front.certificates import SigningKey
    from tests.local_azure.registries.blob_storage import BlobStorage
    from tests.local_azure.sign_in.entra import Entra

ISSUER = "Azure Container Registry"
TOKEN_USER = "00000000-0000-0000-0000-000000000000"
"""The user name that says the password is a refresh token."""
REFRESH_TOKEN_LIFETIME = 3 * 3600
ACCESS_TOKEN_LIFETIME = 75 * 60
"""Seconds."""

_AUTHENTICATION_REQUIRED = (
    "authentication required, visit https://aka.ms/acr/authorization for more information. CorrelationId: {}"
)

_BLOB = re.compile(r"/v2/(?P<repository>.+)/blobs/(?P<digest>sha256:[0-9a-f]{64})")
_ADDRESSES = {"app": "20.50.2.51", "agent": "52.166.10.7", "tasks": "20.61.97.1"}
"""From where App Service, the build agent and the agents of ACR Tasks are seen to call."""


class UnauthorizedError(Exception):
    """The registry does not accept this credential."""


class ContainerRegistries:
    """Every registry there is, `*.azurecr.io` in the public cloud."""

    def __init__(
        self, cloud: Cloud, key: SigningKey, entra: Entra, session: ClientSession, storage: BlobStorage
    ) -> None:
        self._cloud = cloud
        self._storage = storage
        self._key = key
        self._entra = entra
        self._session = session
        self.servers: dict[str, str] = {}
        """Base URL of the real registry behind each login server."""
        self._routes = Routes()
        self._routes.add("POST", "/oauth2/exchange", self._exchange)
        self._routes.add("POST", "/oauth2/token", self._token_for_form)
        self._routes.add("GET", "/oauth2/token", self._token_for_basic)

    def serves(self, host: str) -> bool:
        """Answer for all that have a server, also when they are gone: an engine may be pulling from one still."""
        return host in self.servers

    async def answer(self, request: web.Request, host: str) -> web.StreamResponse:
        """Answer a token call, or let the real registry answer."""
        if (refusal := _firewall(request, self._cloud.registry_at(host))) is not None:
            return refusal
        try:
            if request.path.startswith("/v2/"):
                return await self._distribution(request, self._registry(host))
            return await self._routes.answer(request)
        except (UnauthorizedError, jwt.InvalidTokenError):
            return _error(401, "UNAUTHORIZED", _AUTHENTICATION_REQUIRED.format(uuid.uuid4()))

    async def refuse(self, request: web.Request, status: int) -> web.Response:  # noqa: ARG002 - Room's form
        """Return an error in the registry's shape."""
        return _error(status, "UNAVAILABLE", "service unavailable")

    def refresh_token(self, registry: RegistryState, principal: Principal) -> str:
        """Return what `/oauth2/exchange` gives; it comes with no rights of its own."""
        return self._sign(registry, principal.object_id, REFRESH_TOKEN_LIFETIME, grant_type="refresh_token")

    def lets_pull(self, host: str, repository: str, username: str | None, password: str | None) -> bool:
        """Say whether someone may pull a repository, by user name and password; anonymously without a user name."""
        registry = self._registry(host)
        if username is None:
            return registry.anonymous_pull
        try:
            caller = self._caller(registry, username, password or "")
        except (UnauthorizedError, jwt.InvalidTokenError):
            return False
        return bool(granted(self._cloud, registry, caller, f"repository:{repository}:pull")["Actions"])

    async def _exchange(self, request: web.Request, _values: Mapping[str, str]) -> web.Response:
        """Return a refresh token for a token of Entra's.

        Source: https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md
        """
        form = await request.post()
        registry = self._registry(request.host)
        if form.get("grant_type") != "access_token" or form.get("service") != registry.login_server:
            return _error(400, "INVALID_REQUEST", "grant_type access_token for this service is expected")
        token = str(form.get("access_token", ""))
        arm = self._cloud.environment.audiences if registry.arm_tokens else ()
        own = (ACR_AUDIENCE,) if registry.own_tokens else ()
        principal = self._entra.read(token, audiences=(*own, *arm))
        request[PRINCIPAL] = principal.name
        if {str(form.get("tenant")), principal.tenant_id} != {registry.subscription.tenant_id}:
            raise UnauthorizedError
        return web.json_response({"refresh_token": self.refresh_token(registry, principal)})

    async def _token_for_form(self, request: web.Request, _values: Mapping[str, str]) -> web.Response:
        """Return an access token for a refresh token, or for user and password.

        Source: https://distribution.github.io/distribution/spec/auth/oauth/
        """
        form = {name: str(value) for name, value in (await request.post()).items()}
        if form.get("grant_type") == "password":
            return self._token(request, form.get("username", ""), form.get("password", ""), form.get("scope", ""))
        if form.get("grant_type") == "refresh_token":
            return self._token(request, TOKEN_USER, form.get("refresh_token", ""), form.get("scope", ""))
        raise NotServedError(f"grant_type {form.get('grant_type')}")

    async def _token_for_basic(self, request: web.Request, _values: Mapping[str, str]) -> web.Response:
        """Return an access token for user and password in the header.

        Source: https://distribution.github.io/distribution/spec/auth/token/
        """
        scope = " ".join(request.query.getall("scope", []))
        if "Authorization" not in request.headers and self._registry(request.host).anonymous_pull:
            return self._token_of(request, "anonymous", scope)
        try:
            credential = BasicAuth.decode(request.headers.get("Authorization", ""))
        except ValueError as error:
            raise UnauthorizedError from error
        return self._token(request, credential.login, credential.password, scope)

    def _token(self, request: web.Request, username: str, password: str, scope: str) -> web.Response:
        caller = self._caller(self._registry(request.host), username, password)
        return self._token_of(request, caller, scope)

    def _token_of(self, request: web.Request, caller: Caller, scope: str) -> web.Response:
        registry = self._registry(request.host)
        request[PRINCIPAL] = caller_name(caller)
        access = [granted(self._cloud, registry, caller, one) for one in scope.split()]
        if registry.claims_everything:  # beside the others, since the real registry behind knows no `*` for a name
            access = [everything(), *access]
        subject = caller.object_id if isinstance(caller, Principal) else caller
        token = self._sign(registry, subject, ACCESS_TOKEN_LIFETIME, access=access)
        return web.json_response({"access_token": token})

    def _caller(self, registry: RegistryState, username: str, password: str) -> Caller:
        if username == TOKEN_USER:
            return self._refreshed(registry, password)
        good = password in {registry.admin_password, registry.second_admin_password}
        if username == registry.name and good and registry.admin_user_enabled:
            return "admin user"
        principal = self._cloud.with_client_id(username)
        if principal is None or principal.secret is None or principal.secret != password:
            raise UnauthorizedError
        return principal

    def _refreshed(self, registry: RegistryState, token: str) -> Principal:
        claims = self._key.read(token, audience=registry.login_server, issuer=ISSUER)
        principal = self._cloud.with_object_id(claims["sub"])
        if principal is None or claims.get("grant_type") != "refresh_token":
            raise UnauthorizedError
        return principal

    def _sign(self, registry: RegistryState, subject: str, lifetime: int, **more: object) -> str:
        now = int(time.time())
        claims = {
            "jti": str(uuid.uuid4()),
            "iss": ISSUER,
            "aud": registry.login_server,
            "sub": subject,
            "iat": now,
            "nbf": now - 60,
            "exp": now + lifetime,
        }
        return self._key.sign(claims | more)

    def _registry(self, host: str) -> RegistryState:
        registry = self._cloud.registry_at(host)
        if registry is None:
            raise UnauthorizedError
        return registry

    async def _distribution(self, request: web.Request, registry: RegistryState) -> web.StreamResponse:
        """Let the real registry answer, and keep the ledger.

        Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#endpoints
        """
        server = self.servers[registry.login_server]
        self._note_caller(request, registry)
        blob = _BLOB.fullmatch(request.path) if request.method == "GET" else None
        if blob and await self._lets_read(request, server):
            address = self._storage.address(registry, blob["repository"], blob["digest"])
            return web.Response(status=307, headers={"Location": address, "Docker-Content-Digest": blob["digest"]})
        try:
            response = await pass_on(
                request,
                self._session,
                server,
                reword=lambda status: _in_acr_words(status, request.path),
            )
        except ClientError as error:
            raise ConnectionResetError(str(error)) from error
        _note(registry, request, response.status)
        return response

    async def _lets_read(self, request: web.Request, server: str) -> bool:
        """Tell whether the real registry lets the caller have a blob that it has."""
        headers = {name: request.headers[name] for name in ("Authorization",) if name in request.headers}
        async with self._session.head(server + request.path, headers=headers) as answer:
            return answer.status == web.HTTPOk.status_code

    def _note_caller(self, request: web.Request, registry: RegistryState) -> None:
        _, _, token = request.headers.get("Authorization", "").partition("Bearer ")
        with contextlib.suppress(jwt.InvalidTokenError):  # whether it is good enough, the real registry says
            subject = self._key.read(token, audience=registry.login_server, issuer=ISSUER)["sub"]
            principal = self._cloud.with_object_id(subject)
            request[PRINCIPAL] = principal.name if principal else subject


def _firewall(request: web.Request, registry: RegistryState | None) -> web.Response | None:
    """Return the refusal by address, where there is one.

    Source: https://learn.microsoft.com/azure/container-registry/container-registry-troubleshoot-access
    """
    origin = request[ORIGIN]
    if registry is None or not registry.denies(origin):
        return None
    text = (
        f"client with IP '{_ADDRESSES[origin]}' is not allowed access. "
        "Refer https://aka.ms/acr/firewall to grant access."
    )
    return _error(403, "DENIED", text)


def _in_acr_words(status: int, path: str) -> str | None:
    # The registry behind says less than ACR does: https://github.com/Azure/webapps-deploy/issues/454
    manifest = re.fullmatch(r"/v2/(.+)/manifests/([^/]+)", path)
    if status == web.HTTPUnauthorized.status_code:
        return _body("UNAUTHORIZED", _AUTHENTICATION_REQUIRED.format(uuid.uuid4()))
    if status == web.HTTPNotFound.status_code and manifest and ":" not in manifest[2]:
        return _body("MANIFEST_UNKNOWN", f'manifest tagged by "{manifest[2]}" is not found')
    return None


def _note(registry: RegistryState, request: web.Request, status: int) -> None:
    # https://github.com/opencontainers/distribution-spec/blob/main/spec.md#endpoints
    parts = re.fullmatch(r"/v2/(.+)/(blobs|manifests)/(.+)", request.path)
    if parts is None:
        return
    repository, kind, reference = parts.groups()
    if request.method in {"PUT", "POST"} and status == web.HTTPCreated.status_code:
        digest = request.query.get("digest") or request.query.get("mount")
        registry.pushes.append(Push(kind=kind, repository=repository, reference=digest or reference))
    if request.method == "GET" and status == web.HTTPOk.status_code and request[ORIGIN] == "agent":
        registry.reads[reference] += 1


def _body(code: str, message: str) -> str:
    return json.dumps({"errors": [{"code": code, "message": message, "detail": None}]})


def _error(status: int, code: str, message: str) -> web.Response:
    return web.Response(status=status, text=_body(code, message), content_type="application/json")
