"""Failures of the container registry."""

from __future__ import annotations

from functools import cached_property
from http import HTTPStatus

from pytask.errors.base import AzureFailure, Cause, OneOfSeveral, TaskFailure


class RegistryNotFound(AzureFailure):
    """The connection cannot see a registry with this name."""

    registry: str
    subscription: str
    code = "registry-not-found"
    title = "there is no registry named {registry}"
    happened = "the subscription {subscription} has no registry with this name that this connection can see"
    cause = "the name is misspelled, the registry is in another subscription, or the connection is not allowed to read it (Microsoft.ContainerRegistry/registries/read)"
    fix = "set azureContainerRegistry to the login server, such as {registry}.azurecr.io, which needs no lookup; for a registry in another subscription or tenant, set azureSubscriptionForACR to a connection there"


class LoginServerUnusable(AzureFailure):
    """The registry's login server, as Azure returns it, is not a registry host."""

    registry: str
    login_server: str
    code = "login-server-unusable"
    title = "Azure does not return a usable login server for the registry {registry}"
    happened = "its login server is '{login_server}'; nothing was sent there"
    cause = "a login server is a host under azurecr.io, or its equivalent in another cloud; something else may be responding in place of Azure Resource Manager"
    fix = "compare with az acr show --name {registry!q} --query loginServer; set azureContainerRegistry to the login server itself, and check the proxy between the agent and Azure Resource Manager"


class NoRegistry(TaskFailure):
    """The host with the registry's name is not a registry."""

    registry: str
    status: int
    code = "no-registry"
    title = "{registry} is not a container registry"
    happened = "https://{registry}/v2/ returned {status}, without saying how to sign in"
    cause = "the host is misspelled, or something else answers there: a proxy, a sign-in page, or the website of a product whose registry is on another host"
    fix = "correct the host in azureContainerRegistry, imageName, or the Docker registry service connection; try curl -i https://{registry}/v2/ on the agent"
    link = "https://github.com/opencontainers/distribution-spec/blob/main/spec.md#determining-support"


class RegistryNotAzure(AzureFailure):
    """An Entra ID token would be sent to something other than the registry."""

    registry: str
    realm: str
    code = "registry-not-azure"
    title = "{registry} does not handle sign-in like an Azure Container Registry"
    happened = "it redirects sign-in to {realm}, which does not belong to it; nothing was sent there"
    cause = (
        "it is not an Azure Container Registry, or something between the agent and the registry answers in its place"
    )
    fix = "if it is another kind of registry, set containerRegistry to a Docker registry service connection; otherwise check the proxy between the agent and the registry (curl -i https://{registry}/v2/)"
    link = "https://learn.microsoft.com/azure/container-registry/container-registry-authentication"


class RegistrySignInRefused(AzureFailure):
    """The registry does not accept the Entra token."""

    registry: str
    detail: str
    code = "registry-sign-in-refused"
    title = "{registry} refuses this connection"
    happened = "the registry returned: {detail}"
    cause = "the connection's identity has no role on the registry, or the registry belongs to another tenant"
    fix = "give the connection's identity the role AcrPush on the registry (Container Registry Repository Writer where it uses ABAC); for a registry in another tenant, set azureSubscriptionForACR or containerRegistry to a connection for that tenant"
    link = "https://learn.microsoft.com/azure/container-registry/container-registry-roles"


class RegistryLoginRefused(AzureFailure):
    """The registry does not accept the user name and password of the Docker registry connection."""

    registry: str
    detail: str
    code = "registry-login-refused"
    title = "{registry} does not accept the user name and password of the Docker registry connection"
    happened = "{detail}"
    cause = "the user name or password is wrong or has expired, or the user has no permission on this repository; Docker Hub, GitHub and GitLab take an access token instead of the password"
    fix = "correct the user name, password and Docker Registry (the host) of the connection in containerRegistry, under Project settings > Service connections; try docker login {registry!q} with the same values"
    link = "https://learn.microsoft.com/azure/devops/pipelines/library/service-endpoints#docker-registry-service-connection"


class RegistryReadRefused(AzureFailure):
    """The registry requires sign-in to read, and there are no credentials for it."""

    registry: str
    detail: str
    code = "registry-read-refused"
    title = "{registry} does not allow this image to be read without signing in"
    happened = "{detail}"
    cause = "no connection of this step is for {registry}"
    fix = "set containerRegistry to a Docker registry service connection for {registry}"


class RegistryRefused(AzureFailure):
    """The registry refuses a request for another reason."""

    registry: str
    doing: str
    status: int
    detail: str
    code = "registry-refused"
    title = "{registry} refused the request to {doing}"
    happened = "it returned {status}: {detail}"
    cause = "the response above gives the registry's reason"
    fix = "correct what it names; if it names nothing, run again"


class RegistryFailingCause(Cause):
    """Whether the registry is failing or throttling."""

    FAILING = (
        "the registry, or the network between it and the agent, has a temporary problem",
        "run again later; for Azure see https://azure.status.microsoft and give Microsoft support the correlation ID",
    )
    THROTTLED = (
        "the registry limits calls from this account or address",
        "run again later; have fewer pipelines use this registry at the same time, or raise its tier",
    )


class RegistryFailing(OneOfSeveral, AzureFailure):
    """The registry keeps returning errors."""

    registry: str
    doing: str
    status: int
    attempts: int
    detail: str
    code = "registry-failing"
    title = "the request to {doing} failed at {registry}"
    happened = "attempts: {attempts}; the last response was {status}: {detail}"

    @cached_property
    def known(self) -> RegistryFailingCause:
        """Whether the registry is failing or has had too many requests."""
        throttled = self.status == HTTPStatus.TOO_MANY_REQUESTS
        return RegistryFailingCause.THROTTLED if throttled else RegistryFailingCause.FAILING


class RegistryFirewall(AzureFailure):
    """The registry's firewall blocks the agent."""

    registry: str
    address: str
    detail: str
    code = "registry-firewall"
    title = "the firewall of {registry} blocks this agent, which connects from {address}"
    happened = "the registry returned: {detail}"
    cause = "the registry allows only selected networks or private endpoints, and the agent's address is not among them; a Microsoft-hosted agent has a different address each time"
    fix = "allow {address} on the registry's Networking page (az acr network-rule add --ip-address {address!q} …), or run the job on an agent inside the registry's network"
    link = "https://aka.ms/acr/firewall"


class RegistryPrivate(AzureFailure):
    """The registry is reachable only through its private endpoints."""

    registry: str
    address: str
    detail: str
    code = "registry-private"
    title = "{registry} is reachable only through its private endpoints, and this agent, which connects from {address}, does not use one"
    happened = "the registry returned: {detail}"
    cause = "public network access of the registry is disabled, so no address can be allowed; the agent's network has no private endpoint for the registry, or its DNS returns the public address"
    fix = "run the job on an agent in a network with a private endpoint for the registry, and link the zone privatelink.azurecr.io to that network (nslookup {registry} on the agent must return a private address)"
    link = "https://learn.microsoft.com/azure/container-registry/container-registry-private-endpoints"


class DigestDiffers(AzureFailure):
    """The tag in the registry is not the image that was pushed."""

    reference: str
    pushed: str
    found: str
    code = "digest-differs"
    title = "{reference} in the registry is not the image this run pushed"
    happened = "this run pushed {pushed}, but the registry has {found}"
    cause = "another run pushed the same tag at the same time"
    fix = "give each run a tag of its own, such as $(Build.BuildId)"


class ManifestMissing(AzureFailure):
    """The registry does not have the image."""

    reference: str
    code = "manifest-missing"
    title = "{reference} is not in the registry"
    happened = "the registry returned 404 for its manifest"
    cause = "the tag or digest was never pushed, was deleted, or was purged by a retention policy"
    fix = "run the pipeline again; if it persists, look for tasks or policies that delete images from the registry"


class DigestUnknown(AzureFailure):
    """The app is to be pinned to a digest that the connection cannot read."""

    reference: str
    code = "digest-unknown"
    title = "the digest of {reference} is not known"
    happened = "deployBy is digest, but the registry does not tell this connection which digest {reference} refers to"
    cause = "the connection's identity is not allowed to pull from the registry, or the registry requires sign-in to read and this step has no connection for it"
    fix = "write the digest into imageName (repository@sha256:…), give the identity the role AcrPull, set containerRegistry to a connection for the registry, or set deployBy to tag"
