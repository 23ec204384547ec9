"""A Linux container app or one of its slots, as found and as updated by this run.

One site property names its image, after a prefix for the kind of deployment.
Sources: https://learn.microsoft.com/azure/app-service/reference-app-settings and https://learn.microsoft.com/rest/api/appservice/web-apps/get-configuration
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pytask.decode import text_at
from pytask.errors.foreign import shell_word
from pytask.model import App, Update

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

IMAGE_PROPERTY = "linuxFxVersion"
_CONTAINER = "DOCKER"


def fx_version_of(reference: str) -> str:
    """Return the property's value for a container image."""
    return f"{_CONTAINER}|{reference}"


def fx_version_in(configuration: Mapping[str, object]) -> str:
    """Return the property's value; empty when it is absent."""
    return text_at(configuration, IMAGE_PROPERTY)


def image_in(fx_version: str) -> str:
    """Return the image in the property's value; empty when there is none."""
    kind, _, reference = fx_version.partition("|")
    return reference.strip() if kind.strip().upper() == _CONTAINER else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Site(App):
    """The Function App or slot: `/subscriptions/…/resourceGroups/…/providers/Microsoft.Web/sites/…[/slots/…]`."""

    fx_version: str
    """The property's value, as read."""
    configuration: Mapping[str, object] = field(default_factory=dict, repr=False)
    """The properties of `config/web`, by name."""
    on_container_apps: bool = False
    """Whether it was created through `Microsoft.Web` in a Container Apps environment."""

    @property
    def app_id(self) -> str:
        """The resource ID of the app, even for one of its slots."""
        return self.resource_id.removesuffix(f"/slots/{self.slot}") if self.slot else self.resource_id

    def reading(self, configuration: Mapping[str, object]) -> Site:
        """Return the same site with another configuration."""
        fx_version = fx_version_in(configuration)
        return replace(self, fx_version=fx_version, image=image_in(fx_version), configuration=configuration)


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteUpdate(Update):
    """An update that pointed the site at an image, with what its verification needs."""

    app: Site
    written: datetime
    """When Azure accepted the change, by Azure's clock (whole seconds, rounded down)."""
    sent_at: float
    """Monotonic clock just before the change was sent: a process of the new image cannot be older."""
    instances: int | None
    """Number of instances just before the change; None when unknown."""
    fresh_tag: bool = False
    """Whether `reference` has a tag that did not exist before this run."""
    beside: Mapping[str, object] = field(default_factory=dict, repr=False)
    """Site properties to set besides the image, by name."""
    answered: Mapping[str, object] = field(default_factory=dict, repr=False)
    """The configuration in Azure's answer to the change; empty when it has none."""

    @property
    def fx_version(self) -> str:
        """The property's new value."""
        return fx_version_of(self.reference)


def az_flags(name: str, resource_group: str, slot: str) -> str:
    """Return the flags of `az functionapp` that name the site."""
    of_slot = f" --slot {shell_word(slot)}" if slot else ""
    return f"--name {shell_word(name)} --resource-group {shell_word(resource_group)}{of_slot}"


def differing(configuration: Mapping[str, object], wanted: Mapping[str, object]) -> dict[str, object]:
    """Return the wanted properties that the configuration does not have yet."""
    return {name: value for name, value in wanted.items() if not reads_as(configuration.get(name), value)}


def not_kept(configuration: Mapping[str, object], written: Mapping[str, object]) -> list[str]:
    """Return the names of the properties that do not have the value that was written.

    Lists and objects cannot be compared: Azure adds its own rules, and writes an address as a network.
    """
    simple = {name: value for name, value in written.items() if isinstance(value, str | bool | int)}
    return [name for name, value in simple.items() if not _same(configuration.get(name), value)]


def reads_as(found: object, wanted: object) -> bool:
    """Tell whether a property has the wanted value: Azure adds fields to objects, and shows empty text as null."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(reads_as(found.get(name), value) for name, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(reads_as, found, wanted))
    if isinstance(wanted, str):
        return (found or "") == wanted
    return type(found) is type(wanted) and found == wanted


def _same(found: object, wanted: object) -> bool:
    """Tell whether two simple values are the same to Azure, which spells some texts in its own way."""
    if isinstance(wanted, str):
        return str(found or "").casefold() == wanted.casefold()
    return reads_as(found, wanted)
