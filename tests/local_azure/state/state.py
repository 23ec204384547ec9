"""What exists in the local Azure: principals, roles granted, registries, sites. No HTTP, no engine here."""

from __future__ import annotations

import time
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.local_azure.environments import PUBLIC, AzureEnvironment
from tests.local_azure.state.principal import Machine, Principal
from tests.local_azure.state.registry_state import Push, RegistryState
from tests.local_azure.state.roles import ROLES, Role, RoleAssignment
from tests.local_azure.state.site import Site
from tests.local_azure.state.subscription import LOCATION, SUBSCRIPTION_ID, SUBSCRIPTION_NAME, TENANT_ID, group_id
from tests.local_azure.weather import AS_RECORDED, Weather

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local_azure.state.client_certificate import ClientCertificate
    from tests.local_azure.state.container_app import ContainerApp
    from tests.local_azure.state.insights import Component

__all__ = [
    "LOCATION",
    "SUBSCRIPTION_ID",
    "SUBSCRIPTION_NAME",
    "TENANT_ID",
    "Cloud",
    "Principal",
    "Push",
    "RegistryState",
    "Site",
    "group_id",
]


@dataclass(kw_only=True, slots=True)
class Cloud:
    """A tenant with a subscription, and registries in others: everything ARM, Entra and the registries know."""

    environment: AzureEnvironment = PUBLIC
    """Which of the clouds it is."""
    weather: Weather = AS_RECORDED
    """How long it takes over what it does of itself."""
    principals: list[Principal] = field(default_factory=list)
    roles: dict[str, Role] = field(default_factory=lambda: dict(ROLES))
    """By name: the built-in ones, and those added."""
    assignments: list[RoleAssignment] = field(default_factory=list)
    role_delay: float = 0.0
    """Seconds until a role that is granted through ARM counts."""
    identities: dict[str, Principal] = field(default_factory=dict)
    """User-assigned identities by lower-case resource id."""
    actions_used: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The permissions that calls took or would have taken, by the caller's object id."""
    registries: dict[str, RegistryState] = field(default_factory=dict)
    """By lower-case name."""
    machine: Machine = field(default_factory=Machine)
    """Whom the agent's machine may be."""
    sites: dict[str, Site] = field(default_factory=dict)
    """By lower-case resource id; slots are with their app."""
    container_apps: dict[str, ContainerApp] = field(default_factory=dict)
    """By lower-case resource id."""
    components: dict[str, Component] = field(default_factory=dict)
    """By lower-case resource id."""
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    """What lies in key vaults, by what a setting writes in `@Microsoft.KeyVault(…)`."""

    def move_to(self, environment: AzureEnvironment) -> None:
        """Be another of the clouds, with nothing in it yet."""
        self.environment = environment

    def assign_to_machine(self, machine: Machine) -> None:
        """Say whom the agent's machine may be."""
        self.machine = machine

    def add_principal(
        self,
        name: str,
        *,
        secret: str | None = None,
        certificate: ClientCertificate | None = None,
        federated_subject: str | None = None,
        service_connection_id: str | None = None,
        tenant_id: str = TENANT_ID,
    ) -> Principal:
        """Register an application with its service principal."""
        principal = Principal(
            name=name,
            object_id=str(uuid.uuid4()),
            client_id=str(uuid.uuid4()),
            secret=secret,
            certificate=certificate,
            federated_subject=federated_subject,
            service_connection_id=service_connection_id,
            tenant_id=tenant_id,
        )
        self.principals.append(principal)
        return principal

    def add_identity(self, name: str, resource_group: str) -> str:
        """Create a user-assigned identity; gives its resource id."""
        kind = "Microsoft.ManagedIdentity/userAssignedIdentities"
        resource_id = f"{group_id(resource_group)}/providers/{kind}/{name}"
        self.identities[resource_id.lower()] = self.add_principal(name)
        return resource_id

    def grant(self, principal: Principal, role: str, scope: str, *, condition: str | None = None) -> None:
        """Assign a role of `roles`, in force at once; raises KeyError for a role that is not there."""
        _ = self.roles[role]
        assignment = RoleAssignment(principal_id=principal.object_id, role=role, scope=scope, condition=condition)
        self.assignments.append(assignment)

    def revoke(self, principal: Principal, role: str) -> None:
        """Take a role away wherever the principal has it."""
        kept = (one for one in self.assignments if (one.principal_id, one.role) != (principal.object_id, role))
        self.assignments[:] = list(kept)

    def allowed(self, principal: Principal, action: str, scope: str, *, data: bool = False) -> bool:
        """Say whether a role of the principal allows `action` (with `data`: a data action) at `scope`."""
        return any(role.allows(action, data=data) for role in self.roles_of(principal, scope))

    def roles_of(self, principal: Principal, scope: str) -> list[Role]:
        """Return the roles that count for the principal at `scope` by now."""
        return [
            self.roles[assignment.role]
            for assignment in self.assignments
            if assignment.principal_id == principal.object_id
            if assignment.covers(scope) and assignment.counts_from <= time.monotonic()
        ]

    def may(self, principal: Principal, action: str, scope: str, *, data: bool = False) -> bool:
        """Say the same, and remember that the permission was needed."""
        self.actions_used[principal.object_id].add(action)
        return self.allowed(principal, action, scope, data=data)

    def has_role_below(self, principal: Principal, scope: str) -> bool:
        """Say whether the principal holds any role at `scope`, above it or below it."""
        asked = RoleAssignment(principal_id=principal.object_id, role="Reader", scope=scope)
        return any(
            assignment.covers(scope) or asked.covers(assignment.scope)
            for assignment in self.assignments
            if assignment.principal_id == principal.object_id
        )

    def with_client_id(self, client_id: str) -> Principal | None:
        """Return the principal of an application id."""
        return next((one for one in self.principals if one.client_id == client_id), None)

    def with_object_id(self, object_id: str) -> Principal | None:
        """Return the principal of an object id."""
        return next((one for one in self.principals if one.object_id == object_id), None)

    def registry_at(self, login_server: str) -> RegistryState | None:
        """Return the registry that answers at this host name."""
        return next((one for one in self.registries.values() if one.login_server == login_server.lower()), None)

    def site_in(self, resource_group: str, name: str) -> Site | None:
        """Return the app of that name in that group."""
        return self.sites.get(f"{group_id(resource_group)}/providers/Microsoft.Web/sites/{name}".lower())

    def site_at(self, host: str) -> Site | None:
        """Return the app or slot that answers at this host name."""
        return next((site for site in self.apps_and_slots() if site.host == host.lower()), None)

    def apps_and_slots(self) -> Iterator[Site]:
        """Return every app, each with its slots after it."""
        for site in self.sites.values():
            yield site
            yield from site.slots.values()

    def resource_groups(self) -> set[str]:
        """Return the names of the resource groups that hold something, in lower case."""
        resources: list[Site | RegistryState | Component | ContainerApp] = [
            *self.registries.values(),
            *self.sites.values(),
            *self.components.values(),
            *self.container_apps.values(),
        ]
        return {resource.resource_group.lower() for resource in resources}

    def forget(self) -> None:
        """Be a new, empty subscription of the public cloud again."""
        self.environment = PUBLIC
        self.weather = AS_RECORDED
        self.machine = Machine()
        for collection in (self.principals, self.assignments):
            collection.clear()
        self.roles = dict(ROLES)
        self.role_delay = 0.0
        self.identities.clear()
        self.actions_used.clear()
        self.registries.clear()
        self.sites.clear()
        self.components.clear()
        self.container_apps.clear()
        self.secrets.clear()
