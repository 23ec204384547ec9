"""How the app signs in to the registry when it pulls, and whether that can work.

The app pulls on its own: the service connection's rights are not its rights.
Source: https://learn.microsoft.com/azure/app-service/configure-custom-container#use-an-image-from-a-private-registry
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytask.errors.pull import PullCredentialsMissing, PullImpossible
from pytask.model import Right
from pytask.targets.site.identity import identities_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from azure.mgmt.web.models import SiteConfig

    from pytask.model import RegistryHost
    from pytask.targets.site.find import Found
    from pytask.targets.site.identity import AppIdentity

REGISTRY_SETTINGS = _URL, _USER, _PASSWORD = (
    "DOCKER_REGISTRY_SERVER_URL",
    "DOCKER_REGISTRY_SERVER_USERNAME",
    "DOCKER_REGISTRY_SERVER_PASSWORD",
)
_PULLS_OVER_NETWORK = "WEBSITE_PULL_IMAGE_OVER_VNET"


@dataclass(frozen=True, kw_only=True, slots=True)
class PullQuestion:
    """Which registry the app is to pull from, and how to find out more about it."""

    registry: RegistryHost
    of_azure: bool
    """Whether it is an Azure Container Registry, which alone knows identities."""
    settings: Mapping[str, str] | None
    """The app's; None when the connection may not read them."""
    open_to_all: Callable[[], bool]
    """Tells whether the registry lets everybody pull."""
    right_of: Callable[[str], Right]
    """Tells whether the identity with an object id may pull."""


def pull_notes(found: Found, question: PullQuestion) -> tuple[str, ...]:
    """Return what should be known about the app's pulling as it is set up now.

    Raises:
        PullImpossible: when the app certainly cannot pull from the registry.
    """
    settings, configuration = question.settings, found.configuration
    if found.target.reference and found.target.reference.host == question.registry:
        return tuple(pull_warnings(found, settings))  # it runs an image of this registry, so it can pull from it
    if configuration is not None and configuration.acr_use_managed_identity_creds:
        if not question.of_azure:
            told = f"the app is set to pull with its managed identity, which {question.registry} does not know"
            return (told, *pull_warnings(found, settings))
        return (*_by_identity(found, configuration, question), *pull_warnings(found, settings))
    return (*_by_settings(found, question), *pull_warnings(found, settings))


def right_told(right: Right, whose: str, registry: str) -> str:
    """Return what is known of an identity's right to pull, as the end of a note; `whose` says which identity."""
    return {
        Right.HELD: f"{whose} may pull from {registry}",
        Right.CONDITIONAL: f"{whose} has its role on {registry} with a condition: whether it may pull is not certain",
        Right.LACKING: f"{whose} has no role on {registry} that lets it pull",
        Right.UNKNOWN: f"whether {whose} may pull from {registry} is not certain: its roles there are not shown",
    }[right]


def _by_identity(found: Found, configuration: SiteConfig, question: PullQuestion) -> Iterator[str]:
    identity = _configured_identity(found, configuration)
    right = question.right_of(identity.principal_id)
    told = right_told(right, identity.title, str(question.registry))
    if right is not Right.LACKING:
        yield f"the app pulls with its managed identity; {told}"
    elif not question.open_to_all():
        raise PullImpossible(
            app=found.target.title,
            reason=f"it is set to pull with its managed identity, and {told}",
            identity=identity.title,
        )


def _configured_identity(found: Found, configuration: SiteConfig) -> AppIdentity:
    """Return the identity that the app is set to pull with; raise PullImpossible when it does not have it."""
    client = (configuration.acr_user_managed_identity_id or "").lower()
    for identity in identities_of(found.site):
        if identity.client_id.lower() == client:
            return identity
    if client:
        reason, lacking = "it is set to pull with a user-assigned identity that it does not have", "that identity"
    else:
        reason, lacking = "it is set to pull with its managed identity, and it has none", "its managed identity"
    raise PullImpossible(app=found.target.title, reason=reason, identity=lacking)


def _by_settings(found: Found, question: PullQuestion) -> Iterator[str]:
    registry, settings = str(question.registry), question.settings
    if settings is None:
        yield "how the app pulls is not known, because its settings cannot be read"
        return
    if _URL not in settings or _PASSWORD not in settings:
        if question.open_to_all():
            return
        if not question.of_azure:
            raise PullCredentialsMissing(app=found.target.title, registry=registry)
        raise PullImpossible(
            app=found.target.title,
            reason=f"it neither pulls with a managed identity nor has the settings {_URL}, {_USER} and {_PASSWORD}",
            identity="its managed identity",
        )
    url = settings[_URL]
    if is_reference(url):
        yield f"the app signs in with Key Vault references; whether they are for {registry} is not known"
    elif registry not in url.lower():
        yield f"the app's {_URL} is not {registry}; its credentials may not fit"


def is_reference(value: str) -> bool:
    """Tell whether a setting's value lies in a key vault.

    Source: https://learn.microsoft.com/azure/app-service/app-service-key-vault-references
    """
    return value.lower().startswith("@microsoft.keyvault(")


def pull_warnings(found: Found, settings: Mapping[str, str] | None) -> Iterator[str]:
    """Return what may surprise when the app pulls, whatever its pull access."""
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
