"""The hosts of registries: whose they are, and where one is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pytask.model import Cloud

DOCKER_HUB = "docker.io"
_DOCKER_HUBS = frozenset(
    {DOCKER_HUB, "index.docker.io", "registry-1.docker.io", "hub.docker.com", "registry.hub.docker.com"}
)
_AZURES = (
    ".azurecr.io",
    ".azurecr.us",
    ".azurecr.cn",
    ".azurecr.de",
    ".azurecr.eaglex.ic.gov",
    ".azurecr.microsoft.scloud",
)
"""Under these Azure's own clouds have their registries.
https://github.com/microsoft/azure-pipelines-tasks-common-packages/blob/main/common-npm-packages/docker-common/registryauthenticationprovider/registryhostvalidation.ts"""

_OWN_CLOUDS_DOTS = 2
"""`local.azurestack.external`; the public clouds have `azure.com`, `usgovcloudapi.net`, `chinacloudapi.cn`."""


def canonical(host: str) -> str:
    """Give the host as a reference names it: lower case, and one name for all those of Docker Hub.

    Source: https://pkg.go.dev/github.com/distribution/reference#pkg-overview
    """
    return DOCKER_HUB if host.lower() in _DOCKER_HUBS else host.lower()


def host_of(url: str) -> str:
    """Give the host that a registry's URL names, with its port; empty when it names none."""
    return canonical(urlsplit(url if "://" in url else f"https://{url}").netloc.rpartition("@")[2])


def asked_at(host: str) -> str:
    """Give the host that answers for a registry.

    Source: https://docs.docker.com/reference/api/registry/latest/
    """
    return "registry-1.docker.io" if canonical(host) == DOCKER_HUB else host


def asked_for(host: str, repository: str) -> str:
    """Give the name under which a registry knows a repository: Docker Hub's own images are in `library`."""
    return f"library/{repository}" if canonical(host) == DOCKER_HUB and "/" not in repository else repository


def is_azures(host: str, cloud: Cloud | None) -> bool:
    """Tell whether a host is Azure's, so that a token of Entra ID may be shown to it.

    A cloud of one's own (Azure Stack, Azure Local) has its registries below the same domain as its Resource Manager.
    Source: https://learn.microsoft.com/azure-stack/user/container-registry-faq
    """
    name = host.partition(":")[0].lower()
    if name.endswith(_AZURES):
        return True
    _, _, own = (urlsplit(cloud.arm_url).hostname or "").partition(".") if cloud else ("", "", "")
    # Below the short domains of the public clouds, and below `cloudapp` everywhere, are machines of customers.
    return own.count(".") >= _OWN_CLOUDS_DOTS and name.endswith(f".{own}") and ".cloudapp." not in name
