"""What exists in the local Azure: principals, roles granted, registries, sites. No HTTP, no engine here."""

from __future__ import annotations

import secrets
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from .platform_log import PlatformLog
from .roles import ROLES, RoleAssignment

if TYPE_CHECKING:
    from collections.abc import Mapping

TENANT_ID = "11111111-2222-4333-8444-555555555555"
SUBSCRIPTION_ID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
SUBSCRIPTION_NAME = "Contoso Production"
LOCATION = "West Europe"

SITE_CONFIG: Mapping[str, Any] = {
    "numberOfWorkers": 1,
    "netFrameworkVersion": "v4.0",
    "linuxFxVersion": "",
    "requestTracingEnabled": False,
    "httpLoggingEnabled": False,
    "detailedErrorLoggingEnabled": False,
    "scmType": "None",
    "use32BitWorkerProcess": False,
    "webSocketsEnabled": False,
    "alwaysOn": False,
    "appCommandLine": "",
    "managedPipelineMode": "Integrated",
    "loadBalancing": "LeastRequests",
    "autoHealEnabled": False,
    "vnetRouteAllEnabled": False,
    "publicNetworkAccess": "Enabled",
    "acrUseManagedIdentityCreds": False,
    "acrUserManagedIdentityID": None,
    "http20Enabled": False,
    "minTlsVersion": "1.2",
    "ftpsState": "FtpsOnly",
    "preWarmedInstanceCount": 1,
    "functionAppScaleLimit": 0,
    "functionsRuntimeScaleMonitoringEnabled": False,
    "minimumElasticInstanceCount": 1,
    "healthCheckPath": None,
}
"""A new site's configuration. Source: https://learn.microsoft.com/rest/api/appservice/web-apps/get-configuration"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """A service principal, or the managed identity of an app."""

    name: str
    object_id: str
    client_id: str
    secret: str | None = field(default=None, repr=False)
    federated_subject: str | None = None
    """The subject its federated credential expects; None where it has none."""
    service_connection_id: str | None = None
    """The Azure DevOps service connection that gets assertions with that subject."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Push:
    """One upload a registry accepted: a blob or a manifest."""

    kind: str
    """`blobs` or `manifests`."""
    repository: str
    reference: str
    """The digest of a blob; the tag or digest a manifest was put under."""


@dataclass(kw_only=True, slots=True, eq=False)
class RegistryState:
    """A container registry as ARM sees it, and the ledger of what went in and out."""

    name: str
    resource_group: str
    admin_user_enabled: bool = False
    admin_password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    pushes: list[Push] = field(default_factory=list)
    blob_reads: Counter[str] = field(default_factory=Counter)
    """How often each blob was read, by "repository@digest"."""

    @property
    def login_server(self) -> str:
        """The host name clients use, e.g. `contoso.azurecr.io`."""
        return f"{self.name}.azurecr.io"

    @property
    def id(self) -> str:
        """The resource id."""
        return f"{group_id(self.resource_group)}/providers/Microsoft.ContainerRegistry/registries/{self.name}"


@dataclass(kw_only=True, slots=True, eq=False)
class Site:
    """A Linux container Function App as ARM sees it, and the platform's log of it."""

    name: str
    resource_group: str
    identity: Principal | None = None
    """Its system-assigned identity."""
    settings: dict[str, str] = field(default_factory=dict, repr=False)
    config: dict[str, Any] = field(default_factory=lambda: dict(SITE_CONFIG), repr=False)
    log: PlatformLog = field(default_factory=PlatformLog, repr=False)
    last_modified: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    trigger_syncs: int = 0
    """How often its triggers were synced."""

    @property
    def id(self) -> str:
        """The resource id."""
        return f"{group_id(self.resource_group)}/providers/Microsoft.Web/sites/{self.name}"

    @property
    def host(self) -> str:
        """The default host name."""
        return f"{self.name.lower()}.azurewebsites.net"

    @property
    def url(self) -> str:
        """The address it answers at."""
        return f"https://{self.host}"

    @property
    def linux_fx_version(self) -> str:
        """The configured image in ARM's form, `DOCKER|…`; empty for none."""
        return str(self.config["linuxFxVersion"])

    @property
    def image(self) -> str | None:
        """The configured image reference, None where no image is configured."""
        kind, _, reference = self.linux_fx_version.partition("|")
        return reference if kind == "DOCKER" and reference else None


def group_id(resource_group: str) -> str:
    """Give the resource id of a resource group."""
    return f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/{resource_group}"


@dataclass(kw_only=True, slots=True)
class Cloud:
    """One tenant with one subscription: everything ARM, Entra and the registries know."""

    principals: list[Principal] = field(default_factory=list)
    assignments: list[RoleAssignment] = field(default_factory=list)
    registries: dict[str, RegistryState] = field(default_factory=dict)
    """By lower-case name."""
    sites: dict[str, Site] = field(default_factory=dict)
    """By lower-case name."""

    def add_principal(
        self,
        name: str,
        *,
        secret: str | None = None,
        federated_subject: str | None = None,
        service_connection_id: str | None = None,
    ) -> Principal:
        """Register an application with its service principal."""
        principal = Principal(
            name=name,
            object_id=str(uuid.uuid4()),
            client_id=str(uuid.uuid4()),
            secret=secret,
            federated_subject=federated_subject,
            service_connection_id=service_connection_id,
        )
        self.principals.append(principal)
        return principal

    def grant(self, principal: Principal, role: str, scope: str) -> None:
        """Assign a role of `ROLES`; raises KeyError for a role that is not there."""
        _ = ROLES[role]
        self.assignments.append(
            RoleAssignment(principal_id=principal.object_id, role=role, scope=scope),
        )

    def allowed(self, principal: Principal, action: str, scope: str) -> bool:
        """Say whether a role of the principal allows `action` at `scope`."""
        return any(
            assignment.covers(scope) and ROLES[assignment.role].allows(action)
            for assignment in self.assignments
            if assignment.principal_id == principal.object_id
        )

    def has_role_below(self, principal: Principal, scope: str) -> bool:
        """Say whether the principal holds any role at `scope`, above it or below it."""
        asked = RoleAssignment(principal_id=principal.object_id, role="Reader", scope=scope)
        return any(
            assignment.covers(scope) or asked.covers(assignment.scope)
            for assignment in self.assignments
            if assignment.principal_id == principal.object_id
        )

    def with_client_id(self, client_id: str) -> Principal | None:
        """Give the principal of an application id."""
        return next((one for one in self.principals if one.client_id == client_id), None)

    def with_object_id(self, object_id: str) -> Principal | None:
        """Give the principal of an object id."""
        return next((one for one in self.principals if one.object_id == object_id), None)

    def registry_at(self, login_server: str) -> RegistryState | None:
        """Give the registry that answers at this host name."""
        name, _, domain = login_server.lower().partition(".")
        return self.registries.get(name) if domain == "azurecr.io" else None

    def site_at(self, host: str) -> Site | None:
        """Give the site that answers at this host name."""
        name, _, domain = host.lower().partition(".")
        return self.sites.get(name) if domain == "azurewebsites.net" else None

    def resource_groups(self) -> set[str]:
        """Give the names of the resource groups that hold something, in lower case."""
        resources: list[Site | RegistryState] = [*self.registries.values(), *self.sites.values()]
        return {resource.resource_group.lower() for resource in resources}

    def forget(self) -> None:
        """Be a new, empty subscription again."""
        for collection in (self.principals, self.assignments):
            collection.clear()
        self.registries.clear()
        self.sites.clear()
