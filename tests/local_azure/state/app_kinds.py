"""The kinds of Function App there are, told apart as ARM tells them. State only.

Source: https://learn.microsoft.com/azure/azure-functions/functions-infrastructure-as-code and the recorded traffic of
https://github.com/Azure/azure-cli (src/azure-cli/azure/cli/command_modules/appservice/tests)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

KindName = Literal[
    "linux_container",
    "windows_container",
    "windows_code",
    "linux_code",
    "flex_consumption",
    "linux_consumption",
    "sitecontainers",
    "container_apps",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class AppKind:
    """What ARM says of every app of a kind, and what such an app cannot do."""

    kind: str
    """The property `kind`; a container app that began as a code app keeps the code app's."""
    sku: str | None
    tier: str
    """Where its plan's resource id ends."""
    reserved: bool | None = True
    """Whether it runs on Linux; Container Apps do not say."""
    is_xenon: bool = False
    linux_fx_version: str = ""
    """What it is configured to run while it has no image."""
    windows: bool = False
    container_apps: bool = False
    flex: bool = False

    @property
    def has_slots(self) -> bool:
        """Whether it may have deployment slots.

        Source: https://learn.microsoft.com/azure/azure-functions/functions-deployment-slots
        """
        return not (self.container_apps or self.flex)


KINDS: Mapping[KindName, AppKind] = {
    "linux_container": AppKind(kind="functionapp,linux,container", sku="ElasticPremium", tier="EP1"),
    "windows_container": AppKind(
        kind="functionapp,container,windows",
        sku="PremiumV3",
        tier="P1v3",
        reserved=False,
        is_xenon=True,
        windows=True,
    ),
    "windows_code": AppKind(kind="functionapp", sku="Dynamic", tier="Y1", reserved=False, windows=True),
    "linux_code": AppKind(kind="functionapp,linux", sku="ElasticPremium", tier="EP1", linux_fx_version="Python|3.11"),
    "flex_consumption": AppKind(kind="functionapp,linux", sku="FlexConsumption", tier="FC1", flex=True),
    "linux_consumption": AppKind(kind="functionapp,linux", sku="Dynamic", tier="Y1", linux_fx_version="Python|3.11"),
    "sitecontainers": AppKind(
        kind="functionapp,linux,container",
        sku="ElasticPremium",
        tier="EP1",
        linux_fx_version="sitecontainers",
    ),
    "container_apps": AppKind(
        kind="functionapp,linux,container,azurecontainerapps",
        sku=None,
        tier="",
        reserved=None,
        container_apps=True,
    ),
}
