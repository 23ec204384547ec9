"""Failures of signing in to Azure."""

from __future__ import annotations

from dataclasses import dataclass

from pytask.errors.base import AzureFailure


@dataclass(kw_only=True, eq=False)
class SecretWrong(AzureFailure):
    """Entra ID does not accept the client secret (AADSTS7000215)."""

    client: str
    detail: str
    code = "secret-wrong"
    title = "Entra ID does not accept the service connection's secret"
    happened = "{detail}"
    cause = "the connection of the app registration {client} holds a wrong secret: often the secret's id was pasted instead of its value"
    mend = "create a new client secret for {client} and put its value into the service connection, or convert the connection to workload identity federation"
    link = "https://learn.microsoft.com/azure/devops/pipelines/release/configure-workload-identity"


@dataclass(kw_only=True, eq=False)
class SecretExpired(AzureFailure):
    """The client secret is past its date (AADSTS7000222)."""

    client: str
    detail: str
    code = "secret-expired"
    title = "the service connection's secret has expired"
    happened = "{detail}"
    cause = "client secrets have an end date, and that of the app registration {client} has passed"
    mend = "convert the connection to workload identity federation (no secret to renew), or put a new client secret into it"
    link = "https://learn.microsoft.com/azure/devops/pipelines/release/configure-workload-identity"


@dataclass(kw_only=True, eq=False)
class ClientUnknown(AzureFailure):
    """The app registration is not in the tenant (AADSTS700016)."""

    client: str
    tenant: str
    detail: str
    code = "client-unknown"
    title = "the service connection's app registration does not exist in its tenant"
    happened = "{detail}"
    cause = "the app registration {client} was deleted, or the tenant {tenant} is not its own"
    mend = (
        "compare client id and tenant id of the service connection with the app registration in the Entra admin center"
    )


@dataclass(kw_only=True, eq=False)
class TenantUnknown(AzureFailure):
    """There is no such tenant (AADSTS90002)."""

    tenant: str
    detail: str
    code = "tenant-unknown"
    title = "the service connection's tenant does not exist"
    happened = "{detail}"
    cause = "the tenant id {tenant} is wrong, or it belongs to another cloud than the connection's environment"
    mend = "correct tenant id and environment of the service connection"


@dataclass(kw_only=True, eq=False)
class FederationMismatch(AzureFailure):
    """No federated credential matches the pipeline's token (AADSTS700211, 700212, 700213, 70021)."""

    client: str
    issuer: str
    subject: str
    detail: str
    code = "federation-mismatch"
    title = "Entra ID does not recognise this pipeline's federated credential"
    happened = "{detail}"
    cause = "the app registration {client} has no federated credential with the issuer and subject of this service connection (it changes when organisation, project or connection is renamed)"
    mend = (
        "add to {client} a federated credential with issuer {issuer} and subject {subject} "
        "(the agent masks them as ***; the connection's page under Project settings > Service connections shows them)"
    )
    link = "https://learn.microsoft.com/azure/devops/pipelines/release/troubleshoot-workload-identity"


@dataclass(kw_only=True, eq=False)
class SignInRefused(AzureFailure):
    """Entra ID refuses for a reason of its own."""

    client: str
    detail: str
    code = "sign-in-refused"
    title = "Entra ID refuses the service connection's sign-in"
    happened = "{detail}"
    cause = "the reason is the AADSTS code above; it concerns the app registration {client}"
    mend = "look the code up at https://login.microsoftonline.com/error and correct the service connection or the app registration"


@dataclass(kw_only=True, eq=False)
class OidcTokenRefused(AzureFailure):
    """Azure DevOps gives no token for the service connection."""

    connection: str
    detail: str
    final: bool
    code = "oidc-token-refused"
    title = "Azure DevOps gives this job no token for the service connection {connection}"
    happened = "{detail}"
    cause = "the job's access token may not use the connection, or Azure DevOps is disturbed"
    mend = "permit the pipeline to use the connection (its Security page), then run again"
