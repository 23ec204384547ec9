"""Failures of pulling a base image."""

from __future__ import annotations

from functools import cached_property

from pytask.errors.base import Cause, OneOfSeveral
from pytask.errors.registry_kind import HUB_MIRROR, is_azure, is_docker_hub

_ROLES = "https://learn.microsoft.com/azure/container-registry/container-registry-roles"


class DeniedCause(Cause):
    """Who must allow the pull, by registry."""

    AZURE = (
        "the identity that this run signs in with has no role on {registry} that allows it to pull",
        "give the service connection's identity the role AcrPull on {registry} (Container Registry Repository Reader where the registry uses ABAC); a new role takes a few minutes to take effect",
        _ROLES,
    )
    AZURE_WITHOUT_A_REASON = (
        "the identity that this run signs in with has no role on {registry} that allows it to pull, or the registry's firewall blocks this agent: for this kind of request it returns a bare 403 in both cases",
        "give the service connection's identity the role AcrPull on {registry} (Container Registry Repository Reader where the registry uses ABAC); where its Networking page allows selected networks only, allow the agent's address there or run the job inside such a network",
        _ROLES,
    )
    OTHER = (
        "the account that this run signs in with is not allowed to pull {image} from {registry}, or there is no such image",
        "give the account of the Docker registry connection read access to that repository, or correct the image's name in the Dockerfile",
    )


class BaseImageDenied(OneOfSeveral):
    """A registry does not allow this run to pull a base image."""

    image: str
    registry: str
    detail: str
    code = "base-image-denied"
    title = "this run is not allowed to pull the base image {image}"
    happened = "{registry} accepted the sign-in, and then refused: {detail}"

    @cached_property
    def known(self) -> DeniedCause:
        """The cause, judged by the registry."""
        if not is_azure(self.registry):
            return DeniedCause.OTHER
        bare = self.detail.lower().endswith("403 forbidden")
        return DeniedCause.AZURE_WITHOUT_A_REASON if bare else DeniedCause.AZURE


class UnauthorizedCause(Cause):
    """What to do about a pull that was refused without credentials, by registry."""

    AZURE = (
        "this run has no credentials of its own for {registry}, and those in the agent's Docker configuration, if there are any, are wrong or expired; or there is no such image",
        "set azureSubscription to a connection whose identity has the role AcrPull on {registry}, and run docker logout {registry!q} on the agent, so that this run's own credentials are used",
    )
    STAGE = (
        "{image} is named without a registry, so Docker asked Docker Hub for an official image, and Docker Hub refuses names that it does not have; often the name is meant to be a stage of the Dockerfile whose name after AS is spelled differently, or an image that exists on one machine only",
        "correct the name of the stage in FROM or COPY --from; for your own image, write the registry before its name",
    )
    HUB = (
        "Docker Hub has no such image, or it is private, and neither this run nor the agent's Docker configuration has credentials that can read it (any that exist may be wrong or expired)",
        "correct the image's name; for a private image, sign in to Docker Hub in an earlier step (docker login, or Docker@2 with command: login); for a public one, run docker logout on the agent; for an image of another registry, write that registry before its name",
    )
    OTHER = (
        "this run has no credentials of its own for {registry}, and those in the agent's Docker configuration, if there are any, are wrong or expired; or there is no such image, which many registries report the same way",
        "sign in to {registry} in an earlier step or on the agent (docker login), or correct the image's name",
    )


class BaseImageUnauthorized(OneOfSeveral):
    """A registry that this run has no credentials for does not allow Docker to pull a base image."""

    image: str
    registry: str
    detail: str
    code = "base-image-unauthorized"
    title = "Docker is not allowed to pull the base image {image}"
    happened = "{registry} refused: {detail}"

    @cached_property
    def known(self) -> UnauthorizedCause:
        """The cause, judged by the registry and the image's name."""
        return _unauthorized(self.registry, self.image, self.detail)


class PullLimitCause(Cause):
    """Whose limit it is, and how to raise it."""

    HUB_ANONYMOUS = (
        "Docker Hub limits how many images an address can pull without signing in, and agents share addresses",
        f"sign in to Docker Hub in an earlier step (docker login, or Docker@2 with command: login and a Docker Registry connection), which counts by account; or {HUB_MIRROR}; or run again later",
    )
    HUB_ACCOUNT = (
        "the Docker Hub account that Docker is signed in with has reached its pull limit",
        f"{HUB_MIRROR}; or upgrade the account; or run again later",
    )
    AZURE = (
        "the Azure Container Registry has received more requests than its tier allows",
        "run again later; let fewer jobs pull at the same time, or raise the registry's tier (az acr update --sku)",
    )
    OTHER = (
        "{registry} limits how often images can be pulled, usually by address for callers that do not sign in",
        "sign in to {registry} in an earlier step (docker login); or copy the base image to your Azure Container Registry (az acr import, or a cache rule) and name that in the Dockerfile; or run again later",
    )


class PullLimited(OneOfSeveral):
    """The address or account has reached the registry's pull limit (429)."""

    image: str
    registry: str
    detail: str
    code = "pull-limited"
    title = "{registry} allows no more pulls for now: {image}"
    happened = "{detail}"
    link = "https://learn.microsoft.com/azure/container-registry/buffer-gate-public-content"

    @cached_property
    def known(self) -> PullLimitCause:
        """Whose limit it is, judged by the registry and its message."""
        return _limited(self.registry, self.detail)


def _unauthorized(registry: str, image: str, detail: str) -> UnauthorizedCause:
    if is_azure(registry):
        return UnauthorizedCause.AZURE
    if not is_docker_hub(registry):
        return UnauthorizedCause.OTHER
    official = "/" not in image.removeprefix("docker.io/library/") and "invalid_token" not in detail
    return UnauthorizedCause.STAGE if official else UnauthorizedCause.HUB


def _limited(registry: str, detail: str) -> PullLimitCause:
    if is_docker_hub(registry):
        # Signed-in users are told which account reached it: https://docs.docker.com/docker-hub/usage/pulls/
        return PullLimitCause.HUB_ACCOUNT if "rate limit as " in detail else PullLimitCause.HUB_ANONYMOUS
    return PullLimitCause.AZURE if is_azure(registry) else PullLimitCause.OTHER
