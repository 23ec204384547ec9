"""Registries that are not Azure's: Docker Hub, a Harbor, a plain registry with a password file. HTTP over state.

The real `docker-registry` answers behind each; here are their hosts, and the token services in front.
Sources: https://distribution.github.io/distribution/spec/auth/token/ (what Docker asks for),
https://docs.docker.com/reference/api/registry/auth/ (Docker Hub's hosts).
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import BasicAuth, ClientError, ClientSession, web

from tests.local_azure.front.front import PRINCIPAL
from tests.local_azure.front.reverse_proxy import pass_on
from tests.local_azure.front.routes import JSON, NotServedError

if TYPE_CHECKING:
    from tests.local_azure.front.certificates import SigningKey

ISSUER = "docker registries"
TOKEN_LIFETIME = 300
"""Seconds, as on Docker Hub."""
USER, PASSWORD = "robot", "harbor-r0bot~password"
PASSWORD_FILE = f"{USER}:$2b$04$oO5gSCDDpmFMCwLxLsQSee/on5MTQC8g14Si69EVbW4zXkrLxG7EW\n"
"""What `htpasswd -B` makes of the two, which is the one form that the registry takes.

Source: https://distribution.github.io/distribution/about/configuration/#htpasswd
"""
_UNAUTHORIZED = {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required", "detail": None}]}


@dataclass(kw_only=True, slots=True)
class DockerRegistry:
    """One registry, and what is allowed in it."""

    host: str
    """As it stands in references."""
    answers_at: str
    """The host that has the images."""
    realm: str
    """URL of the token service; empty where passwords themselves are shown to the registry."""
    service: str
    public: set[str] = field(default_factory=set)
    """Repositories that everybody may pull."""
    read_only: bool = False
    """Whether the user may pull only."""
    takes_forms: bool = False
    """Whether the token service takes POST, too."""
    shown: list[str] = field(default_factory=list)
    """The kind of each credential that the host with the images was shown: `Bearer`, `Basic`, or empty."""


HARBOR = "harbor.contoso.example"
PLAIN = "registry.contoso.example"
NAMES = ("*.contoso.example", "registry-1.docker.io", "auth.docker.io")
"""What the server certificate has to vouch for."""


def docker_hub() -> DockerRegistry:
    """Return Docker Hub, whose names are three."""
    realm = "https://auth.docker.io/token"
    return DockerRegistry(
        host="docker.io",
        answers_at="registry-1.docker.io",
        realm=realm,
        service="registry.docker.io",
        takes_forms=True,
    )


def harbor() -> DockerRegistry:
    """Return a Harbor, with its token service on the same host."""
    realm = f"https://{HARBOR}/service/token"
    return DockerRegistry(host=HARBOR, answers_at=HARBOR, realm=realm, service="harbor-registry")


def plain_registry() -> DockerRegistry:
    """Return a registry with a password file."""
    return DockerRegistry(host=PLAIN, answers_at=PLAIN, realm="", service="")


class DockerRegistries:
    """Every registry there is besides Azure's."""

    def __init__(self, key: SigningKey, session: ClientSession) -> None:
        self._key = key
        self._session = session
        self.registries: dict[str, DockerRegistry] = {}
        """By the host that has the images."""
        self.servers: dict[str, str] = {}
        """Base URL of the real registry behind each."""

    def serves(self, host: str) -> bool:
        """Answer for what exists, and for the token services."""
        return host in self.registries or any(urlsplit(one.realm).netloc == host for one in self.registries.values())

    async def answer(self, request: web.Request, host: str) -> web.StreamResponse:
        """Answer a token call, or let the real registry answer."""
        service = self._token_service(f"https://{host}{request.path}")
        if service is not None:
            return (
                await self._token_for_form(request, service)
                if request.method == "POST"
                else self._token(request, service)
            )
        if host not in self.registries or not request.path.startswith("/v2/"):
            raise NotServedError("neither a registry nor its token service")
        self.registries[host].shown.append(request.headers.get("Authorization", "").partition(" ")[0])
        try:
            return await pass_on(request, self._session, self.servers[host])
        except ClientError as error:
            raise ConnectionResetError(str(error)) from error

    async def refuse(self, request: web.Request, status: int) -> web.Response:  # noqa: ARG002 - Room's form
        """Return an error in a registry's shape."""
        return web.json_response({"errors": [{"code": "UNAVAILABLE", "message": "unavailable"}]}, status=status)

    def forget(self) -> None:
        """Have none any more; what was pushed stays for the next of the same host."""
        self.registries.clear()

    def _token_service(self, url: str) -> DockerRegistry | None:
        return next((one for one in self.registries.values() if one.realm == url), None)

    def _token(self, request: web.Request, registry: DockerRegistry) -> web.Response:
        """Return a token for what the caller may do of what it asks for, which may be nothing."""
        if request.method != "GET" or request.query.get("service") != registry.service:
            raise NotServedError("the token service is asked for its own service")
        signed_in = "Authorization" in request.headers
        if signed_in and not _is_user(request.headers["Authorization"]):
            return _refused(registry)
        request[PRINCIPAL] = USER if signed_in else "anonymous"
        scopes = " ".join(request.query.getall("scope", [])).split()
        token = self._signed(registry, [_granted(registry, scope, signed_in=signed_in) for scope in scopes])
        return web.json_response({"token": token, **_lifetime(token)})

    async def _token_for_form(self, request: web.Request, registry: DockerRegistry) -> web.Response:
        """Return a token for a form with a password, as engines with containerd ask; a Harbor takes GET only.

        Source: https://distribution.github.io/distribution/spec/auth/oauth/ and fetch.go in
        https://github.com/containerd/containerd (core/remotes/docker/auth), which asks by GET after a 405
        """
        if not registry.takes_forms:
            return web.Response(status=405, headers={"Allow": "GET"})
        form = {name: str(value) for name, value in (await request.post()).items()}
        if form.get("service") != registry.service or form.get("grant_type") != "password":
            raise NotServedError(f"grant_type {form.get('grant_type')} for {form.get('service')}")
        if (form.get("username"), form.get("password")) != (USER, PASSWORD):
            return _refused(registry)
        request[PRINCIPAL] = USER
        access = [_granted(registry, scope, signed_in=True) for scope in form.get("scope", "").split()]
        return web.json_response({"scope": form.get("scope", ""), **_lifetime(self._signed(registry, access))})

    def _signed(self, registry: DockerRegistry, access: list[JSON]) -> str:
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": registry.service, "sub": USER, "jti": str(uuid.uuid4()), "access": access}
        return self._key.sign(claims | {"iat": now, "nbf": now - 60, "exp": now + TOKEN_LIFETIME})


def _refused(registry: DockerRegistry) -> web.Response:
    hub = {"details": "incorrect username or password"}
    return web.json_response(hub if registry.host == "docker.io" else _UNAUTHORIZED, status=401)


def _lifetime(token: str) -> JSON:
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {"access_token": token, "expires_in": TOKEN_LIFETIME, "issued_at": moment}


def _is_user(authorization: str) -> bool:
    try:
        credential = BasicAuth.decode(authorization)
    except ValueError:
        return False
    return (credential.login, credential.password) == (USER, PASSWORD)


def _granted(registry: DockerRegistry, scope: str, *, signed_in: bool) -> JSON:
    """Return the claim for a scope `repository:NAME:pull,push`, less what the caller may not do."""
    kind, _, rest = scope.partition(":")
    name, _, actions = rest.rpartition(":")
    may = set() if not signed_in else {"pull"} if registry.read_only else {"pull", "push"}
    may |= {"pull"} if name in registry.public else set()
    return {"type": kind, "name": name, "actions": [one for one in actions.split(",") if one in may]}
