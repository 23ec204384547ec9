"""Failures of signing in to Azure."""

from __future__ import annotations

from functools import cached_property

from pytask.errors.base import AzureFailure, Cause, OneOfSeveral, TaskFailure


class SecretWrong(AzureFailure):
    """Entra ID does not accept the client secret (AADSTS7000215)."""

    page: str
    detail: str
    code = "secret-wrong"
    title = "Entra ID does not accept the service connection's secret"
    happened = "{detail}"
    cause = "the connection has the wrong secret: often the secret's id was pasted instead of its value"
    fix = "create a new client secret for the connection's app registration and put its value into the connection ({page}), or convert the connection to workload identity federation"
    link = "https://learn.microsoft.com/azure/devops/pipelines/release/configure-workload-identity"


class SecretExpired(AzureFailure):
    """The client secret has expired (AADSTS7000222)."""

    page: str
    detail: str
    code = "secret-expired"
    title = "the service connection's secret has expired"
    happened = "{detail}"
    cause = "a client secret is valid only until the date that was chosen when it was created"
    fix = "convert the connection ({page}) to workload identity federation, which has no secret to renew, or put a new client secret into it"
    link = "https://learn.microsoft.com/azure/devops/pipelines/release/configure-workload-identity"


class CertificateRefused(AzureFailure):
    """Entra ID does not know the certificate, or it has expired (AADSTS700027)."""

    page: str
    detail: str
    code = "certificate-refused"
    title = "Entra ID does not accept the service connection's certificate"
    happened = "{detail}"
    cause = "the certificate in the connection does not belong to its app registration, or it has expired"
    fix = (
        "add the certificate to the app registration under Certificates & secrets, or put the key and a certificate that is listed there into "
        "the connection ({page}); workload identity federation has nothing that expires"
    )
    link = "https://learn.microsoft.com/entra/identity-platform/certificate-credentials"


class CertificateSigningFailed(TaskFailure):
    """The Node.js that runs the task cannot sign with the certificate's key."""

    name: str
    detail: str
    code = "certificate-signing-failed"
    title = "signing with the certificate in the service connection {name} failed"
    happened = "{detail}"
    cause = (
        "the task signs with the Node.js and OpenSSL that the agent runs it with, and they failed: the agent is "
        "short of memory, NODE_OPTIONS or OPENSSL_CONF contains something that this Node.js does not accept, or the key does "
        "not meet the rules that OpenSSL is set to, such as FIPS"
    )
    fix = (
        "run the step again; if it fails again, remove NODE_OPTIONS and OPENSSL_CONF from the agent's environment, use an RSA "
        "key of 2048 bits or more, or convert the connection to workload identity federation, which has no key"
    )
    link = "https://learn.microsoft.com/azure/devops/pipelines/release/configure-workload-identity"


class ClientUnknown(AzureFailure):
    """The app registration is not in the tenant (AADSTS700016, 7000229)."""

    tenant: str
    page: str
    detail: str
    code = "client-unknown"
    title = "the service connection's app registration does not exist in its tenant"
    happened = "{detail}"
    cause = "it was deleted, it has no service principal there, or the tenant {tenant} is not the one it belongs to"
    fix = (
        "correct the client ID and tenant ID of the connection ({page}) to match the app registration in the Entra admin "
        "center; if it has no service principal, run az ad sp create --id <client ID>"
    )


class ClientDisabled(AzureFailure):
    """The app registration is not allowed to sign in (AADSTS7000112)."""

    page: str
    detail: str
    code = "client-disabled"
    title = "the service connection's app registration is disabled"
    happened = "{detail}"
    cause = "an administrator turned off sign-in for it"
    fix = "enable it in the Entra admin center: Enterprise applications > the connection's client ID ({page}) > Properties > Enabled for users to sign in"


class TenantUnknown(AzureFailure):
    """There is no such tenant in this cloud (AADSTS90002, 900023, 900382, 900439)."""

    tenant: str
    authority: str
    page: str
    detail: str
    code = "tenant-unknown"
    title = "the service connection's tenant does not exist"
    happened = "{detail}"
    cause = "{authority} does not serve the tenant ID {tenant}: it is wrong, or it belongs to a different cloud than the connection's environment"
    fix = "correct the tenant ID and the environment of the service connection ({page})"


class AssertionOutOfTime(AzureFailure):
    """Entra ID finds the assertion not valid at this time (AADSTS700024)."""

    detail: str
    code = "assertion-out-of-time"
    title = "Entra ID rejects the service connection's assertion: it is outside its validity period"
    happened = "{detail}"
    cause = (
        "the assertion is created for each sign-in and is valid for a few minutes, so the clock of this agent is wrong"
    )
    fix = "set the agent's clock (timedatectl set-ntp true), then run again"


class AudienceUnknown(AzureFailure):
    """The tenant does not know the service that the token is for (AADSTS500011, 50001, 500014, 650057)."""

    tenant: str
    audience: str
    page: str
    detail: str
    code = "audience-unknown"
    title = "the tenant of the service connection does not know {audience}"
    happened = "{detail}"
    cause = "the connection's environment belongs to a different cloud than its tenant {tenant}, or nobody in the tenant has used this Azure service yet"
    fix = "correct the environment, server URL and tenant of the service connection ({page}) so that they belong to the same cloud"


class ConditionalAccessBlocks(AzureFailure):
    """A policy of the tenant blocks the sign-in (AADSTS53003, 530032, 530035)."""

    detail: str
    code = "conditional-access-blocks"
    title = "a Conditional Access policy blocks the service connection's sign-in"
    happened = "{detail}"
    cause = "a policy for workload identities blocks the connection's app registration because of this agent's location or because of a risk"
    fix = (
        "ask an administrator to find the policy in the sign-in logs (Service principal sign-ins, by the correlation ID) "
        "and add the agent's address to its trusted locations or the app registration to its exclusions; or run on an agent inside the network that it allows"
    )
    link = "https://learn.microsoft.com/entra/identity/conditional-access/workload-identity"


class TenantBlocked(AzureFailure):
    """The tenant itself is blocked (AADSTS5000225)."""

    tenant: str
    detail: str
    code = "tenant-blocked"
    title = "the service connection's tenant is blocked"
    happened = "{detail}"
    cause = "Microsoft blocks a tenant that has not been used for a long time, and deletes it later"
    fix = "ask an administrator of the tenant {tenant} to reactivate it"
    link = "https://learn.microsoft.com/entra/fundamentals/tenant-inaccessible"


class SignInCause(Cause):
    """Who refused."""

    ENTRA = (
        "the reason is the AADSTS code above; it concerns the connection's app registration or identity",
        "look the code up at https://login.microsoftonline.com/error and correct the service connection ({page}) or the app registration",
    )
    OTHER = (
        "the identity provider of this cloud, such as AD FS, refused the sign-in for the reason above",
        "correct the service connection ({page}), or ask the administrator of the identity provider to look at its event log (for AD FS, the MSIS code above)",
    )


class SignInRefused(OneOfSeveral, AzureFailure):
    """Entra ID, or the identity provider in its place, refuses for another reason."""

    page: str
    detail: str
    code = "sign-in-refused"
    title = "the service connection's sign-in was refused"
    happened = "{detail}"

    @cached_property
    def known(self) -> SignInCause:
        """Who refused, judged by the message."""
        return SignInCause.ENTRA if "AADSTS" in self.detail else SignInCause.OTHER


class ManagedIdentityUnreachable(AzureFailure):
    """Nothing on the agent's machine issues tokens for a managed identity."""

    page: str
    detail: str
    code = "managed-identity-unreachable"
    title = "this agent's machine has no managed identity to sign in with"
    happened = "{detail}"
    cause = (
        "the service connection signs in with the identity of the machine that the agent runs on; only machines in "
        "Azure have one (Microsoft-hosted agents have none), and a firewall or a container's network may cut off its endpoint 169.254.169.254"
    )
    fix = (
        "run the job on a self-hosted agent in Azure (a virtual machine, a scale set, a container app) that has a "
        "managed identity, or convert the connection ({page}) to workload identity federation, which works on every agent"
    )
    link = "https://learn.microsoft.com/azure/devops/pipelines/library/connect-to-azure"


class ManagedIdentityMissing(AzureFailure):
    """The machine's endpoint responds, but has no such identity."""

    identity: str
    page: str
    detail: str
    code = "managed-identity-missing"
    title = "{identity} is not assigned to this agent's machine"
    happened = "{detail}"
    cause = "the machine has no identity of its own, has several user-assigned ones and the connection names none of them, or does not have the one that the connection names"
    fix = (
        "assign it to the machine (az vm identity assign --ids <the identity's resource ID>), or enter the client ID of one that it has "
        "in the service connection ({page})"
    )
    link = "https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-configure-managed-identities"


class CloudUnknown(AzureFailure):
    """Neither the connection nor Resource Manager says where to sign in."""

    url: str
    page: str
    detail: str
    code = "cloud-unknown"
    title = "the task cannot tell where to sign in for {url}"
    happened = "the service connection names no authority, and {url}/metadata/endpoints returned: {detail}"
    cause = "the connection's server URL is not that of a Resource Manager, or its environment is wrong"
    fix = "correct the environment and the server URL of the service connection ({page})"
