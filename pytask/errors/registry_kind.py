"""Which kind of registry a host is, for choosing advice only; never for deciding where to send anything."""

from __future__ import annotations

_HUBS = ("docker.io", ".docker.io", "hub.docker.com")


def is_azure(host: str) -> bool:
    """Tell whether a host's name is that of an Azure Container Registry, in any cloud."""
    return ".azurecr." in host.lower()


def is_docker_hub(host: str) -> bool:
    """Tell whether a host is one of Docker Hub's names."""
    name = host.lower().partition(":")[0]
    return name in _HUBS or name.endswith(_HUBS[1:])
