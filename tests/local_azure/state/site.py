"""A Function App, or one of its slots, as ARM sees it, and the platform's log of it. State only."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Literal

from tests.local_azure.environments import PUBLIC
from tests.local_azure.logs.platform_logs import new_log
from tests.local_azure.state.app_kinds import KINDS, AppKind
from tests.local_azure.state.function_keys import FunctionKeys
from tests.local_azure.state.site_config import SITE_CONFIG
from tests.local_azure.state.subscription import group_id

if TYPE_CHECKING:
    from tests.local_azure.app_service.swap import SlotSwap
    from tests.local_azure.logs.platform_log import PlatformLog
    from tests.local_azure.state.principal import Principal

Access = Literal["open", "restricted", "login_page", "login_required"]
"""Who gets through to the container: everybody, nobody, or who has signed in (302 to a page, or 401)."""

CONTAINER_APPS_DOMAIN = "agreeablesea-1a2b3c4d.westeurope.azurecontainerapps.io"
REGIONAL_DOMAIN = "westeurope-01.azurewebsites.net"
"""Where apps with a unique default host name answer.

Source: https://learn.microsoft.com/azure/app-service/configure-custom-domain (secure unique default host name)
"""


@dataclass(kw_only=True, slots=True, eq=False)
class Site:
    """A Function App, or with a `slot` one of its slots."""

    name: str
    """The app's name, also for a slot."""
    resource_group: str
    kind: AppKind = field(default_factory=lambda: KINDS["linux_container"])
    slot: str | None = None
    domain: str = PUBLIC.apps
    unique_host: bool = False
    """Whether its host name has a part that no other app's has."""
    identity: Principal | None = None
    """Its system-assigned identity."""
    user_identities: dict[str, Principal] = field(default_factory=dict)
    """Its user-assigned identities by resource id."""
    settings: dict[str, str] = field(default_factory=dict, repr=False)
    slot_names: dict[str, list[str] | None] = field(
        default_factory=lambda: dict.fromkeys(("connectionStringNames", "appSettingNames", "azureStorageConfigNames"))
    )
    """The names that stay with their slot; the app has them for all its slots."""
    config: dict[str, Any] = field(default_factory=lambda: dict(SITE_CONFIG), repr=False)
    containers: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The properties of its sitecontainers by name."""
    slots: dict[str, Site] = field(default_factory=dict)
    """By lower-case name."""
    instances: int = 1
    """On how many machines it is to run."""
    state: Literal["Running", "Stopped"] = "Running"
    access: Access = "open"
    vnet_image_pull: bool = False
    keys: FunctionKeys = field(default_factory=FunctionKeys, repr=False)
    log: PlatformLog = field(default_factory=lambda: new_log("classic", ""), repr=False)
    listed: list[dict[str, Any]] | None = None
    """The functions that ARM has kept of it, in the host's own form; None before there were any."""
    has_log: bool = True
    """Whether ARM hands the log out."""
    pending: int = 0
    """How often the operation under way is still to be asked for; on Container Apps only."""
    last_modified: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    trigger_syncs: int = 0
    """How often its triggers were synced."""
    refused_syncs: int = 0
    """How often that was refused because no host answered."""
    swap: SlotSwap | None = None
    """Its latest swap with production, of a slot."""
    last_swap: dict[str, str] | None = None
    """The last swap that was made."""
    suffix: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def id(self) -> str:
        """The resource id."""
        app = f"{group_id(self.resource_group)}/providers/Microsoft.Web/sites/{self.name}"
        return f"{app}/slots/{self.slot}" if self.slot else app

    @property
    def type(self) -> str:
        """The resource type."""
        return "Microsoft.Web/sites/slots" if self.slot else "Microsoft.Web/sites"

    @property
    def resource_name(self) -> str:
        """What ARM gives as its name: a slot's begins with the app's."""
        return f"{self.name}/{self.slot}" if self.slot else self.name

    @property
    def label(self) -> str:
        """The first part of its host name."""
        return f"{self.name}-{self.slot}".lower() if self.slot else self.name.lower()

    @property
    def runtime_name(self) -> str:
        """What the platform's log calls it; a slot's name there is the app's with four digits.

        Source: https://github.com/projectkudu/kudu/wiki/Azure-runtime-environment (WEBSITE_IIS_SITE_NAME)
        """
        digits = hashlib.sha256(self.id.encode()).hexdigest()[:4]
        return f"{self.name.lower()}__{digits}" if self.slot else self.name.lower()

    @property
    def host(self) -> str:
        """The default host name."""
        if self.kind.container_apps:
            return f"{self.label}.{CONTAINER_APPS_DOMAIN}"
        return f"{self.label}-{self.suffix}.{REGIONAL_DOMAIN}" if self.unique_host else f"{self.label}.{self.domain}"

    @property
    def url(self) -> str:
        """The address it answers at."""
        return f"https://{self.host}"

    @property
    def told_kind(self) -> str:
        """What ARM gives as its kind: that of a Linux app is a consequence of what it is configured to run.

        Source: recorded traffic of https://github.com/Azure/azure-cli (appservice tests)
        """
        kind = self.kind.kind
        if self.kind.windows or self.kind.container_apps or self.kind.flex:
            return kind
        has_image = self.linux_fx_version.startswith("DOCKER|") or self.linux_fx_version == "sitecontainers"
        return "functionapp,linux,container" if has_image else "functionapp,linux"

    @property
    def linux_fx_version(self) -> str:
        """The configured image in ARM's form, `DOCKER|…`; empty for none."""
        return str(self.config["linuxFxVersion"])

    @property
    def image(self) -> str | None:
        """The configured image reference, None where no image is configured."""
        if self.linux_fx_version == "sitecontainers":
            return str(self.main_container["image"]) if self.main_container else None
        kind, _, reference = self.linux_fx_version.partition("|")
        return reference if kind == "DOCKER" and reference else None

    @property
    def main_container(self) -> dict[str, Any] | None:
        """The sitecontainer that gets the traffic, of an app that is made of such."""
        if self.linux_fx_version != "sitecontainers":
            return None
        return next((one for one in self.containers.values() if one.get("isMain")), None)
