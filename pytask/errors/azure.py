"""Failures of signing in and of Azure Resource Manager."""

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


@dataclass(kw_only=True, eq=False)
class Unreachable(AzureFailure):
    """A host does not answer at all."""

    host: str
    detail: str
    code = "host-unreachable"
    leaves_open = True
    title = "{host} cannot be reached from this agent"
    happened = "{detail}"
    cause = "name resolution, a proxy, a firewall or the network between agent and {host}"
    mend = "try curl -v https://{host} on the agent; behind a proxy, set HTTPS_PROXY and NO_PROXY for the job"


@dataclass(kw_only=True, eq=False)
class Forbidden(AzureFailure):
    """Azure refuses a call for want of a role."""

    doing: str
    detail: str
    code = "azure-forbidden"
    title = "the service connection has no right to {doing}"
    happened = "{detail}"
    cause = (
        "its identity has no role with this permission on the app or its resource group (a new role needs some minutes)"
    )
    mend = "give the connection's identity the role Website Contributor on the Function App or its resource group"
    link = (
        "https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/web-and-mobile#website-contributor"
    )


@dataclass(kw_only=True, eq=False)
class Locked(AzureFailure):
    """A resource lock is in the way."""

    doing: str
    detail: str
    code = "azure-locked"
    title = "a lock keeps the task from trying to {doing}"
    happened = "{detail}"
    cause = "a read-only lock on the app, its resource group or the subscription"
    mend = "remove the lock for the deployment, or use a lock of the kind Delete instead of Read-only"


@dataclass(kw_only=True, eq=False)
class OperationInProgress(AzureFailure):
    """Azure is still at work on the same app."""

    doing: str
    detail: str
    code = "azure-busy"
    title = "Azure is still busy with another change of the app"
    happened = "trying to {doing}: {detail}"
    cause = "another pipeline or person is changing the same app"
    mend = "run again when that is over; let only one pipeline at a time deploy to an app (exclusive lock check)"


@dataclass(kw_only=True, eq=False)
class AzureRefused(AzureFailure):
    """Azure refuses a call for a reason of its own."""

    doing: str
    status: int
    detail: str
    code = "azure-refused"
    title = "Azure did not {doing}"
    happened = "it answered {status}: {detail}"
    cause = "the answer above is Azure's own reason"
    mend = "correct what it names; if it names nothing, run again, and give Microsoft support the correlation id"


@dataclass(kw_only=True, eq=False)
class AzureFailing(AzureFailure):
    """Azure goes on answering with its own faults."""

    doing: str
    status: int
    attempts: int
    detail: str
    code = "azure-failing"
    leaves_open = True
    title = "Azure did not {doing}, also when asked again"
    happened = "{attempts} attempts; the last answer was {status}: {detail}"
    cause = "the service is disturbed or throttles this subscription"
    mend = "run again later; see https://azure.status.microsoft, and give Microsoft support the correlation id"
