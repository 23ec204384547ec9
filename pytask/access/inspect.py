"""Which pull access an identity of the app has, and what it still needs. Nothing here writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.access.admin_user import admin_user
from pytask.access.roles import grant_command, may_grant, pull_role, right_of
from pytask.access.setup import Grant, PullSetup
from pytask.errors.foreign import shell_word
from pytask.errors.pull import AdminUserUnreadable, PullAcrossTenants, RoleNotGrantable
from pytask.model import Right
from pytask.registry.hosts import is_azure_registry, registry_name
from pytask.registry.resource import find_resource
from pytask.registry.rights import everybody_may_pull

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytask.access.admin_user import AdminUser
    from pytask.access.setup import AppIdentity
    from pytask.cloud.arm import Arm, Azure
    from pytask.model import App, RegistryHost
    from pytask.registry.images import ImageSource
    from pytask.registry.resource import RegistryResource

_OBJECT_ID = "--query principalId --output tsv"


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistryAccess:
    """The registry that the app pulls from, as the run's connections see it."""

    azure: Azure
    """The app's connection."""
    source: ImageSource
    registry: RegistryHost

    @property
    def arm(self) -> Arm:
        """Resource Manager, through the connection to the registry's subscription."""
        own = self.source.registries.azure
        # A Docker Registry connection may name no subscription.
        return own.arm if own and own.arm.subscription else self.azure.arm

    @property
    def of_azure(self) -> bool:
        """Whether this is an Azure Container Registry: no other registry accepts managed identities."""
        return is_azure_registry(
            self.registry, (self.source.registries.azure or self.azure).credentials.connection.cloud
        )

    def resource(self) -> RegistryResource | None:
        """Return the registry as Resource Manager shows it; None when it is not shown."""
        return find_resource(self.arm, self.registry, self.source.resource_id)

    def open_to_all(self) -> bool:
        """Tell whether the registry allows anonymous pull."""
        session = self.source.session
        return session is not None and everybody_may_pull(session, self.source.repository)

    def right_of(self, principal: str) -> Right:
        """Return the right to pull of the identity with this object ID."""
        registry = self.resource()
        return right_of(self.arm, registry, principal) if registry else Right.UNKNOWN


def inspect_identity(access: RegistryAccess, app: App, identity: AppIdentity, *, assign: str) -> PullSetup:
    """Return what the app needs to pull with an identity; `assign` is the command that assigns the identity to the app.

    Raises:
        PullAcrossTenants, RoleNotGrantable: when it certainly cannot.
    """
    _confirm_same_tenant(access, app)
    registry = access.resource()
    right = _right(access, registry, identity)
    open_question = registry is not None and right in {Right.LACKING, Right.UNKNOWN}
    grants = registry if registry and open_question and may_grant(access.arm, registry) is not False else None
    command = _command(access, registry, identity, assign)
    if right is Right.LACKING and grants is None:
        raise _not_grantable(access, app, registry, identity, command)
    return PullSetup(
        description=_description(identity, grants),
        notes=tuple(_doubts(access, right, identity, "" if grants else command)),
        identity=identity,
        grant=Grant(registry=grants, arm=access.arm, right=right) if grants else None,
    )


def inspect_admin_user(access: RegistryAccess) -> tuple[AdminUser, RegistryResource]:
    """Return the registry's admin user and the registry.

    Raises:
        AdminUserDisabled, AdminUserUnreadable: when there is none to use.
    """
    registry = access.resource()
    if registry is None:
        detail = f"this connection can see no registry {access.registry} in the subscription {access.arm.subscription}"
        raise AdminUserUnreadable(registry=str(access.registry), detail=detail)
    return admin_user(access.arm, registry, access.azure.credentials.mask), registry


def right_told(right: Right, whose: str, registry: str) -> str:
    """Return what is known about an identity's right to pull, as the end of a note; `whose` names the identity."""
    return {
        Right.HELD: f"{whose} can pull from {registry}",
        Right.CONDITIONAL: f"the role of {whose} on {registry} has a condition: it is not certain that it can pull",
        Right.LACKING: f"{whose} has no role on {registry} that allows it to pull",
        Right.UNKNOWN: f"it is not certain that {whose} can pull from {registry}: its roles there are not visible",
    }[right]


def _confirm_same_tenant(access: RegistryAccess, app: App) -> None:
    """Raise PullAcrossTenants unless the registry is in the app's tenant, the only one that knows its identities.

    Source: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/managed-identities-faq
    """
    own, other = access.azure, access.source.registries.azure or access.azure
    tenants = [one.credentials.connection.tenant_id.lower() for one in (own, other)]
    if all(tenants) and tenants[0] != tenants[1]:
        raise PullAcrossTenants(
            app=app.title, registry=str(access.registry), tenant=tenants[0], registry_tenant=tenants[1]
        )


def _right(access: RegistryAccess, registry: RegistryResource | None, identity: AppIdentity) -> Right:
    if not identity.principal_id:
        return Right.LACKING  # an identity that does not exist yet has no role
    return right_of(access.arm, registry, identity.principal_id) if registry else Right.UNKNOWN


def _description(identity: AppIdentity, grants: RegistryResource | None) -> str:
    missing = [] if identity.assigned else [f"to be {identity.assignment}"]
    missing += [f"role {pull_role(grants).name} to be granted on {grants.name}"] if grants else []
    return f"with {identity.title} ({', '.join(missing)})" if missing else f"with {identity.title}"


def _doubts(access: RegistryAccess, right: Right, identity: AppIdentity, command: str) -> Iterator[str]:
    """Return what is uncertain; `command` grants the role by hand and is empty when this run grants it."""
    told = right_told(right, identity.title, str(access.registry))
    if right is Right.CONDITIONAL:
        yield told
    if right is Right.UNKNOWN and command:
        yield f"{told}; if it has none, run {command}"


def _not_grantable(
    access: RegistryAccess, app: App, registry: RegistryResource | None, identity: AppIdentity, command: str
) -> RoleNotGrantable:
    if registry:
        lacking = "has no role there that allows it to pull" if identity.principal_id else "is not turned on yet"
        detail = f"{identity.title} {lacking}, and no role of this connection on the registry allows granting one"
    else:
        detail = (
            f"this connection can see no registry {access.registry} in the subscription {access.arm.subscription} "
            "(where it uses ABAC, the role is Container Registry Repository Reader)"
        )
    return RoleNotGrantable(
        app=app.title,
        role=_role_name(registry),
        registry=registry.name if registry else str(access.registry),
        detail=detail,
        command=command,
    )


def _command(access: RegistryAccess, registry: RegistryResource | None, identity: AppIdentity, assign: str) -> str:
    """Return the administrator's command; a nested command finds each id that is not known yet."""
    name = registry_name(access.registry)
    principal = shell_word(identity.principal_id) if identity.principal_id else f"$({assign} {_OBJECT_ID})"
    scope = shell_word(registry.id) if registry else f"$(az acr show --name {name} --query id --output tsv)"
    return grant_command(_role_name(registry), principal, scope)


def _role_name(registry: RegistryResource | None) -> str:
    return pull_role(registry).name if registry else "AcrPull"
