"""Whether the app's present pull access can work.

The app pulls by itself: the service connection's permissions do not apply.
Source: https://learn.microsoft.com/azure/app-service/configure-custom-container#use-an-image-from-a-private-registry
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytask.access.inspect import right_told
from pytask.decode import flag_at, object_at, text_at
from pytask.errors.pull import PullCredentialsMissing, PullImpossible
from pytask.model import Right
from pytask.targets.identity import identities_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytask.access.inspect import RegistryAccess
    from pytask.access.setup import AppIdentity
    from pytask.targets.site.find import Found

REGISTRY_SETTINGS = _URL, _USER, _PASSWORD = (
    "DOCKER_REGISTRY_SERVER_URL",
    "DOCKER_REGISTRY_SERVER_USERNAME",
    "DOCKER_REGISTRY_SERVER_PASSWORD",
)
_PULLS_OVER_NETWORK = "WEBSITE_PULL_IMAGE_OVER_VNET"


def pull_notes(found: Found, access: RegistryAccess, settings: Mapping[str, str] | None) -> tuple[str, ...]:
    """Return notes about the app's present pull access.

    Raises:
        PullImpossible: when the app certainly cannot pull from the registry.
    """
    if found.site.reference and found.site.reference.host == access.registry:
        return tuple(pull_warnings(found, settings))  # it runs an image from this registry, so it can pull from it
    if flag_at(found.site.configuration, "acrUseManagedIdentityCreds"):
        if not access.of_azure:
            told = f"the app is configured to pull with its managed identity, which {access.registry} does not support"
            return (told, *pull_warnings(found, settings))
        return (*_by_identity(found, access), *pull_warnings(found, settings))
    return (*_by_settings(found, access, settings), *pull_warnings(found, settings))


def _by_identity(found: Found, access: RegistryAccess) -> Iterator[str]:
    identity = _configured_identity(found)
    right = access.right_of(identity.principal_id)
    told = right_told(right, identity.title, str(access.registry))
    if right is not Right.LACKING:
        yield f"the app pulls with its managed identity; {told}"
    elif not access.open_to_all():
        raise PullImpossible(
            app=found.site.title,
            reason=f"it is configured to pull with its managed identity, but {told}",
            identity=identity.title,
        )


def _configured_identity(found: Found) -> AppIdentity:
    """Return the identity that the app is configured to pull with; raise PullImpossible when the app lacks it."""
    client = text_at(found.site.configuration, "acrUserManagedIdentityID").lower()
    for identity in identities_of(found.resource):
        if identity.client_id.lower() == client:
            return identity
    if client:
        reason, lacking = (
            "it is configured to pull with a user-assigned identity that it does not have",
            "that identity",
        )
    else:
        reason, lacking = "it is configured to pull with its managed identity, but has none", "its managed identity"
    raise PullImpossible(app=found.site.title, reason=reason, identity=lacking)


def _by_settings(found: Found, access: RegistryAccess, settings: Mapping[str, str] | None) -> Iterator[str]:
    registry = str(access.registry)
    if settings is None:
        yield "it is not known how the app pulls, because its settings cannot be read"
        return
    if _URL not in settings or _PASSWORD not in settings:
        if access.open_to_all():
            return
        if not access.of_azure:
            raise PullCredentialsMissing(app=found.site.title, registry=registry)
        raise PullImpossible(
            app=found.site.title,
            reason=f"it neither pulls with a managed identity nor has the settings {_URL}, {_USER} and {_PASSWORD}",
            identity="its managed identity",
        )
    url = settings[_URL]
    if is_reference(url):
        yield f"the app signs in with Key Vault references; it is not known whether they are for {registry}"
    elif registry not in url.lower():
        yield f"the app's {_URL} is not {registry}; its credentials may not work"


def is_reference(value: str) -> bool:
    """Tell whether a setting's value is a key vault reference.

    Source: https://learn.microsoft.com/azure/app-service/app-service-key-vault-references
    """
    return value.lower().startswith("@microsoft.keyvault(")


def pull_warnings(found: Found, settings: Mapping[str, str] | None) -> Iterator[str]:
    """Yield warnings about pulling that apply to any pull access."""
    values = settings or {}
    if values.get("DOCKER_ENABLE_CI", "").lower() == "true":
        yield "DOCKER_ENABLE_CI is true: a registry webhook may also deploy to the app"
    if values.get(_PULLS_OVER_NETWORK, "") in {"1", "true"} or _pulls_over_network(found.resource):
        yield "the app pulls through its virtual network: the registry must be reachable from there"


def _pulls_over_network(resource: Mapping[str, Any]) -> bool:
    """Tell whether the site pulls images through its virtual network, in the properties of either API version.

    Source: https://learn.microsoft.com/azure/app-service/configure-vnet-integration-routing
    """
    properties = object_at(resource, "properties")
    routed = flag_at(properties, "outboundVnetRouting", "imagePullTraffic")
    return bool(flag_at(properties, "vnetImagePullEnabled") or routed)
