"""A container registry as ARM sees it, and the ledger of what went in and out. State only."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from tests.local_azure.environments import PUBLIC
from tests.local_azure.state.subscription import PRODUCTION, Subscription, group_id

RoleAssignmentMode = Literal["LegacyRegistryPermissions", "AbacRepositoryPermissions"]


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
    """A container registry.

    Source of the properties: https://learn.microsoft.com/rest/api/containerregistry/registries/get
    """

    name: str
    resource_group: str
    subscription: Subscription = PRODUCTION
    domain: str = PUBLIC.registries
    admin_user_enabled: bool = False
    anonymous_pull: bool = False
    role_assignment_mode: RoleAssignmentMode = "LegacyRegistryPermissions"
    """With ABAC only roles for repositories count.

    Source: https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions
    """
    arm_tokens: bool = True
    """Whether a token for ARM may be exchanged (policy azureADAuthenticationAsArmPolicy)."""
    own_tokens: bool = True
    """Whether a token for the registries' own audience may be exchanged; those of old do not know it."""
    firewall_denies_app: bool = False
    """Whether App Service is refused by its address."""
    firewall_denies_agent: bool = False
    """Whether the build agent is refused by its address."""
    firewall_denies_tasks: bool = False
    """Whether the shared agents of ACR Tasks are refused by their address."""
    tasks_permitted: bool = True
    """Whether the subscription may use ACR Tasks."""
    agent_pools: set[str] = field(default_factory=set)
    """Dedicated ones, by name."""
    public_network_access: bool = True
    """Whether it answers outside of its private endpoints, behind which nobody is here."""
    admin_password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    second_admin_password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    """There are two, so that one can be renewed while the other is in use."""
    dnl_hash: str = ""
    """What stands behind the name in the login server of a registry that was created with a domain name label.

    Source: https://learn.microsoft.com/azure/container-registry/container-registry-get-started-portal
    """
    claims_everything: bool = False
    """Whether its tokens begin with a claim for `*`, which says nothing about one repository by its name."""
    pushes: list[Push] = field(default_factory=list)
    blob_reads: Counter[str] = field(default_factory=Counter)
    """How often each blob was read, by "repository@digest", by anybody."""
    reads: Counter[str] = field(default_factory=Counter)
    """How often the agent's side (engine and task) got each blob or manifest, by the digest or tag asked for."""

    @property
    def login_server(self) -> str:
        """The host name clients use, e.g. `contoso.azurecr.io` or `contoso-h4sh.azurecr.io`."""
        label = f"{self.name}-{self.dnl_hash}" if self.dnl_hash else self.name
        return f"{label}.{self.domain}"

    @property
    def id(self) -> str:
        """The resource id."""
        group = group_id(self.resource_group, self.subscription)
        return f"{group}/providers/Microsoft.ContainerRegistry/registries/{self.name}"

    @property
    def repository_permissions(self) -> bool:
        """Whether roles for repositories decide, instead of AcrPull and AcrPush."""
        return self.role_assignment_mode == "AbacRepositoryPermissions"

    @property
    def firewalled(self) -> bool:
        """Whether somebody is refused by address."""
        return self.firewall_denies_app or self.firewall_denies_agent or self.firewall_denies_tasks

    def denies(self, origin: str) -> bool:
        """Say whether it refuses by address whoever comes from there: `agent`, `app` or `tasks`."""
        rules = {"app": self.firewall_denies_app, "tasks": self.firewall_denies_tasks}
        return rules.get(origin, self.firewall_denies_agent) or not self.public_network_access
