"""Failures of the push."""

from __future__ import annotations

from functools import cached_property

from pytask.errors.base import AzureFailure, Cause, OneOfSeveral, TaskFailure
from pytask.errors.registry_kind import is_azure, is_docker_hub


class PushDeniedCause(Cause):
    """Who must allow the push, by registry."""

    AZURE = (
        "the connection can sign in, but has no permission to push to this repository",
        "give the connection's identity the role AcrPush on the registry (Container Registry Repository Writer where it uses ABAC; a new role takes a few minutes to take effect)",
        "https://learn.microsoft.com/azure/container-registry/container-registry-roles",
    )
    HUB = (
        "the account of the Docker registry connection is not allowed to push to this repository: on Docker Hub, an image's name begins with the account or organization that it belongs to",
        "set imageName to <account>/<name> with the connection's own account or an organization that gives it write access; an access token must have the permission Read & Write",
    )
    OTHER = (
        "the user of the Docker registry connection can sign in, but has no permission to push to this repository",
        "give that user (or its token) permission to push there, or correct imageName",
    )


class RepositoryMissing(AzureFailure):
    """The registry has no such repository or project, and does not create it."""

    reference: str
    registry: str
    detail: str
    code = "push-repository-missing"
    title = "{registry} has no repository for {reference}"
    happened = "the registry returned: {detail}"
    cause = "the name in imageName is misspelled, or this registry requires its repository or project to be created before the first push"
    fix = "correct imageName, or create the repository or project there once (Amazon ECR: aws ecr create-repository; Harbor: a project)"


class PushDenied(OneOfSeveral, AzureFailure):
    """The registry refuses the push because a permission is missing."""

    reference: str
    registry: str
    detail: str
    code = "push-denied"
    title = "{registry} refuses the push of {reference}"
    happened = "the registry returned: {detail}"

    @cached_property
    def known(self) -> PushDeniedCause:
        """Who must allow the push, judged by the registry."""
        if is_azure(self.registry):
            return PushDeniedCause.AZURE
        return PushDeniedCause.HUB if is_docker_hub(self.registry) else PushDeniedCause.OTHER


class PushFailed(AzureFailure):
    """The push was interrupted, even after retries."""

    reference: str
    detail: str
    attempts: int
    code = "push-failed"
    title = "the push of {reference} was interrupted"
    happened = "after {attempts} attempts: {detail}"
    cause = "the registry or the network between it and the agent is failing, or the registry limits requests (429)"
    fix = "run the pipeline again; layers that were already pushed are not sent again. See https://azure.status.microsoft if it persists"


class TagLockedCause(Cause):
    """What prevents writing a tag."""

    IMMUTABLE = (
        "the tag already exists, and the registry's rules for this repository forbid overwriting a tag (immutable tags)",
        "give each run a tag of its own, such as $(Build.BuildId) in tags, or exclude this tag from the immutability rule",
    )
    LOCKED = (
        "the tag, its image or the repository is locked against writing, the image is in quarantine, or the registry's storage is full; no role changes that",
        "give each run a tag of its own, such as $(Build.BuildId) in tags; to see a lock, run az acr repository show --name {registry!q} --repository <repository>, and to remove it, az acr repository update … --write-enabled true; az acr show-usage --name {registry!q} shows the storage",
        "https://learn.microsoft.com/azure/container-registry/container-registry-image-lock",
    )


class TagLocked(OneOfSeveral, AzureFailure):
    """The registry does not allow anyone to overwrite this tag."""

    reference: str
    registry: str
    detail: str
    code = "tag-locked"
    title = "{registry} does not allow {reference} to be overwritten"
    happened = "the registry returned: {detail}"

    @cached_property
    def known(self) -> TagLockedCause:
        """What prevents writing the tag, judged by the registry."""
        return TagLockedCause.LOCKED if is_azure(self.registry) else TagLockedCause.IMMUTABLE


class RegistryReadOnly(AzureFailure):
    """The registry accepts no pushes."""

    registry: str
    detail: str
    code = "registry-read-only"
    title = "{registry} does not accept pushes"
    happened = "the registry returned: {detail}"
    cause = "the registry is read-only, like a connected registry in ReadOnly mode or a registry under maintenance; no role changes that"
    fix = "set azureContainerRegistry or imageName to the registry that this one gets its images from, or ask its administrator to switch it to ReadWrite"
    link = "https://learn.microsoft.com/azure/container-registry/intro-connected-registry"


class RegistryFull(AzureFailure):
    """The registry, or a project in it, is full."""

    reference: str
    registry: str
    detail: str
    code = "registry-full"
    title = "{registry} has no room for {reference}"
    happened = "the registry returned: {detail}"
    cause = "the quota for storage or for the number of images or repositories is used up"
    fix = "delete images that are no longer used, or raise the quota; in Azure Container Registry, az acr show-usage --name {registry!q} shows it and az acr run with acr purge cleans up"
    link = "https://learn.microsoft.com/azure/container-registry/container-registry-skus"


class LayerTooLarge(AzureFailure):
    """Something in front of the registry rejects a request of this size (413)."""

    reference: str
    registry: str
    detail: str
    code = "layer-too-large"
    title = "a layer of {reference} is larger than {registry} accepts in one request"
    happened = "the response to the push was: {detail}"
    cause = "a proxy or load balancer in front of the registry limits the size of a request body"
    fix = 'raise that limit (nginx: client_max_body_size 0; for the ingress: nginx.ingress.kubernetes.io/proxy-body-size: "0"), or split the largest layer into several instructions'


class TagMoved(TaskFailure):
    """Another job on the agent keeps moving the tag that this run pushes."""

    reference: str
    code = "tag-moved-on-agent"
    leaves_open = True
    title = "another job on this agent keeps moving {reference} to its own image"
    happened = "each time this run pushed {reference}, the Docker engine had another image with that tag afterwards"
    cause = "jobs on this agent share a Docker engine, and another job builds an image with the same name and tag"
    fix = "give each run a tag of its own, such as $(Build.BuildId), or run these jobs one at a time"
