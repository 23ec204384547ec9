"""Service connections, as the pipelines agent knows them and hands them to a task.

The names of the environment variables are those of AddEndpointsToEnvironment in
https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Worker/Handlers/Handler.cs
The keys of an Azure Resource Manager connection are those that Microsoft's own tasks read:
https://github.com/microsoft/azure-pipelines-tasks-common-packages/blob/main/common-npm-packages/azure-arm-rest/azure-arm-endpoint.ts
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.local_azure.environments import PUBLIC, AzureEnvironment

if TYPE_CHECKING:
    from collections.abc import Mapping

# All others are secrets: https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Sdk/Util/MaskingUtil.cs
NOT_SECRET = frozenset(
    {
        "role",
        "scope",
        "tenantid",
        "issuedat",
        "expiresat",
        "audience",
        "authenticationtype",
        "authorizationtype",
        "accesstokentype",
        "accesstokenfetchingmethod",
        "usewindowssecurity",
        "unsecured",
        "oauthaccesstokenissupplied",
        "completecallbackpayload",
        "acceptuntrustedcertificates",
    },
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """A service connection that the job may use; `id` is a GUID, `parameters` hold the secrets."""

    id: str
    name: str
    url: str
    scheme: str
    parameters: Mapping[str, str]
    data: Mapping[str, str] = field(default_factory=dict)

    def secrets(self) -> list[str]:
        """Return the values the agent masks from the start of the job."""
        return [value for key, value in self.parameters.items() if key.lower() not in NOT_SECRET]

    def environment(self) -> dict[str, str]:
        """Return the ENDPOINT_* variables; the id in lower case, dashes kept."""
        key = str(uuid.UUID(self.id))
        return {
            **_authorization(key, self),
            f"ENDPOINT_DATA_{key}": json.dumps(dict(self.data)),
            **{f"ENDPOINT_DATA_{key}_{environment_name(name)}": value for name, value in self.data.items()},
        }


def environment_name(name: str) -> str:
    """Return a variable's name as it stands in the environment: dots and spaces replaced, in capitals.

    https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Microsoft.VisualStudio.Services.Agent/Util/VarUtil.cs
    """
    return name.replace(".", "_").replace(" ", "_").upper()


def system_connection(*, collection_uri: str, access_token: str) -> dict[str, str]:
    """Return the variables of the job's own connection to Azure DevOps, which every task receives."""
    endpoint = Endpoint(
        id=str(uuid.UUID(int=0)),
        name="SystemVssConnection",
        url=collection_uri,
        scheme="OAuth",
        parameters={"AccessToken": access_token},
    )
    return _authorization("SYSTEMVSSCONNECTION", endpoint)


def _authorization(key: str, endpoint: Endpoint) -> dict[str, str]:
    authorization = {"parameters": dict(endpoint.parameters), "scheme": endpoint.scheme}
    named = {environment_name(name): value for name, value in endpoint.parameters.items()}
    return {
        f"ENDPOINT_URL_{key}": endpoint.url,
        f"ENDPOINT_AUTH_{key}": json.dumps(authorization),
        f"ENDPOINT_AUTH_SCHEME_{key}": endpoint.scheme,
        **{f"ENDPOINT_AUTH_PARAMETER_{key}_{name}": value for name, value in named.items()},
    }


def arm_connection_with_key(
    *,
    tenant_id: str,
    client_id: str,
    client_secret: str,
    subscription_id: str,
    subscription_name: str = "Contoso Sandbox",
    name: str = "azure",
    id: str | None = None,  # noqa: A002 - the field's own name
    cloud: AzureEnvironment = PUBLIC,
) -> Endpoint:
    """Return an Azure Resource Manager connection that signs in with a service principal's secret."""
    parameters = {
        "tenantid": tenant_id,
        "serviceprincipalid": client_id,
        "authenticationType": "spnKey",
        "serviceprincipalkey": client_secret,
    }
    own = {"subscriptionId": subscription_id, "subscriptionName": subscription_name}
    return _arm(name, id, cloud, scheme="ServicePrincipal", parameters=parameters, data=own)


def arm_connection_with_certificate(
    *,
    tenant_id: str,
    client_id: str,
    certificate: str,
    subscription_id: str,
    subscription_name: str = "Contoso Sandbox",
    name: str = "azure",
    id: str | None = None,  # noqa: A002 - the field's own name
    cloud: AzureEnvironment = PUBLIC,
) -> Endpoint:
    """Return one that signs in with a service principal's certificate: PEM, with the private key in it."""
    parameters = {
        "tenantid": tenant_id,
        "serviceprincipalid": client_id,
        "authenticationType": "spnCertificate",
        "servicePrincipalCertificate": certificate,
    }
    own = {"subscriptionId": subscription_id, "subscriptionName": subscription_name}
    return _arm(name, id, cloud, scheme="ServicePrincipal", parameters=parameters, data=own)


def arm_connection_with_federation(
    *,
    tenant_id: str,
    client_id: str,
    subscription_id: str,
    subscription_name: str = "Contoso Sandbox",
    name: str = "azure",
    id: str | None = None,  # noqa: A002 - the field's own name
    issuer: str = "https://vstoken.dev.azure.com/7f1a5b0e-3c1d-4b52-9d0e-2f6c5a1b8e44",
    subject: str = "sc://contoso/Functions/azure",
    cloud: AzureEnvironment = PUBLIC,
) -> Endpoint:
    """Return an Azure Resource Manager connection with workload identity federation: it holds no secret.

    Issuer and subject are parameters of the authorization, and so the agent masks them in logs:
    https://learn.microsoft.com/azure/devops/pipelines/release/configure-workload-identity
    """
    parameters = {
        "tenantid": tenant_id,
        "serviceprincipalid": client_id,
        "workloadIdentityFederationIssuer": issuer,
        "workloadIdentityFederationSubject": subject,
    }
    own = {"subscriptionId": subscription_id, "subscriptionName": subscription_name}
    return _arm(name, id, cloud, scheme="WorkloadIdentityFederation", parameters=parameters, data=own)


def arm_connection_with_managed_identity(
    *,
    tenant_id: str,
    subscription_id: str,
    client_id: str = "",
    subscription_name: str = "Contoso Sandbox",
    name: str = "azure",
    id: str | None = None,  # noqa: A002 - the field's own name
    cloud: AzureEnvironment = PUBLIC,
) -> Endpoint:
    """Return one that signs in as the agent's machine; `client_id` is that of a user-assigned identity."""
    own = {"subscriptionId": subscription_id, "subscriptionName": subscription_name}
    if client_id:
        own["msiClientId"] = client_id
    return _arm(name, id, cloud, scheme="ManagedServiceIdentity", parameters={"tenantid": tenant_id}, data=own)


def docker_connection(
    *,
    registry: str,
    user: str,
    password: str,
    name: str = "registry",
    id: str | None = None,  # noqa: A002 - the field's own name
) -> Endpoint:
    """Return a Docker Registry connection with user name and password, of the kinds Docker Hub and Others.

    Its URL says nothing of the registry. Source:
    https://github.com/microsoft/terraform-provider-azuredevops/blob/main/azuredevops/internal/service/serviceendpoint/resource_serviceendpoint_dockerregistry.go
    """
    return Endpoint(
        id=id or str(uuid.uuid4()),
        name=name,
        url="https://hub.docker.com/",
        scheme="UsernamePassword",
        parameters={"registry": registry, "username": user, "password": password, "email": ""},
        data={"registrytype": "DockerHub" if "docker.io" in registry else "Others"},
    )


def docker_connection_of_azure(
    *,
    login_server: str,
    scheme: str,
    parameters: Mapping[str, str],
    tenant_id: str,
    subscription_id: str,
    name: str = "registry",
    id: str | None = None,  # noqa: A002 - the field's own name
) -> Endpoint:
    """Return a Docker Registry connection of the kind Azure Container Registry; `parameters` are its scheme's own.

    Source: https://github.com/microsoft/terraform-provider-azuredevops/blob/main/azuredevops/internal/service/serviceendpoint/resource_serviceendpoint_azurecr.go
    """
    return Endpoint(
        id=id or str(uuid.uuid4()),
        name=name,
        url=f"https://{login_server}",
        scheme=scheme,
        parameters={"tenantId": tenant_id, "loginServer": login_server, **parameters},
        data={"registrytype": "ACR", "subscriptionId": subscription_id, "subscriptionName": "Contoso Sandbox"},
    )


def _arm(
    name: str,
    given_id: str | None,
    cloud: AzureEnvironment,
    *,
    scheme: str,
    parameters: Mapping[str, str],
    data: Mapping[str, str],
) -> Endpoint:
    return Endpoint(
        id=given_id or str(uuid.uuid4()),
        name=name,
        url=f"https://{cloud.resource_manager}/",
        scheme=scheme,
        parameters=parameters,
        data={**cloud.data, **data},
    )
