"""Failures of the container registry."""

from __future__ import annotations

from dataclasses import dataclass

from pytask.errors.base import AzureFailure


@dataclass(kw_only=True, eq=False)
class RegistryNotFound(AzureFailure):
    """No registry of that name is visible."""

    registry: str
    subscription: str
    code = "registry-not-found"
    title = "there is no registry named {registry}"
    happened = "the subscription {subscription} shows this connection no registry of that name"
    cause = "the name is misspelt, the registry is in another subscription, or the connection may not read it (Microsoft.ContainerRegistry/registries/read)"
    mend = "set azureContainerRegistry to the login server, such as {registry}.azurecr.io: then nothing is looked up"


@dataclass(kw_only=True, eq=False)
class RegistrySignInRefused(AzureFailure):
    """The registry does not accept the Entra token."""

    registry: str
    detail: str
    code = "registry-sign-in-refused"
    title = "{registry} does not let this connection in"
    happened = "the registry answered the sign-in with: {detail}"
    cause = "the connection's identity has no role on the registry, or the registry belongs to another tenant"
    mend = "give the connection's identity the role AcrPush on the registry (Container Registry Repository Writer where it uses ABAC)"
    link = "https://learn.microsoft.com/azure/container-registry/container-registry-roles"


@dataclass(kw_only=True, eq=False)
class PushDenied(AzureFailure):
    """The registry refuses the push for want of a right."""

    reference: str
    registry: str
    detail: str
    code = "push-denied"
    title = "{registry} refuses the push of {reference}"
    happened = "the registry answered: {detail}"
    cause = "the connection's identity may sign in, but has no right to push to this repository"
    mend = "give the connection's identity the role AcrPush on the registry (Container Registry Repository Writer where it uses ABAC); a new role needs some minutes"
    link = "https://learn.microsoft.com/azure/container-registry/container-registry-roles"


@dataclass(kw_only=True, eq=False)
class RegistryFirewall(AzureFailure):
    """The registry's firewall does not let the agent in."""

    registry: str
    detail: str
    code = "registry-firewall"
    title = "the firewall of {registry} does not let this agent in"
    happened = "the registry answered: {detail}"
    cause = "the registry allows only selected networks, and the agent's address is not among them"
    mend = (
        "allow the address under the registry's Networking page, or run the job on an agent inside the allowed network"
    )
    link = "https://aka.ms/acr/firewall"


@dataclass(kw_only=True, eq=False)
class PushFailed(AzureFailure):
    """The push broke off, also when tried again."""

    reference: str
    detail: str
    attempts: int
    code = "push-failed"
    title = "the push of {reference} broke off"
    happened = "after {attempts} attempts: {detail}"
    cause = "the registry or the way to it is disturbed"
    mend = "run the pipeline again; layers that arrived are not sent twice. See https://azure.status.microsoft if it goes on"


@dataclass(kw_only=True, eq=False)
class DigestDiffers(AzureFailure):
    """The tag in the registry is not the image that was pushed."""

    reference: str
    pushed: str
    found: str
    code = "digest-differs"
    title = "{reference} in the registry is not the image this run pushed"
    happened = "pushed {pushed}, the registry answers {found}"
    cause = "another run pushed the same tag at the same time"
    mend = "give each run a tag of its own, such as $(Build.BuildId)"


@dataclass(kw_only=True, eq=False)
class ManifestMissing(AzureFailure):
    """The registry does not know the image."""

    reference: str
    code = "manifest-missing"
    title = "{reference} is not in the registry"
    happened = "the registry answered 404 for its manifest"
    cause = "the tag or digest was never pushed, was deleted, or is purged by a retention policy"
    mend = "run the pipeline again; if it goes on, look for tasks or policies that delete images from the registry"


@dataclass(kw_only=True, eq=False)
class DigestUnknown(AzureFailure):
    """The app is to be pinned to a digest that nobody may tell."""

    reference: str
    code = "digest-unknown"
    title = "the digest of {reference} is not known"
    happened = "deployBy is digest, and the registry does not tell this connection what {reference} stands for"
    cause = "the connection's identity may not pull from the registry, or the registry is not an Azure one"
    mend = "write the digest into imageName (repository@sha256:…), give the identity the role AcrPull, or set deployBy to tag"
