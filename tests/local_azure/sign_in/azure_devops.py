"""Azure DevOps: the endpoint a job fetches its federated assertion from. HTTP over `Cloud`."""

from __future__ import annotations

import base64
import secrets
import time
import uuid
from typing import TYPE_CHECKING

from aiohttp import web

from tests.local_azure.front.routes import JSON, Routes
from tests.local_azure.state.state import TENANT_ID, Cloud

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.local_azure.front.certificates import Claims, SigningKey

ORGANIZATION_ID = "0f0e0d0c-0b0a-4909-8807-060504030201"
ASSERTION_LIFETIME = 600
"""Seconds an assertion is good for."""
_OIDC_LOCATION = "69a319f4-28c1-4bfd-93e6-ea0ff5c6f1a2"
_OIDC_TEMPLATE = "{scopeIdentifier}/_apis/{area}/hubs/{hubName}/plans/{planId}/jobs/{jobId}/{resource}"


class AzureDevOps:
    """dev.azure.com, and vsrm.dev.azure.com for releases, as far as a job asks them for assertions."""

    def __init__(self, cloud: Cloud, key: SigningKey) -> None:
        self._cloud = cloud
        self._key = key
        self.job_access_token = secrets.token_urlsafe(32)
        """What the job shows as its System.AccessToken."""
        self.assertion_lifetime = ASSERTION_LIFETIME
        """Seconds an assertion is good for; negative hands out expired ones."""
        self._routes = Routes()
        self._routes.add("OPTIONS", "/{organization}/_apis", self._locations)
        self._routes.add(
            "POST",
            "/{organization}/{project}/_apis/distributedtask/hubs/{hub}/plans/{plan}/jobs/{job}/oidctoken",
            self._oidc_token,
        )

    def serves(self, host: str) -> bool:
        """Answer for every organization."""
        return host in {"dev.azure.com", "vsrm.dev.azure.com"}

    async def answer(self, request: web.Request, host: str) -> web.StreamResponse:  # noqa: ARG002 - Room's form
        """Answer by route."""
        return await self._routes.answer(request)

    async def refuse(self, request: web.Request, status: int) -> web.Response:  # noqa: ARG002 - Room's form
        """Return an error in the shape of Azure DevOps."""
        return _error(status, "The service is temporarily unavailable.", "VssServiceException")

    def forget(self) -> None:
        """Hand out assertions of the usual lifetime again."""
        self.assertion_lifetime = ASSERTION_LIFETIME

    def read_assertion(self, assertion: str) -> Claims:
        """Return the claims of a good assertion; raises jwt.InvalidTokenError and its subclasses."""
        return self._key.read(
            assertion,
            audience="api://AzureADTokenExchange",
            options={"require": ["exp", "sub", "iss", "jti"]},
        )

    def assertion(self, subject: str) -> str:
        """Return a fresh assertion, as a job gets it.

        Issuer and subject come in two styles. Source:
        https://learn.microsoft.com/azure/devops/pipelines/release/configure-workload-identity
        """
        issuer = (
            f"https://vstoken.dev.azure.com/{ORGANIZATION_ID}"
            if subject.startswith("sc://")
            else f"https://login.microsoftonline.com/{TENANT_ID}/v2.0"
        )
        now = int(time.time())
        return self._key.sign(
            {
                "jti": str(uuid.uuid4()),
                "iss": issuer,
                "sub": subject,
                "aud": "api://AzureADTokenExchange",
                "org_id": ORGANIZATION_ID,
                "iat": min(now, now + self.assertion_lifetime),
                "nbf": min(now, now + self.assertion_lifetime),
                "exp": now + self.assertion_lifetime,
            },
        )

    async def _locations(self, _request: web.Request, _values: Mapping[str, str]) -> web.Response:
        """Return where the calls of this organization lead.

        Source: https://github.com/microsoft/azure-devops-python-api/blob/dev/azure-devops/azure/devops/client.py
        """
        location: JSON = {
            "id": _OIDC_LOCATION,
            "area": "distributedtask",
            "resourceName": "oidctoken",
            "routeTemplate": _OIDC_TEMPLATE,
            "resourceVersion": 1,
            "minVersion": "6.0",
            "maxVersion": "7.2",
            "releasedVersion": "0.0",
        }
        return web.json_response({"count": 1, "value": [location]})

    async def _oidc_token(self, request: web.Request, _values: Mapping[str, str]) -> web.Response:
        """Return the job an assertion for one of its service connections.

        Source: https://learn.microsoft.com/rest/api/azure/devops/distributedtask/oidctoken/create
        """
        if not self._is_the_job(request.headers.get("Authorization", "")):
            return _error(401, "TF400813: The user '' is not authorized to access this resource.", "Unauthorized")
        if "7.1" not in request.headers.get("Accept", "") + request.query.get("api-version", ""):
            return _error(400, "No api-version was supplied for the request.", "VssVersionNotSpecifiedException")
        asked = request.query.get("serviceConnectionId", "").lower()
        principals = (one for one in self._cloud.principals if one.service_connection_id == asked)
        subject = next((one.federated_subject for one in principals if one.federated_subject), None)
        if subject is None:
            return _error(404, f"Service connection {asked} was not found.", "EndpointNotFoundException")
        return web.json_response({"oidcToken": self.assertion(subject)})

    def _is_the_job(self, authorization: str) -> bool:
        basic = base64.b64encode(f":{self.job_access_token}".encode()).decode()
        return authorization in {f"Bearer {self.job_access_token}", f"Basic {basic}"}


def _error(status: int, message: str, kind: str) -> web.Response:
    body: JSON = {
        "$id": "1",
        "innerException": None,
        "message": message,
        "typeName": f"Microsoft.TeamFoundation.DistributedTask.WebApi.{kind}",
        "typeKey": kind,
        "errorCode": 0,
        "eventId": 3000,
    }
    return web.json_response(body, status=status)
