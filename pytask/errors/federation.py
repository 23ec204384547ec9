"""Failures of workload identity federation: the pipeline's token, and Entra ID's trust in it."""

from __future__ import annotations

from pytask.errors.base import AzureFailure, Cause, OneOfSeveral


class FederationMismatch(AzureFailure):
    """No federated credential matches the pipeline's token (AADSTS700211, 700212, 700213, 70021, 70025)."""

    issuer: str
    subject: str
    page: str
    detail: str
    code = "federation-mismatch"
    title = "Entra ID does not recognize this pipeline's federated credential"
    happened = "{detail}"
    cause = "the connection's app registration or identity has no federated credential with the issuer and subject of this service connection (they change when the organization, project, or connection is renamed)"
    fix = (
        "add a federated credential with issuer {issuer} and subject {subject} to it "
        "(the agent masks them as ***; copy them from the connection's page: {page})"
    )
    link = "https://learn.microsoft.com/azure/devops/pipelines/release/troubleshoot-workload-identity"


class FederationNotAllowed(AzureFailure):
    """A policy of the tenant does not allow federation with Azure DevOps (AADSTS700223, 700238, 7002381)."""

    issuer: str
    page: str
    detail: str
    code = "federation-not-allowed"
    title = "the tenant does not allow workload identity federation with this issuer"
    happened = "{detail}"
    cause = "an administrator of the tenant has restricted which issuers or organizations its app registrations and identities can trust"
    fix = "ask an administrator of the tenant to allow the issuer {issuer} (the agent masks it as ***; it is on the connection's page: {page}); until then, use a service connection with a secret or certificate, or a managed identity"
    link = "https://learn.microsoft.com/azure/devops/pipelines/release/troubleshoot-workload-identity"


class IssuerUnreachable(AzureFailure):
    """Entra ID could not fetch the issuer's keys to check the token (AADSTS50166, 501661, 90061)."""

    issuer: str
    detail: str
    code = "issuer-unreachable"
    title = "Entra ID could not reach Azure DevOps to check this pipeline's token"
    happened = "{detail}"
    cause = "the keys of the issuer {issuer} were not available to Entra ID, which is a temporary problem between the two services"
    fix = "run the pipeline again; if it persists, see https://status.dev.azure.com and https://azure.status.microsoft"


class OidcCause(Cause):
    """Why Azure DevOps issues no token, where its response says so."""

    NOT_REFERENCED = (
        "Azure DevOps issues tokens only for a service connection that the stage itself names, and nothing in this stage names it when the run starts",
        "name the service connection in this stage by its name, or by a variable or parameter that is known when the run is queued: the input azureSubscription of this step, or of any task in the same stage",
    )
    SIGN_IN = (
        "Azure DevOps does not accept the job's access token, and redirects to its sign-in page instead: the token has expired or was revoked, or a proxy removed it from the request",
        "run the job again; if it persists, let the proxy pass the Authorization header to dev.azure.com, and make sure that the agent is registered in this organization",
    )
    NOT_FOUND = (
        "the service connection with this id is no longer in the project, or it is disabled",
        "correct the name in azureSubscription, or enable the connection under Project settings > Service connections",
    )
    NOT_PERMITTED = (
        "the job's access token is not allowed to use the connection, or the job it belongs to has ended",
        "permit the pipeline to use the connection (its Security page), then run again",
    )
    OTHER = (
        "Azure DevOps has a temporary problem, or does not permit this job to use the connection",
        "run again; if it persists, permit the pipeline to use the connection (its Security page), and see https://status.dev.azure.com",
    )


class OidcTokenRefused(OneOfSeveral):
    """Azure DevOps issues no token for the service connection."""

    known: OidcCause
    connection: str
    detail: str
    final: bool
    wait = 0.0
    """Seconds that Azure DevOps asks to wait before the next attempt. Not a fact of the texts."""
    code = "oidc-token-refused"
    title = "Azure DevOps refuses to issue a token for the service connection {connection}"
    happened = "{detail}"
    link = "https://learn.microsoft.com/azure/devops/pipelines/release/troubleshoot-workload-identity"
