"""Azure around one case: every call is answered as usual, but the one that the case is about."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.corpus.wire import Answer, as_json

if TYPE_CHECKING:
    from tests.corpus.cases import ErrorOutput

SUBSCRIPTION = "8e8f0000-0000-4000-8000-000000000001"
TENANT = "22222222-2222-4222-8222-222222222222"
CLIENT = "33333333-3333-4333-8333-333333333333"
PRINCIPAL = "44444444-4444-4444-8444-444444444444"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-hello/providers"
SITE = f"{GROUP}/Microsoft.Web/sites/hello-function"
REGISTRY = f"{GROUP}/Microsoft.ContainerRegistry/registries/contoso"
IDENTITY = f"{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/hello-identity"

_THE_CALL = {
    ("arm", ""): ("PATCH", "/config/web"),
    ("arm", "grant"): ("PUT", "/roleassignments/"),
    ("arm", "admin_user"): ("POST", "/listcredentials"),
    ("arm", "read_settings"): ("POST", "/appsettings/list"),
    ("arm", "assign_identity"): ("PATCH", "/sites/hello-function"),
    ("acr", ""): ("POST", "/oauth2/exchange"),
    ("acr", "exchange"): ("POST", "/oauth2/exchange"),
    ("acr", "registry"): ("PUT", "/manifests/"),
    ("entra", ""): ("", "/token"),
    ("entra", "oidc"): ("POST", "/oidctoken"),
}
"""By `where` and `call`: method and a part of the path."""
_OIDC_LOCATION = {
    "id": "69a319f4-28c1-4bfd-93e6-ea0ff5c6f1a2",
    "area": "distributedtask",
    "resourceName": "oidctoken",
    "routeTemplate": "{scopeIdentifier}/_apis/{area}/hubs/{hubName}/plans/{planId}/jobs/{jobId}/{resource}",
    "resourceVersion": 1,
    "minVersion": "6.0",
    "maxVersion": "7.2",
    "releasedVersion": "0.0",
}
"""https://github.com/microsoft/azure-devops-python-api/blob/dev/azure-devops/azure/devops/client.py"""

_ENTRA = f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0"
_AUTHORITY = {
    "issuer": f"https://login.microsoftonline.com/{TENANT}/v2.0",
    "authorization_endpoint": f"{_ENTRA}/authorize",
    "token_endpoint": f"{_ENTRA}/token",
}
"""https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc#fetch-the-openid-configuration-document"""


@dataclass(frozen=True, slots=True)
class AzureAroundCase:
    """Entra ID, Azure DevOps, Resource Manager and a registry, as one function."""

    case: ErrorOutput

    def answer(self, method: str, url: str) -> Answer:
        """Return the answer to a request."""
        path = urlsplit(url).path.lower()
        if self._is_the_call(method, path):
            return Answer(status=self.case.status, text=self.case.text, headers=self.case.headers)
        if urlsplit(url).netloc == self.case.registry:
            return _registry(path, self.case.registry)
        return _sign_in(path) or _resource_manager(path)

    def _is_the_call(self, method: str, path: str) -> bool:
        wanted, part = _THE_CALL.get((self.case.where, self.case.call), ("", "nothing"))
        found = path.endswith(part) or (part.endswith("/") and part in path)
        return found and wanted in {"", method}


def _sign_in(path: str) -> Answer | None:
    if path.endswith("/_apis"):
        return as_json(200, {"count": 1, "value": [_OIDC_LOCATION]})
    if path.endswith("/openid-configuration"):
        return as_json(200, _AUTHORITY)
    if path.endswith("/token"):
        return as_json(200, {"access_token": _jwt({}), "expires_in": "3599", "token_type": "Bearer"})
    return None


def _registry(path: str, host: str) -> Answer:
    """Return what a registry answers: https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md."""
    if path == "/v2/":
        challenge = f'Bearer realm="https://{host}/oauth2/token",service="{host}"'
        return as_json(401, {"errors": []}, {"WWW-Authenticate": challenge})
    if path == "/oauth2/exchange":
        return as_json(200, {"refresh_token": _jwt({})})
    if path == "/oauth2/token":
        access = {"Type": "repository", "Name": "hello-function", "Actions": ["pull", "push"]}
        return as_json(200, {"access_token": _jwt({"access": [access]})})
    return as_json(200, {}, {"Docker-Content-Digest": "sha256:" + "a" * 64})


def _resource_manager(path: str) -> Answer:
    if path.endswith("/appsettings/list"):
        return as_json(200, {"properties": {"FUNCTIONS_EXTENSION_VERSION": "~4"}})
    if path == SITE.lower():
        identity = {"type": "SystemAssigned", "principalId": PRINCIPAL}
        return as_json(
            200, {"id": SITE, "name": "hello-function", "identity": identity, "properties": {"state": "Running"}}
        )
    return as_json(200, {"properties": {}, "value": []})


def _jwt(claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.c2ln"
