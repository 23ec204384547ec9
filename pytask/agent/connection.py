"""A service connection, read from what the agent hands to the task.

Source of the names: https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Worker/Handlers/Handler.cs
and, for the keys of an Azure Resource Manager connection,
https://github.com/microsoft/azure-pipelines-tasks-common-packages/blob/main/common-npm-packages/azure-arm-rest/azure-arm-endpoint.ts
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.errors.connection import ConnectionIncomplete, ConnectionNotFound, ConnectionSchemeUnsupported
from pytask.model import Cloud, FederatedIdentity, KeyIdentity, ServiceConnection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.model import Identity, Secret

_FEDERATION = "workloadidentityfederation"
_PRINCIPAL = "serviceprincipal"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Endpoint:
    """The raw fields of one connection."""

    environment: Mapping[str, str]
    input: str
    id: str

    def parameter(self, key: str) -> str:
        return self.environment.get(f"ENDPOINT_AUTH_PARAMETER_{self.id}_{key.upper()}", "")

    def data(self, key: str) -> str:
        return self.environment.get(f"ENDPOINT_DATA_{self.id}_{key.upper()}", "")

    @property
    def name(self) -> str:
        return self.data("subscriptionName") or self.id

    def needed(self, field: str, value: str) -> str:
        if not value:
            raise ConnectionIncomplete(input=self.input, name=self.name, field=field)
        return value


def read_connection(
    environment: Mapping[str, str], *, input_name: str, value: str, mask: Callable[[str], Secret]
) -> ServiceConnection:
    """Give the Azure Resource Manager connection that an input names.

    Raises:
        ConnectionNotFound: when the agent handed over no such connection.
        ConnectionIncomplete: when a field is empty.
        ConnectionSchemeUnsupported: when its way to sign in is not known here.
    """
    endpoint = _Endpoint(environment=environment, input=input_name, id=value.strip().lower())
    if not environment.get(f"ENDPOINT_AUTH_SCHEME_{endpoint.id}"):
        raise ConnectionNotFound(input=input_name, value=value)
    return ServiceConnection(
        id=endpoint.id,
        tenant_id=endpoint.needed("tenant id", endpoint.parameter("tenantId")),
        subscription_id=endpoint.needed("subscription id", endpoint.data("subscriptionId")),
        subscription_name=endpoint.data("subscriptionName"),
        cloud=_cloud(endpoint),
        identity=_identity(endpoint, mask),
    )


def _cloud(endpoint: _Endpoint) -> Cloud:
    url = endpoint.needed("server URL", endpoint.environment.get(f"ENDPOINT_URL_{endpoint.id}", ""))
    authority = endpoint.data("activeDirectoryAuthority") or endpoint.data("environmentAuthorityUrl")
    audience = endpoint.data("activeDirectoryServiceEndpointResourceId") or url
    return Cloud(
        arm_url=url.rstrip("/"),
        authority_url=(authority or "https://login.microsoftonline.com").rstrip("/"),
        # The audience keeps its slash: `https://management.core.windows.net/` asks for `…//.default`.
        # https://learn.microsoft.com/entra/identity-platform/scopes-oidc#trailing-slash-and-default
        arm_scope=f"{audience}/.default",
    )


def _identity(endpoint: _Endpoint, mask: Callable[[str], Secret]) -> Identity:
    scheme = endpoint.environment[f"ENDPOINT_AUTH_SCHEME_{endpoint.id}"]
    client = endpoint.parameter("servicePrincipalId")
    if scheme.lower() == _FEDERATION:
        return FederatedIdentity(
            client_id=endpoint.needed("service principal id", client),
            issuer=endpoint.parameter("workloadIdentityFederationIssuer"),
            subject=endpoint.parameter("workloadIdentityFederationSubject"),
        )
    certificate = endpoint.parameter("authenticationType").lower() == "spncertificate"
    if scheme.lower() != _PRINCIPAL or certificate:
        told = f"{scheme} with a certificate" if certificate else scheme
        raise ConnectionSchemeUnsupported(input=endpoint.input, name=endpoint.name, scheme=told)
    key = endpoint.needed("service principal key", endpoint.parameter("servicePrincipalKey"))
    return KeyIdentity(client_id=endpoint.needed("service principal id", client), secret=mask(key))
