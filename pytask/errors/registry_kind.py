"""Whose registry a host is, as far as the advice depends on it; nothing is sent anywhere on the strength of this."""

from __future__ import annotations

_HUBS = ("docker.io", ".docker.io", "hub.docker.com")


def is_azure(host: str) -> bool:
    """Return whether a host is an Azure Container Registry by its name, in whichever cloud."""
    return ".azurecr." in host.lower()


def is_docker_hub(host: str) -> bool:
    """Return whether a host is one of Docker Hub's names."""
    name = host.lower().partition(":")[0]
    return name in _HUBS or name.endswith(_HUBS[1:])
