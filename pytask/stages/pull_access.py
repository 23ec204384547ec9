"""How the app is let into the registry of the run, and what is missing until it is. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytask.errors.pull import AdminUserUnreadable, PullAcrossTenants, PullSettingIsReference, RoleNotGrantable
from pytask.model import PullAccess, Right
from pytask.model.settings import with_changes
from pytask.registry.hosts import is_azures, registry_name
from pytask.registry.resource import admin_user, find_resource
from pytask.registry.rights import everybody_may_pull
from pytask.registry.roles import grant_command, may_grant, pull_role, right_of
from pytask.targets.site.identity import choose_identity, identity_command
from pytask.targets.site.pull import (
    REGISTRY_SETTINGS,
    PullQuestion,
    is_reference,
    pull_notes,
    pull_warnings,
    right_told,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytask.cloud.arm import Arm, Azure
    from pytask.model import Plan, RegistryHost, Secret
    from pytask.registry.registries import Registries
    from pytask.registry.resource import AdminUser, RegistryResource
    from pytask.registry.session import RegistrySession
    from pytask.targets.site.find import Found
    from pytask.targets.site.identity import AppIdentity

_OBJECT_ID = "--query principalId --output tsv"


@dataclass(frozen=True, kw_only=True, slots=True)
class PullSetup:
    """How the app is let into the registry; nothing of it is done yet."""

    told: str = ""
    """What is to be done, for the log; empty when the app is left as it is."""
    notes: tuple[str, ...] = ()
    warning: str = ""
    beside: Mapping[str, object] = field(default_factory=dict)
    """What the configuration is to read, besides the image."""
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    """App settings that are to be written."""
    identity: AppIdentity | None = None
    """What the app is to pull with; None when that is left as it is."""
    registry: RegistryResource | None = None
    """Where the identity is to be granted its role; None when it has it, or when only an administrator may grant it."""
    arm: Arm | None = None
    """The way to grant it: the registry may have a connection of its own."""
    right: Right = Right.UNKNOWN
    """Whether the identity has the role by now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PullScene:
    """What is known when the app's way into the registry is looked at."""

    plan: Plan
    azure: Azure
    registries: Registries
    found: Found
    session: RegistrySession | None
    """The registry of the run's image; None when it does not let us in at all."""
    settings: Mapping[str, str] | None
    """The app's; None when the connection may not read them."""

    @property
    def host(self) -> RegistryHost | None:
        """The registry's login server; None when the run is about no image."""
        existing = self.plan.existing
        return self.session.host if self.session else existing.reference.host if existing else None

    @property
    def registry(self) -> RegistryHost:
        """The same, where the run is about an image."""
        if self.host is None:
            raise AssertionError
        return self.host

    @property
    def arm(self) -> Arm:
        """Resource Manager, entered with the connection that the registry's subscription is known by."""
        own = self.registries.azure
        # A Docker Registry connection may name no subscription.
        return own.arm if own and own.arm.subscription else self.azure.arm

    @property
    def of_azure(self) -> bool:
        """Whether the registry is an Azure Container Registry."""
        return is_azures(self.registry, (self.registries.azure or self.azure).credentials.connection.cloud)

    @property
    def settings_after(self) -> Mapping[str, str] | None:
        """The app's settings as the step asks them to be; None when the connection may not read them."""
        if self.settings is None or self.plan.deploy is None:
            return self.settings
        return with_changes(self.settings, self.plan.deploy.settings.changes(self.settings))

    def resource(self) -> RegistryResource | None:
        """Return the registry as Resource Manager shows it; None when it does not."""
        address = self.plan.destination.registry if self.plan.destination else None
        return find_resource(self.arm, self.registry, address.resource_id if address else "")

    @property
    def repository(self) -> str:
        """The image's; empty when the run is about no image."""
        if self.plan.destination:
            return self.plan.destination.repository
        return self.plan.existing.reference.repository if self.plan.existing else ""


def look_at_pull(scene: PullScene, mask: Callable[[str], Secret]) -> PullSetup:
    """Return how the app is let into the registry of this run, and what is missing until it is.

    Raises:
        TaskFailure: why it certainly cannot pull.
    """
    plan = scene.plan
    if plan.deploy is None or not scene.host:
        return PullSetup()
    match plan.deploy.pull.access:
        case PullAccess.KEEP:
            return _as_it_is(scene)
        case PullAccess.MANAGED_IDENTITY:
            return _by_identity(scene, plan.deploy.pull.identity)
        case PullAccess.ADMIN_USER:
            return _by_admin_user(scene, mask)


def _as_it_is(scene: PullScene) -> PullSetup:
    session = scene.session
    if session is None:
        return PullSetup()

    def right(principal: str) -> Right:
        registry = scene.resource()
        return right_of(scene.arm, registry, principal) if registry else Right.UNKNOWN

    question = PullQuestion(
        registry=scene.registry,
        of_azure=scene.of_azure,
        settings=scene.settings_after,
        open_to_all=lambda: everybody_may_pull(session, scene.repository),
        right_of=right,
    )
    return PullSetup(notes=pull_notes(scene.found, question))


def _by_identity(scene: PullScene, wanted: str) -> PullSetup:
    _confirm_same_tenant(scene)
    identity = choose_identity(scene.azure.arm, scene.found.target, scene.found.site, wanted)
    registry = scene.resource()
    right = _right(scene, registry, identity)
    open_question = registry is not None and right in {Right.LACKING, Right.UNKNOWN}
    grants = registry if registry and open_question and may_grant(scene.arm, registry) is not False else None
    if right is Right.LACKING and grants is None:
        raise _not_grantable(scene, registry, identity)
    return PullSetup(
        told=_told(identity, grants),
        notes=(
            *_doubts(scene, registry, identity, right, grants=grants is not None),
            *pull_warnings(scene.found, scene.settings),
        ),
        beside=identity.configuration,
        identity=identity,
        registry=grants,
        arm=scene.arm,
        right=right,
    )


def _confirm_same_tenant(scene: PullScene) -> None:
    """See that the registry knows the app's identities, which are those of the app's tenant only.

    Source: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/managed-identities-faq
    """
    own, other = scene.azure, scene.registries.azure or scene.azure
    tenants = [one.credentials.connection.tenant_id.lower() for one in (own, other)]
    if all(tenants) and tenants[0] != tenants[1]:
        raise PullAcrossTenants(
            app=scene.found.target.title, registry=str(scene.registry), tenant=tenants[0], registry_tenant=tenants[1]
        )


def _right(scene: PullScene, registry: RegistryResource | None, identity: AppIdentity) -> Right:
    if not identity.principal_id:
        return Right.LACKING  # what does not exist yet has no role
    return right_of(scene.arm, registry, identity.principal_id) if registry else Right.UNKNOWN


def _told(identity: AppIdentity, grants: RegistryResource | None) -> str:
    missing = [] if identity.assigned else [f"to be {assignment(identity)}"]
    missing += [f"role {pull_role(grants).name} to be granted on {grants.name}"] if grants else []
    return f"with {identity.title} ({', '.join(missing)})" if missing else f"with {identity.title}"


def assignment(identity: AppIdentity) -> str:
    """Return what is done to the app for it to have the identity, as the end of a sentence."""
    return "assigned to the app" if identity.resource_id else "switched on"


def _doubts(
    scene: PullScene, registry: RegistryResource | None, identity: AppIdentity, right: Right, *, grants: bool
) -> Iterator[str]:
    if right is Right.CONDITIONAL:
        yield right_told(right, identity.title, str(scene.registry))
    if right is Right.UNKNOWN and not grants:
        told = right_told(right, identity.title, str(scene.registry))
        yield f"{told}; should it lack one: {_command(scene, registry, identity)}"
    stale = [name for name in REGISTRY_SETTINGS if name in (scene.settings or {})]
    if stale:
        yield f"the app's settings {', '.join(stale)} stay as they are; with an identity it does not pull with them"


def _not_grantable(scene: PullScene, registry: RegistryResource | None, identity: AppIdentity) -> RoleNotGrantable:
    if registry:
        lacking = "has no role there that lets it pull" if identity.principal_id else "is not switched on yet"
        detail = f"{identity.title} {lacking}, and none of this connection's roles on the registry may grant one"
    else:
        detail = (
            f"the subscription {scene.arm.subscription} shows this connection no registry {scene.registry} "
            "(where it uses ABAC, the role is Container Registry Repository Reader)"
        )
    return RoleNotGrantable(
        app=scene.found.target.title,
        role=_role_name(registry),
        registry=registry.name if registry else str(scene.registry),
        detail=detail,
        command=_command(scene, registry, identity),
    )


def _command(scene: PullScene, registry: RegistryResource | None, identity: AppIdentity) -> str:
    """Return the administrator's command; where an id is not known yet, a command within it finds it."""
    name = registry_name(scene.registry)
    principal = identity.principal_id or f"$({identity_command(scene.found.target, identity)} {_OBJECT_ID})"
    scope = registry.id if registry else f"$(az acr show --name {name} --query id --output tsv)"
    return grant_command(_role_name(registry), principal, scope)


def _role_name(registry: RegistryResource | None) -> str:
    return pull_role(registry).name if registry else "AcrPull"


def _by_admin_user(scene: PullScene, mask: Callable[[str], Secret]) -> PullSetup:
    registry = scene.resource()
    if registry is None:
        detail = f"the subscription {scene.arm.subscription} shows this connection no registry {scene.registry}"
        raise AdminUserUnreadable(registry=str(scene.registry), detail=detail)
    settings = scene.settings or {}
    if references := [name for name in REGISTRY_SETTINGS if is_reference(settings.get(name, ""))]:
        raise PullSettingIsReference(app=scene.found.target.title, names=", ".join(references))
    user = admin_user(scene.arm, registry, mask)
    configuration = scene.found.configuration
    by_identity = configuration is not None and configuration.acr_use_managed_identity_creds
    return PullSetup(
        told=f"with the admin user of {registry.name}, its password in the app's settings",
        warning=(
            f"the admin password of {registry.name} is in the settings of {scene.found.target.title}: it opens the "
            "whole registry, also to push and to delete, and whoever may read the app's settings sees it; "
            "appPullAccess: managedIdentity needs no password"
        ),
        notes=tuple(pull_warnings(scene.found, scene.settings)),
        beside={"acrUseManagedIdentityCreds": False} if by_identity else {},
        settings=_missing_settings(scene.registry, user, settings),
    )


def _missing_settings(registry: RegistryHost, user: AdminUser, settings: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that the app still needs to sign in as that user; either password will do.

    Source: https://learn.microsoft.com/azure/app-service/configure-custom-container#use-an-image-from-a-private-registry
    """
    address, name, password = REGISTRY_SETTINGS
    has_password = any(one.reveal() == settings.get(password) for one in user.passwords)
    plain = {address: f"https://{registry}", name: user.name}
    missing = {one: value for one, value in plain.items() if settings.get(one) != value}
    return missing if has_password else {**missing, password: user.passwords[0].reveal()}
