"""Entra ID: tokens for a client secret or a federated assertion, and its refusals. HTTP over `Cloud`."""

from __future__ import annotations

import time
import uuid
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import jwt
from aiohttp import web

from .front import PRINCIPAL
from .routes import JSON, Routes
from .state import TENANT_ID, Cloud, Principal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .azure_devops import AzureDevOps
    from .certificates import Claims, SigningKey

AUTHORITY = "https://login.microsoftonline.com"
ISSUER = f"https://sts.windows.net/{TENANT_ID}/"
ARM_AUDIENCES = ("https://management.azure.com", "https://management.core.windows.net")
"""What tokens for ARM may be for, each with or without a slash at the end.

Source: https://learn.microsoft.com/azure/azure-resource-manager/management/authenticate-multi-tenant
"""
ACR_AUDIENCE = "https://containerregistry.azure.net"
ASSERTION_AUDIENCE = "api://AzureADTokenExchange"
TOKEN_LIFETIME = 3599
"""Seconds an access token is good for, as in Entra."""
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class EntraError(Exception):
    """A refusal in Entra's words.

    Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
    """

    def __init__(self, status: int, error: str, code: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.error = error
        self.code = code


class Entra:
    """login.microsoftonline.com, for one tenant."""

    def __init__(self, cloud: Cloud, key: SigningKey, azure_devops: AzureDevOps) -> None:
        self._cloud = cloud
        self._key = key
        self._azure_devops = azure_devops
        self.token_lifetime = TOKEN_LIFETIME
        """Seconds a new token is good for."""
        self.assertions_used: list[str] = []
        """Every assertion ever presented, in order, also to a call that a scripted fault answered."""
        self._routes = Routes()
        self._routes.add("GET", "/common/discovery/instance", self._instance)
        self._routes.add("GET", "/{tenant}/v2.0/.well-known/openid-configuration", self._configuration)
        self._routes.add("POST", "/{tenant}/oauth2/v2.0/token", self._token)

    def serves(self, host: str) -> bool:
        """Answer under both names of the public cloud's authority."""
        return host in {"login.microsoftonline.com", "login.windows.net"}

    async def answer(self, request: web.Request, host: str) -> web.StreamResponse:  # noqa: ARG002 - Room's form
        """Answer by route; refusals in Entra's shape."""
        try:
            return await self._routes.answer(request)
        except EntraError as error:
            return _refusal(error)

    async def refuse(self, request: web.Request, status: int) -> web.Response:
        """Give a fault's usual body; an assertion presented to it counts as used."""
        if request.method == "POST" and (assertion := (await request.post()).get("client_assertion")):
            self.assertions_used.append(str(assertion))
        text = "The service is temporarily unavailable. Please retry later."
        return _refusal(EntraError(status, "temporarily_unavailable", 90033, text))

    def forget(self) -> None:
        """Forget the assertions seen; the lifetime is the usual one again."""
        self.assertions_used.clear()
        self.token_lifetime = TOKEN_LIFETIME

    def mint(self, principal: Principal, audience: str, *, lifetime: float | None = None) -> str:
        """Give an access token; `lifetime` in seconds, negative for one that has expired.

        Source: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
        """
        now = time.time()
        seconds = self.token_lifetime if lifetime is None else lifetime
        return self._key.sign(
            {
                "aud": audience,
                "iss": ISSUER,
                "iat": int(now),
                "nbf": int(now + min(0, seconds)),
                "exp": int(now + seconds),
                "appid": principal.client_id,
                "appidacr": "1",
                "idtyp": "app",
                "oid": principal.object_id,
                "sub": principal.object_id,
                "tid": TENANT_ID,
                "uti": uuid.uuid4().hex[:22],
                "ver": "1.0",
            },
        )

    def read(self, token: str, *, audiences: tuple[str, ...]) -> Principal:
        """Give whom an access token for one of `audiences` stands for; raises jwt.InvalidTokenError."""
        accepted = [one + slash for one in audiences for slash in ("", "/")]
        claims = self._key.read(token, audience=accepted, issuer=ISSUER, options={"require": ["exp", "oid"]})
        principal = self._cloud.with_object_id(claims["oid"])
        if principal is None:
            raise jwt.InvalidTokenError("the principal is gone")
        return principal

    async def _instance(self, _request: web.Request, _values: Mapping[str, str]) -> web.Response:
        """Give the authority's names in this cloud, as MSAL asks for them.

        Source: https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud,
        https://github.com/AzureAD/microsoft-authentication-library-for-python/blob/dev/msal/authority.py
        """
        aliases = ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"]
        names = {"preferred_network": aliases[0], "preferred_cache": aliases[1], "aliases": aliases}
        endpoint = f"{AUTHORITY}/{TENANT_ID}/v2.0/.well-known/openid-configuration"
        return web.json_response(
            {"tenant_discovery_endpoint": endpoint, "api-version": "1.1", "metadata": [names]},
        )

    async def _configuration(self, _request: web.Request, values: Mapping[str, str]) -> web.Response:
        """Give the tenant's OpenID configuration.

        Source: https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc#fetch-the-openid-configuration-document
        """
        _check_tenant(values["tenant"])
        base = f"{AUTHORITY}/{TENANT_ID}"
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

    async def _token(self, request: web.Request, values: Mapping[str, str]) -> web.Response:
        """Give an access token to an application that proves itself.

        Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
        """
        form = {name: str(value) for name, value in (await request.post()).items()}
        _check_tenant(values["tenant"])
        principal = self._application(form)
        self._prove(principal, form)
        request[PRINCIPAL] = principal.name
        token = self.mint(principal, _audience(form.get("scope", "")))
        lifetime = self.token_lifetime
        answer: JSON = {"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime}
        return web.json_response(answer | {"access_token": token})

    def _application(self, form: Mapping[str, str]) -> Principal:
        if form.get("grant_type") != "client_credentials":
            text = "The app requested an unsupported grant type."
            raise EntraError(400, "unsupported_grant_type", 70003, text)
        principal = self._cloud.with_client_id(form.get("client_id", ""))
        if principal is None:
            text = (
                f"Application with identifier '{form.get('client_id', '')}' was not found in the directory "
                "'Contoso'. This can happen if the application has not been installed by the administrator "
                "of the tenant or consented to by any user in the tenant. You may have sent your "
                "authentication request to the wrong tenant."
            )
            raise EntraError(400, "unauthorized_client", 700016, text)
        return principal

    def _prove(self, principal: Principal, form: Mapping[str, str]) -> None:
        if form.get("client_assertion_type") == _ASSERTION_TYPE:
            self._prove_by_assertion(principal, form.get("client_assertion", ""))
        elif "client_secret" not in form:
            wanted = "'client_assertion' or 'client_secret'"
            text = f"The request body must contain the following parameter: {wanted}."
            raise EntraError(401, "invalid_client", 7000218, text)
        elif principal.secret is None or form["client_secret"] != principal.secret:
            text = (
                "Invalid client secret provided. Ensure the secret being sent in the request is the client "
                "secret value, not the client secret ID, for a secret added to app "
                f"'{principal.client_id}'."
            )
            raise EntraError(401, "invalid_client", 7000215, text)

    def _prove_by_assertion(self, principal: Principal, assertion: str) -> None:
        # https://learn.microsoft.com/entra/workload-id/workload-identity-federation
        presented_before = assertion in self.assertions_used
        self.assertions_used.append(assertion)
        claims = self._assertion_claims(assertion)
        if claims["sub"] != principal.federated_subject:
            text = (
                "No matching federated identity record found for presented assertion subject "
                f"'{claims['sub']}'. Check your federated identity credential Subject, Audience and Issuer "
                "against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
            )
            raise EntraError(401, "invalid_client", 700213, text)
        if presented_before:  # stricter than Entra: a task that sends one twice has not asked for a fresh one
            text = "Client assertion is not within its valid time range. It was presented once already."
            raise EntraError(401, "invalid_client", 700024, text)

    def _assertion_claims(self, assertion: str) -> Claims:
        try:
            return self._azure_devops.read_assertion(assertion)
        except jwt.ExpiredSignatureError as error:
            text = (
                "Client assertion is not within its valid time range. Current time: "
                f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%S.%fZ}."
            )
            raise EntraError(401, "invalid_client", 700024, text) from error
        except jwt.InvalidAudienceError as error:
            text = f"No matching federated identity record found for presented assertion audience. {error}"
            raise EntraError(401, "invalid_client", 700212, text) from error
        except jwt.InvalidTokenError as error:
            text = f"Client assertion failed signature validation. {error}"
            raise EntraError(401, "invalid_client", 700027, text) from error


def _check_tenant(tenant: str) -> None:
    if tenant.lower() != TENANT_ID:
        text = (
            f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing "
            "into the correct cloud. Check with your subscription administrator, this may happen if there are "
            "no active subscriptions for the tenant."
        )
        raise EntraError(400, "invalid_request", 90002, text)


def _audience(scope: str) -> str:
    # https://learn.microsoft.com/entra/identity-platform/scopes-oidc#trailing-slash-and-default
    resource, found, _ = scope.partition("/.default")
    if not found or resource.rstrip("/") not in {*ARM_AUDIENCES, ACR_AUDIENCE}:
        text = f"The resource principal named {resource} was not found in the tenant named Contoso."
        raise EntraError(400, "invalid_resource", 500011, text)
    return resource


def _refusal(error: EntraError) -> web.Response:
    trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
    moment = f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M:%SZ}"
    description = f"AADSTS{error.code}: {error} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {moment}"
    body: JSON = {
        "error": error.error,
        "error_description": description,
        "error_codes": [error.code],
        "timestamp": moment,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"{AUTHORITY}/error?code={error.code}",
    }
    return web.json_response(body, status=error.status)
