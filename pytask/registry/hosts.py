"""The hosts of registries: which are Azure's, which host to call, and where else their credentials may be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytask.model import NotAReference, RegistryHost

if TYPE_CHECKING:
    from pytask.model import Cloud

_AZURES = (
    "azurecr.io",
    "azurecr.us",
    "azurecr.cn",
    "azurecr.de",
    "azurecr.eaglex.ic.gov",
    "azurecr.microsoft.scloud",
)
"""The domains of registries in Azure's own clouds.
https://github.com/microsoft/azure-pipelines-tasks-common-packages/blob/main/common-npm-packages/docker-common/registryauthenticationprovider/registryhostvalidation.ts
"""
_ENDPOINTS = frozenset({"geo", "data"})
"""`<name>.<region>.geo.azurecr.io` and `<name>.<region>.data.azurecr.io`.
https://learn.microsoft.com/azure/container-registry/container-registry-endpoint-reference"""
_OF_OWN_CLOUDS = ("azsacr", "edgeacr")
"""The labels under which a private cloud (Azure Stack Hub, Azure Local) has its registries. Its other subdomains belong
to apps, machines and storage accounts of any of its tenants.
https://learn.microsoft.com/azure-stack/user/container-registry-faq"""
_KNOWN_CLOUDS = ("azure.com", "usgovcloudapi.net", "chinacloudapi.cn", "microsoftazure.de", "windows.net")
_GENERIC = frozenset({"co", "com", "net", "org", "gov", "edu", "ac", "go", "or", "ne"})
"""Labels before a country code where names are registered under both, as in `co.uk`."""
_HTTPS, _COUNTRY = 443, 2


def host_in(url: str) -> RegistryHost:
    """Return the host of a registry's URL, which may lack its scheme and have a path, such as `https://ghcr.io/team`.

    Raises:
        NotAReference: when there is no host, or the URL has a user, a query or a backslash.
    """
    scheme, separator, rest = url.strip().partition("://")
    if separator and scheme.lower() not in {"http", "https"}:
        raise NotAReference(f"'{url}' is not the address of a registry")
    return RegistryHost.parse((rest if separator else url.strip()).partition("/")[0])


def asked_at(host: RegistryHost) -> str:
    """Return the host to call for a registry.

    Source: https://docs.docker.com/reference/api/registry/latest/
    """
    return "registry-1.docker.io" if host.is_docker_hub else str(host)


def asked_for(host: RegistryHost, repository: str) -> str:
    """Return a repository's name in its registry: Docker Hub's official images are in `library`."""
    return f"library/{repository}" if host.is_docker_hub and "/" not in repository else repository


def is_azure_registry(host: RegistryHost, cloud: Cloud | None) -> bool:
    """Tell whether a host is an Azure Container Registry by its name, so that it may get a token of Entra ID.

    Only the forms of Azure's login servers and endpoints count, on port 443.
    """
    return _registry_at(host, cloud) is not None


def may_be_azure_registry(host: RegistryHost, cloud: Cloud) -> bool:
    """Tell whether a host that Resource Manager names may be a registry of its cloud.

    The domains of Azure's own clouds are known. In any other cloud, there is only Resource Manager's word for it.
    """
    known = (urlsplit(cloud.arm_url).hostname or "").endswith(tuple(f".{domain}" for domain in _KNOWN_CLOUDS))
    return is_azure_registry(host, cloud) or (not known and host.port in {None, _HTTPS})


def is_same_registry(one: RegistryHost, other: RegistryHost) -> bool:
    """Tell whether two hosts are one Azure Container Registry: its login server and its regional endpoints."""
    if one.dialed == other.dialed:
        return True
    registry = _registry_at(one, None)
    return registry is not None and registry == _registry_at(other, None)


def may_hold_tokens_of(service: RegistryHost, registry: RegistryHost) -> bool:
    """Tell whether a host may be a registry's token service, which then gets user and password.

    The service must be on the registry's own host, or on a host of the same organization: `auth.docker.io` for Docker
    Hub, `gitlab.com` for `registry.gitlab.com`. Registries of Azure share a domain with those of other customers, so
    for them it must be the same registry.
    Source: https://distribution.github.io/distribution/spec/auth/token/
    """
    if service.dialed == registry.dialed:
        return True
    if is_azure_registry(registry, None):
        return is_same_registry(service, registry)
    site = _site(registry.name)
    near = service.name in {registry.name, site} or service.name.endswith(f".{site}")
    return near and service.port in {None, _HTTPS, registry.port}


def registry_name(host: RegistryHost) -> str:
    """Return the probable name of a registry, for commands to copy. In its login server, a hash may follow the name.

    Names of registries consist of letters and digits, so a hyphen in a login server begins the hash.
    Source: https://learn.microsoft.com/azure/container-registry/container-registry-get-started-azure-cli
    """
    return host.first_label.partition("-")[0]


def _registry_at(host: RegistryHost, cloud: Cloud | None) -> tuple[str, str] | None:
    """Return the label and domain that all endpoints of an Azure registry share; None for any other host."""
    if host.port not in {None, _HTTPS}:
        return None
    for domain in (*_AZURES, *_own_domains(cloud)):
        match host.name.removesuffix(f".{domain}").split("."):
            case [label] if label != host.name:
                return label, domain
            case [label, _, endpoint] if endpoint in _ENDPOINTS and host.name.endswith(f".{domain}"):
                return label, domain
    return None


def _own_domains(cloud: Cloud | None) -> tuple[str, ...]:
    """Return the domains of registries in a private cloud, derived from the domain of its Resource Manager."""
    _, _, own = (urlsplit(cloud.arm_url).hostname or "").partition(".") if cloud else ("", "", "")
    return tuple(f"{label}.{own}" for label in _OF_OWN_CLOUDS) if own and not own.endswith(_KNOWN_CLOUDS) else ()


def _site(name: str) -> str:
    """Return the domain that an organization's hosts share; the name itself when anyone may register beside it."""
    above = name.partition(".")[2].split(".")
    address = above[-1].isdigit()
    generic = len(above) == _COUNTRY and len(above[-1]) == _COUNTRY and above[0] in _GENERIC
    return name if len(above) < _COUNTRY or generic or address else ".".join(above)
