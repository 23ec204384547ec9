"""Entra ID, or AD FS in its place: tokens for applications, and its refusals. HTTP over `Cloud`."""

from __future__ import annotations

import time
import uuid
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import jwt
from aiohttp import web

from tests.local_azure.environments import ACR_AUDIENCE
from tests.local_azure.front.front import PRINCIPAL
from tests.local_azure.front.routes import JSON, Routes
from tests.local_azure.sign_in.entra_proofs import EntraError, Proofs
from tests.local_azure.state.state import TENANT_ID, Cloud, Principal
from tests.local_azure.state.subscription import TENANTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.local_azure.front.certificates import SigningKey
    from tests.local_azure.sign_in.azure_devops import AzureDevOps

TOKEN_LIFETIME = 3599
"""Seconds an access token is good for, as in Entra."""
_SKEW = 0.5
"""Seconds for which a token that has just expired is still taken; in Azure it is minutes.

Source: https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-tokens
"""


class Entra:
    """login.microsoftonline.com, and what it is called in other clouds, for one tenant."""

    def __init__(self, cloud: Cloud, key: SigningKey, azure_devops: AzureDevOps) -> None:
        self._cloud = cloud
        self._key = key
        self._proofs = Proofs(azure_devops)
        self.token_lifetime = TOKEN_LIFETIME
        """Seconds a new token is good for."""
        self._routes = Routes()
        self._routes.add("GET", "/common/discovery/instance", self._instance)
        self._routes.add("GET", "/{tenant}/v2.0/.well-known/openid-configuration", self._configuration)
        self._routes.add("POST", "/{tenant}/oauth2/v2.0/token", self._token)
        self._at_adfs = Routes()
        self._at_adfs.add("GET", "/adfs/.well-known/openid-configuration", self._adfs_configuration)
        self._at_adfs.add("POST", "/adfs/oauth2/token", self._token)

    @property
    def assertions_used(self) -> list[str]:
        """Every assertion ever presented, in order, also to a call that a scripted fault answered."""
        return self._proofs.assertions_used

    def serves(self, host: str) -> bool:
        """Answer under the names of the cloud's authority."""
        return host in self._cloud.environment.authorities

    async def answer(self, request: web.Request, host: str) -> web.StreamResponse:  # noqa: ARG002 - Room's form
        """Answer by route; refusals in Entra's shape."""
        try:
            return await (self._at_adfs if self._cloud.environment.adfs else self._routes).answer(request)
        except EntraError as error:
            return self._refusal(error)

    async def refuse(self, request: web.Request, status: int) -> web.Response:
        """Return a fault's usual body; an assertion presented to it counts as used."""
        if request.method == "POST" and (assertion := (await request.post()).get("client_assertion")):
            self.assertions_used.append(str(assertion))
        text = "The service is temporarily unavailable. Please retry later."
        return self._refusal(EntraError(status, "temporarily_unavailable", 90033, text))

    def forget(self) -> None:
        """Forget the assertions seen; the lifetime is the usual one again."""
        self.assertions_used.clear()
        self.token_lifetime = TOKEN_LIFETIME

    def mint(self, principal: Principal, audience: str, *, lifetime: float | None = None) -> str:
        """Return an access token; `lifetime` in seconds, negative for one that has expired.

        Source: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
        """
        now = time.time()
        seconds = self.token_lifetime if lifetime is None else lifetime
        return self._key.sign(
            {
                "aud": audience,
                "iss": self._issuer(principal.tenant_id),
                "iat": int(now),
                "nbf": int(now + min(0, seconds)),
                "exp": int(now + seconds),
                "appid": principal.client_id,
                "appidacr": "1",
                "idtyp": "app",
                "oid": principal.object_id,
                "sub": principal.object_id,
                "tid": principal.tenant_id,
                "uti": uuid.uuid4().hex[:22],
                "ver": "1.0",
            },
        )

    def read(self, token: str, *, audiences: tuple[str, ...]) -> Principal:
        """Return whom an access token for one of `audiences` stands for; raises jwt.InvalidTokenError."""
        accepted = [one + slash for one in audiences for slash in ("", "/")]
        required = {"require": ["exp", "oid"]}
        issuers = [self._issuer(tenant) for tenant in TENANTS]
        claims = self._key.read(token, audience=accepted, issuer=issuers, leeway=_SKEW, options=required)
        principal = self._cloud.with_object_id(claims["oid"])
        if principal is None:
            raise jwt.InvalidTokenError("the principal is gone")
        return principal

    def _issuer(self, tenant: str) -> str:
        environment = self._cloud.environment
        return f"https://{environment.issuer}/{'adfs' if environment.adfs else tenant + '/'}"

    async def _instance(self, _request: web.Request, _values: Mapping[str, str]) -> web.Response:
        """Return the authority's names in this cloud, as MSAL asks for them.

        Source: https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud,
        https://github.com/AzureAD/microsoft-authentication-library-for-python/blob/dev/msal/authority.py
        """
        aliases = [*self._cloud.environment.authorities, self._cloud.environment.issuer]
        names = {"preferred_network": aliases[0], "preferred_cache": aliases[1], "aliases": aliases}
        endpoint = f"{self._cloud.environment.authority}/{TENANT_ID}/v2.0/.well-known/openid-configuration"
        return web.json_response(
            {"tenant_discovery_endpoint": endpoint, "api-version": "1.1", "metadata": [names]},
        )

    async def _configuration(self, _request: web.Request, values: Mapping[str, str]) -> web.Response:
        """Return the tenant's OpenID configuration.

        Source: https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc#fetch-the-openid-configuration-document
        """
        _check_tenant(values["tenant"])
        base = f"{self._cloud.environment.authority}/{values['tenant'].lower()}"
        return web.json_response(
            {
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "issuer": f"{base}/v2.0",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
                "response_types_supported": ["code", "id_token", "token"],
                "tenant_region_scope": "EU",
                "cloud_instance_name": "microsoftonline.com",
            },
        )

    async def _adfs_configuration(self, _request: web.Request, _values: Mapping[str, str]) -> web.Response:
        """Return the OpenID configuration of AD FS.

        Source: https://learn.microsoft.com/windows-server/identity/ad-fs/development/ad-fs-openid-connect-oauth-concepts
        """
        base = f"{self._cloud.environment.authority}/adfs"
        return web.json_response(
            {
                "issuer": base,
                "token_endpoint": f"{base}/oauth2/token",
                "authorization_endpoint": f"{base}/oauth2/authorize",
                "jwks_uri": f"{base}/discovery/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            },
        )

    async def _token(self, request: web.Request, values: Mapping[str, str]) -> web.Response:
        """Return an access token to an application that proves itself.

        Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
        """
        form = {name: str(value) for name, value in (await request.post()).items()}
        tenant = values.get("tenant", TENANT_ID).lower()
        _check_tenant(tenant)
        principal = self._application(form, tenant)
        self._proofs.prove(principal, form, endpoint=f"https://{request.host}{request.path}")
        request[PRINCIPAL] = principal.name
        token = self.mint(principal, self.audience(form.get("scope", "")))
        lifetime = self.token_lifetime
        answer: JSON = {"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime}
        return web.json_response(answer | {"access_token": token})

    def _application(self, form: Mapping[str, str], tenant: str) -> Principal:
        if form.get("grant_type") != "client_credentials":
            text = "The app requested an unsupported grant type."
            raise EntraError(400, "unsupported_grant_type", 70003, text)
        principal = self._cloud.with_client_id(form.get("client_id", ""))
        if principal is None or principal.tenant_id != tenant:
            text = (
                f"Application with identifier '{form.get('client_id', '')}' was not found in the directory "
                "'Contoso'. This can happen if the application has not been installed by the administrator "
                "of the tenant or consented to by any user in the tenant. You may have sent your "
                "authentication request to the wrong tenant."
            )
            raise EntraError(400, "unauthorized_client", 700016, text)
        return principal

    def audience(self, scope: str) -> str:
        """Return what a token is asked for; raises EntraError for what the tenant does not know.

        Source: https://learn.microsoft.com/entra/identity-platform/scopes-oidc#trailing-slash-and-default
        """
        environment = self._cloud.environment
        resource, found, _ = scope.partition("/.default")
        known = {*environment.audiences} | ({ACR_AUDIENCE} if environment.registry_audience else set())
        if not found or resource.rstrip("/") not in known:
            text = (
                f"The resource principal named {resource} was not found in the tenant named Contoso. This can happen "
                "if the application has not been installed by the administrator of the tenant or consented to by any "
                "user in the tenant. You might have sent your authentication request to the wrong tenant."
            )
            raise EntraError(400, "invalid_resource", 500011, text)
        return resource

    def _refusal(self, error: EntraError) -> web.Response:
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        moment = f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M:%SZ}"
        ids = f"Trace ID: {trace} Correlation ID: {correlation} Timestamp: {moment}"
        body: JSON = {
            "error": error.error,
            "error_description": f"AADSTS{error.code}: {error} {ids}",
            "error_codes": [error.code],
            "timestamp": moment,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"{self._cloud.environment.authority}/error?code={error.code}",
        }
        return web.json_response(body, status=error.status)


def _check_tenant(tenant: str) -> None:
    if tenant.lower() not in TENANTS:
        text = (
            f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing "
            "into the correct cloud. Check with your subscription administrator, this may happen if there are "
            "no active subscriptions for the tenant."
        )
        raise EntraError(400, "invalid_request", 90002, text)
