"""How the app signs in to the registry when it pulls, and whether that can work.

The app pulls on its own: the service connection's rights are not its rights.
Source: https://learn.microsoft.com/azure/app-service/configure-custom-container#use-an-image-from-a-private-registry
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytask.errors.app import PullImpossible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from azure.mgmt.web.models import SiteConfig

    from pytask.functionapp.find import Found

_URL, _USER, _PASSWORD = (f"DOCKER_REGISTRY_SERVER_{part}" for part in ("URL", "USERNAME", "PASSWORD"))
_PULLS_OVER_NETWORK = "WEBSITE_PULL_IMAGE_OVER_VNET"


def pull_notes(
    found: Found, registry: str, settings: Mapping[str, str] | None, *, open_to_all: Callable[[], bool]
) -> tuple[str, ...]:
    """Give what should be known about the app's pulling; nothing when there is no doubt.

    `open_to_all` tells whether the registry lets everybody pull.

    Raises:
        PullImpossible: when the app certainly cannot pull from the registry.
    """
    if found.target.image.startswith(f"{registry}/"):
        return tuple(_warnings(found, settings))  # it runs an image of this registry, so it can pull from it
    configuration = found.configuration
    if configuration is not None and configuration.acr_use_managed_identity_creds:
        return (*_by_identity(found, configuration), *_warnings(found, settings))
    return (*_by_settings(found, registry, settings, open_to_all), *_warnings(found, settings))


def _by_identity(found: Found, configuration: SiteConfig) -> Iterator[str]:
    identity = found.site.get("identity") or {}
    kind = str(identity.get("type") or "").lower()
    if configuration.acr_user_managed_identity_id:
        clients = [str(one.get("clientId")) for one in (identity.get("userAssignedIdentities") or {}).values()]
        if configuration.acr_user_managed_identity_id not in clients:
            raise PullImpossible(
                app=found.target.title,
                reason="it is set to pull with a user-assigned identity that it does not have",
                identity="that identity",
            )
    elif "systemassigned" not in kind:
        raise PullImpossible(
            app=found.target.title,
            reason="it is set to pull with its managed identity, and it has none",
            identity="its managed identity",
        )
    yield "the app pulls with its managed identity; that the identity has AcrPull on the registry is not certain"


def _by_settings(
    found: Found, registry: str, settings: Mapping[str, str] | None, open_to_all: Callable[[], bool]
) -> Iterator[str]:
    if settings is None:
        yield "how the app pulls is not known, for want of its settings"
        return
    if _URL not in settings or _PASSWORD not in settings:
        if open_to_all():
            return
        raise PullImpossible(
            app=found.target.title,
            reason=f"it neither pulls with a managed identity nor has the settings {_URL}, {_USER} and {_PASSWORD}",
            identity="its managed identity",
        )
    url = settings[_URL]
    if url.startswith("@Microsoft.KeyVault("):
        yield f"the app signs in with Key Vault references; whether they are for {registry} is not known"
    elif registry not in url.lower():
        yield f"the app's {_URL} is not {registry}; its credentials may not fit"


def _warnings(found: Found, settings: Mapping[str, str] | None) -> Iterator[str]:
    values = settings or {}
    if values.get("DOCKER_ENABLE_CI", "").lower() == "true":
        yield "DOCKER_ENABLE_CI is true: a webhook of the registry may deploy by itself, beside this task"
    if values.get(_PULLS_OVER_NETWORK, "") in {"1", "true"} or _pulls_over_network(found.site):
        yield "the app pulls through its virtual network: the registry must be reachable from there"


def _pulls_over_network(site: Mapping[str, Any]) -> bool:
    """Tell whether the site routes its image pull into its network, in the words of either api-version.

    Source: https://learn.microsoft.com/azure/app-service/configure-vnet-integration-routing
    """
    properties = site.get("properties") or {}
    routing = properties.get("outboundVnetRouting") or {}
    return bool(properties.get("vnetImagePullEnabled") or routing.get("imagePullTraffic"))
