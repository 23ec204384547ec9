"""A service connection, read from the variables that the agent passes to the task.

Source of the names: https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Worker/Handlers/Handler.cs
and, for the keys of an Azure Resource Manager connection,
https://github.com/microsoft/azure-pipelines-tasks-common-packages/blob/main/common-npm-packages/azure-arm-rest/azure-arm-endpoint.ts
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from pytask.agent.environment import variable
from pytask.agent.pem import CertificateField
from pytask.errors.connection import (
    ConnectionIncomplete,
    ConnectionNotFound,
    ConnectionOfNoSubscription,
    ConnectionSchemeUnsupported,
)
from pytask.model import (
    CertificateIdentity,
    Cloud,
    FederatedIdentity,
    KeyIdentity,
    ManagedIdentity,
    ServiceConnection,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.model import Identity, Secret

_PUBLIC_AUTHORITY = "https://login.microsoftonline.com"
_PUBLIC_CLOUD = frozenset({"", "azurecloud"})
_STACK = "azurestack"
_TENANT = re.compile(r"[A-Za-z0-9.-]+")
_SETTINGS = "Project settings > Service connections"


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """The raw fields of one connection; a missing field is empty."""

    environment: Mapping[str, str]
    input: str
    id: str

    def parameter(self, key: str) -> str:
        """Return an authorization parameter."""
        return self.environment.get(f"ENDPOINT_AUTH_PARAMETER_{self.id}_{key.upper()}", "").strip()

    def data(self, key: str) -> str:
        """Return a field of the connection's data, which holds no secrets."""
        return self.environment.get(f"ENDPOINT_DATA_{self.id}_{key.upper()}", "").strip()

    @property
    def url(self) -> str:
        """The connection's server URL."""
        return self.environment.get(f"ENDPOINT_URL_{self.id}", "").strip()

    @property
    def scheme(self) -> str:
        """The authentication scheme; old connections have none and are service principals."""
        return self.environment.get(f"ENDPOINT_AUTH_SCHEME_{self.id}", "") or "ServicePrincipal"

    @property
    def name(self) -> str:
        """A name to show; the agent does not pass the connection's own name."""
        return self.data("subscriptionName") or self.id

    @property
    def page(self) -> str:
        """The address of the connection's page in the project settings."""
        collection = variable(self.environment, "System.CollectionUri").rstrip("/")
        project = quote(variable(self.environment, "System.TeamProject"))
        if not collection or not project:
            return _SETTINGS
        return f"{collection}/{project}/_settings/adminservices?resourceId={self.id}"

    def needed(self, field: str, value: str) -> str:
        """Return the value of a required field; raise ConnectionIncomplete when it is empty."""
        if not value:
            raise ConnectionIncomplete(input=self.input, name=self.name, field=field)
        return value

    def tls(self, field: str, url: str) -> str:
        """Return a URL that secrets may be sent to; raise ConnectionIncomplete when it is not HTTPS."""
        return self.needed(f"{field} that begins with https://", url if url.lower().startswith("https://") else "")

    @property
    def tenant(self) -> str:
        """The tenant: an id or a domain, either of which works in a URL."""
        tenant = self.needed("tenant ID", self.parameter("tenantId"))
        return self.needed("well-formed tenant ID", tenant if _TENANT.fullmatch(tenant) else "")


def find_endpoint(environment: Mapping[str, str], *, input_name: str, value: str) -> Endpoint:
    """Return the fields of the connection that an input names.

    Raises:
        ConnectionNotFound: when the agent passed no such connection to the task.
    """
    endpoint = Endpoint(environment=environment, input=input_name, id=value.strip().lower())
    if not endpoint.url and f"ENDPOINT_AUTH_SCHEME_{endpoint.id}" not in environment:
        raise ConnectionNotFound(input=input_name, value=value)
    return endpoint


def read_connection(
    environment: Mapping[str, str], *, input_name: str, value: str, mask: Callable[[str], Secret]
) -> ServiceConnection:
    """Return the Azure Resource Manager connection that an input names.

    Raises:
        ConnectionNotFound: when the agent passed no such connection to the task.
        ConnectionIncomplete: when a field is empty.
        ConnectionOfNoSubscription: when it is for a management group or a workspace.
        ConnectionSchemeUnsupported: when its authentication scheme is not supported.
        InputMistake: what is wrong with its certificate (`agent.pem`).
    """
    endpoint = find_endpoint(environment, input_name=input_name, value=value)
    identity = read_identity(endpoint, mask)
    return ServiceConnection(
        id=endpoint.id,
        input=input_name,
        page=endpoint.page,
        tenant_id=endpoint.tenant,
        subscription_id=_subscription(endpoint),
        subscription_name=endpoint.data("subscriptionName"),
        cloud=_cloud(endpoint),
        identity=identity,
    )


def _subscription(endpoint: Endpoint) -> str:
    subscription, level = endpoint.data("subscriptionId"), endpoint.data("scopeLevel")
    if not subscription and level and level != "Subscription":
        raise ConnectionOfNoSubscription(input=endpoint.input, name=endpoint.name, level=level)
    return endpoint.needed("subscription ID", subscription)


def _cloud(endpoint: Endpoint) -> Cloud:
    """Return the cloud; `cloud.metadata` later finds out what the connection does not say.

    Microsoft's own tasks use the same audience, but only on Azure Stack:
    https://github.com/microsoft/azure-pipelines-tasks-common-packages/blob/main/common-npm-packages/azure-arm-rest/azure-arm-endpoint.ts
    """
    url = endpoint.tls("server URL", endpoint.needed("server URL", endpoint.url))
    environment = endpoint.data("environment").lower()
    usual = _PUBLIC_AUTHORITY if environment in _PUBLIC_CLOUD else ""
    authority = endpoint.data("activeDirectoryAuthority") or endpoint.data("environmentAuthorityUrl") or usual
    authority = endpoint.tls("authority URL", authority).rstrip("/") if authority else ""
    audience = endpoint.data("activeDirectoryServiceEndpointResourceId") or ("" if environment == _STACK else url)
    adfs = endpoint.data("enableAdfsAuthentication").lower() == "true" or authority.lower().endswith("/adfs")
    return Cloud(
        arm_url=url.rstrip("/"),
        authority_url=re.sub("/adfs$", "", authority, flags=re.IGNORECASE),
        # The audience keeps its slash: `https://management.core.windows.net/` becomes `…//.default`.
        # https://learn.microsoft.com/entra/identity-platform/scopes-oidc#trailing-slash-and-default
        arm_scope=f"{audience}/.default" if audience else "",
        adfs=adfs,
    )


def read_identity(endpoint: Endpoint, mask: Callable[[str], Secret]) -> Identity:
    """Return the identity that a connection signs in as.

    Raises:
        ConnectionIncomplete: when a field is empty.
        ConnectionSchemeUnsupported: when its authentication scheme is not supported.
        InputMistake: what is wrong with its certificate (`agent.pem`).
    """
    match endpoint.scheme.lower():
        case "workloadidentityfederation":
            return FederatedIdentity(
                client_id=_client(endpoint),
                issuer=endpoint.parameter("workloadIdentityFederationIssuer"),
                subject=endpoint.parameter("workloadIdentityFederationSubject"),
            )
        case "managedserviceidentity":
            return ManagedIdentity(client_id=endpoint.data("msiClientId"))
        case "serviceprincipal":
            return _principal(endpoint, mask)
        case _:
            raise ConnectionSchemeUnsupported(input=endpoint.input, name=endpoint.name, scheme=endpoint.scheme)


def _principal(endpoint: Endpoint, mask: Callable[[str], Secret]) -> Identity:
    if endpoint.parameter("authenticationType").lower() != "spncertificate":
        key = endpoint.needed("service principal key", endpoint.parameter("servicePrincipalKey"))
        return KeyIdentity(client_id=_client(endpoint), secret=mask(key))
    text = endpoint.needed("certificate", endpoint.parameter("servicePrincipalCertificate"))
    found = CertificateField(text=text, input=endpoint.input, name=endpoint.name).read(mask)
    return CertificateIdentity(client_id=_client(endpoint), certificates=found.certificates, private_key=found.key)


def _client(endpoint: Endpoint) -> str:
    return endpoint.needed("service principal ID", endpoint.parameter("servicePrincipalId"))
