"""The front of Azure Resource Manager: who calls, may they, is the call well formed; then the providers.

Sources: https://learn.microsoft.com/rest/api/azure/ (requests), and for the errors
https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from zlib import crc32

import jwt
from aiohttp import web

from tests.local_azure.front.front import PRINCIPAL
from tests.local_azure.front.routes import JSON, NotServedError, Routes
from tests.local_azure.refusals import IIS_PAGE
from tests.local_azure.state.state import TENANT_ID, Cloud, Principal
from tests.local_azure.state.subscription import PRODUCTION, SUBSCRIPTIONS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from tests.local_azure.environments import AzureEnvironment
    from tests.local_azure.sign_in.entra import Entra
    from tests.local_azure.state.subscription import Subscription

_ABOUT_REGISTRIES = re.compile("/providers/Microsoft.(ContainerRegistry|Authorization)/")


class ArmError(Exception):
    """A refusal in ARM's own shape."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def body(self) -> JSON:
        """Return the answer's body.

        Source: https://github.com/microsoft/api-guidelines/blob/vNext/azure/Guidelines.md#handling-errors
        """
        return {"error": {"code": self.code, "message": str(self)}}


@dataclass(frozen=True, kw_only=True, slots=True)
class ArmCall:
    """A call that passed the front."""

    request: web.Request
    principal: Principal
    values: Mapping[str, str]
    """The variables of the path."""

    @property
    def version(self) -> str:
        """The api-version asked for."""
        return self.request.query["api-version"]

    async def body(self) -> JSON:
        """Return the JSON object sent; raises ArmError for anything else."""
        try:
            sent = json.loads(await self.request.read())
        except ValueError as error:
            text = f"The request content was invalid and could not be deserialized: '{error}'."
            raise ArmError(400, "InvalidRequestContent", text) from error
        if not isinstance(sent, dict) or self.request.content_type != "application/json":
            raise ArmError(400, "InvalidRequestContent", "The request content was invalid: an object is expected.")
        return sent


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One thing ARM can be asked to do."""

    method: str
    template: str
    """The path, with `{variables}`."""
    action: str
    """The permission it takes, e.g. `Microsoft.Web/sites/read`."""
    versions: frozenset[str]
    """The api-versions it is known in."""
    answer: Callable[[ArmCall], Awaitable[web.Response]]
    parameters: frozenset[str] = field(default_factory=frozenset)
    """Query parameters it knows besides api-version."""
    lists: bool = False
    """Whether it lists what the caller may see, rather than being refused as a whole."""


class ResourceManager:
    """management.azure.com, and what it is called in other clouds."""

    def __init__(self, cloud: Cloud, entra: Entra, operations: Sequence[Operation]) -> None:
        self._cloud = cloud
        self._entra = entra
        self._routes = Routes()
        self._routes.add("GET", "/metadata/endpoints", self._metadata)
        for operation in operations:
            self._routes.add(operation.method, operation.template, self._guarded(operation))

    def serves(self, host: str) -> bool:
        """Answer under the cloud's name for it."""
        return host == self._cloud.environment.resource_manager

    async def answer(self, request: web.Request, host: str) -> web.StreamResponse:  # noqa: ARG002 - Room's form
        """Answer by operation; refusals in ARM's shape, everything with the ids support asks for."""
        try:
            response = await self._routes.answer(request)
            _write_ids_in_another_case(request, response)
        except ArmError as error:
            response = web.json_response(error.body(), status=error.status)
            if error.status == web.HTTPUnauthorized.status_code:
                response.headers["WWW-Authenticate"] = _challenge(error, self._cloud.environment)
        response.headers.update(_ids(request))
        return response

    async def refuse(self, request: web.Request, status: int) -> web.Response:
        """Return a fault's usual answer; where nothing at all answers, it is the page of the web server before it."""
        if status == web.HTTPServiceUnavailable.status_code:
            return web.Response(status=status, text=IIS_PAGE, content_type="text/html")
        body = ArmError(status, "ServerBusy", "The server is busy. Please retry later.").body()
        return web.json_response(body, status=status, headers=_ids(request))

    async def _metadata(self, request: web.Request, _values: Mapping[str, str]) -> web.Response:
        """Return where one signs in to this cloud; to everybody.

        Source: https://learn.microsoft.com/azure-stack/user/azure-stack-rest-api-use
        """
        if request.query.get("api-version") != "2015-01-01":
            raise NotServedError(f"api-version {request.query.get('api-version')} of the metadata")
        environment = self._cloud.environment
        login = f"{environment.authority}/{'adfs' if environment.adfs else ''}".rstrip("/")
        body: JSON = {
            "galleryEndpoint": "https://gallery.local.azurestack.external:30015/",
            "graphEndpoint": "https://graph.windows.net/",
            "portalEndpoint": "https://portal.local.azurestack.external/",
            "authentication": {"loginEndpoint": f"{login}/", "audiences": [environment.audiences[0]]},
        }
        return web.json_response(body)

    def _guarded(self, operation: Operation) -> Callable[[web.Request, Mapping[str, str]], Awaitable[web.Response]]:
        async def guarded(request: web.Request, values: Mapping[str, str]) -> web.Response:
            principal = self._authenticated(request)
            request[PRINCIPAL] = principal.name
            _check_version(request, operation, self._cloud.environment)
            _check_query(request, operation)
            self._authorize(principal, operation, request.path, values)
            return await operation.answer(ArmCall(request=request, principal=principal, values=values))

        return guarded

    def _authenticated(self, request: web.Request) -> Principal:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            text = "Authentication failed. The 'Authorization' header is missing."
            raise ArmError(401, "AuthenticationFailed", text)
        try:
            return self._entra.read(token, audiences=self._cloud.environment.audiences)
        except jwt.ExpiredSignatureError as error:
            now = f"{datetime.now(timezone.utc):%m/%d/%Y %I:%M:%S %p}"
            text = f"The access token expiry UTC time is earlier than current UTC time '{now}'."
            raise ArmError(401, "ExpiredAuthenticationToken", text) from error
        except jwt.InvalidAudienceError as error:
            text = "The access token has been obtained for wrong audience or resource."
            raise ArmError(401, "InvalidAuthenticationTokenAudience", text) from error
        except jwt.InvalidTokenError as error:
            raise ArmError(401, "InvalidAuthenticationToken", "The access token is invalid.") from error

    def _check_tenant(self, principal: Principal, subscription: Subscription) -> None:
        """Refuse a token of another tenant than the subscription's.

        Source: https://learn.microsoft.com/troubleshoot/azure/entra/entra-id/dev-ops-app-errors/invalid-authentication-token-tenant
        """
        if principal.tenant_id != subscription.tenant_id:
            issuer, right = (f"https://sts.windows.net/{one.tenant_id}/" for one in (principal, subscription))
            text = (
                f"The access token is from the wrong issuer '{issuer}'. It must match the tenant '{right}' associated "
                "with this subscription."
            )
            raise ArmError(401, "InvalidAuthenticationTokenTenant", text)

    def _authorize(
        self,
        principal: Principal,
        operation: Operation,
        path: str,
        values: Mapping[str, str],
    ) -> None:
        subscription = _subscription(values["subscription"])
        self._check_tenant(principal, subscription)
        if subscription is not PRODUCTION and not _ABOUT_REGISTRIES.search(operation.template):
            raise NotServedError(f"{operation.template} in {subscription.name}")
        scope = scope_of(operation.method, path)
        if operation.lists:
            allowed = self._cloud.has_role_below(principal, scope)  # what is listed takes a permission of its own
        else:
            allowed = self._cloud.may(principal, operation.action, scope)
        if not allowed:
            text = (
                f"The client '{principal.client_id}' with object id '{principal.object_id}' does not have "
                f"authorization to perform action '{operation.action}' over scope '{scope}' or the scope is "
                "invalid. If access was recently granted, please refresh your credentials."
            )
            raise ArmError(403, "AuthorizationFailed", text)


def _subscription(name: str) -> Subscription:
    found = SUBSCRIPTIONS.get(name.lower())
    if found is None:
        raise ArmError(404, "SubscriptionNotFound", f"The subscription '{name}' could not be found.")
    return found


def _check_version(request: web.Request, operation: Operation, environment: AzureEnvironment) -> None:
    if "api-version" not in request.query:
        text = "The api-version query parameter (?api-version=) is required for all requests."
        raise ArmError(400, "MissingApiVersionParameter", text)
    version = request.query["api-version"]
    if environment.versions is None:
        if version not in operation.versions:
            raise NotServedError(f"api-version {version} of {operation.template}")
        return
    found = re.search(r".*/providers/([^/]+)/([^/]+)", operation.template)
    provider, kind = found.groups() if found else ("Microsoft.Resources", "")
    known = environment.versions.get(provider, frozenset())
    if version not in known:
        raise _version_refused(version, kind, sorted(known))


def _version_refused(version: str, kind: str, known: Sequence[str]) -> ArmError:
    """Return the refusal of a version that is newer than the cloud; ARM's own calls word it otherwise.

    Sources: https://github.com/Azure/azure-cli/issues/23985, https://github.com/Azure/azure-cli/issues/28038
    """
    if not kind:
        text = f"The api-version '{version}' is invalid. The supported versions are '{','.join(known)}'."
        return ArmError(400, "InvalidApiVersionParameter", text)
    text = (
        f"No registered resource provider found for location 'local' and API version '{version}' for type '{kind}'. "
        f"The supported api-versions are '{', '.join(known)}'. The supported locations are 'local'."
    )
    return ArmError(400, "NoRegisteredProviderFound", text)


def _check_query(request: web.Request, operation: Operation) -> None:
    if unknown := set(request.query) - operation.parameters - {"api-version"}:
        raise NotServedError(f"query parameters {sorted(unknown)} of {operation.template}")


def scope_of(method: str, path: str) -> str:
    """Return the resource a call is about, nested ones too; for a list what the listed is in.

    Source: https://learn.microsoft.com/azure/role-based-access-control/scope-overview
    """
    parts = path.strip("/").split("/")
    if method == "POST":  # its last part is the action
        parts.pop()
    provider = max((at for at, part in enumerate(parts) if part.lower() == "providers"), default=None)
    if provider is None:
        return "/" + "/".join(parts[:2])
    pairs = (len(parts) - provider - 2) // 2  # of type and name
    return "/" + "/".join(parts[: provider + 2 + 2 * pairs] if pairs else parts[:provider])


def _challenge(error: ArmError, environment: AzureEnvironment) -> str:
    # https://learn.microsoft.com/entra/identity-platform/claims-challenge
    authority = f"{environment.authority}/{TENANT_ID}"
    return f'Bearer authorization_uri="{authority}", error="invalid_token", error_description="{error}"'


def _write_ids_in_another_case(request: web.Request, response: web.StreamResponse) -> None:
    """Have every other address be answered with ids that are written otherwise, which is the same to ARM."""
    if not isinstance(response, web.Response) or response.content_type != "application/json":
        return
    if response.text and crc32(request.path.encode()) % 2:
        response.text = response.text.replace("/resourceGroups/", "/resourcegroups/")


def _ids(request: web.Request) -> dict[str, str]:
    # https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
    correlation = request.headers.get("x-ms-correlation-request-id") or str(uuid.uuid4())
    own = str(uuid.uuid4())
    return {
        "x-ms-request-id": own,
        "x-ms-correlation-request-id": correlation,
        "x-ms-routing-request-id": f"WESTEUROPE:{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}:{own}",
    }


def group_not_found(group: str) -> ArmError:
    """Return the refusal for a resource group that does not exist."""
    return ArmError(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")


def resource_not_found(kind: str, name: str, group: str) -> ArmError:
    """Return the refusal for a resource that does not exist in a group that does."""
    text = (
        f"The Resource '{kind}/{name}' under resource group '{group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )
    return ArmError(404, "ResourceNotFound", text)
