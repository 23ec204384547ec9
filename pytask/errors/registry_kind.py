"""Which kind of registry a host is, for choosing advice only; never for deciding where to send anything."""

from __future__ import annotations

HUB_MIRROR = (
    "take the base images from your Azure Container Registry instead: create a cache rule there (az acr cache create, "
    "with the source docker.io/library/*), begin the Dockerfile with ARG HUB=docker.io and FROM $HUB/library/NAME:TAG, "
    "and set buildArgs to HUB=REGISTRY.azurecr.io/FOLDER-OF-THE-RULE"
)
"""A fix for builds that Docker Hub limits, or that cannot reach it. `library` must be named:
https://learn.microsoft.com/azure/container-registry/artifact-cache-overview"""
_HUBS = ("docker.io", ".docker.io", "hub.docker.com")


def is_azure(host: str) -> bool:
    """Tell whether a host's name is that of an Azure Container Registry, in any cloud."""
    return ".azurecr." in host.lower()


def is_docker_hub(host: str) -> bool:
    """Tell whether a host is one of Docker Hub's names."""
    name = host.lower().partition(":")[0]
    return name in _HUBS or name.endswith(_HUBS[1:])
