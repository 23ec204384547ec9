"""How a container app will pull from the run's registry: as it does now, or with an identity.

Source: https://learn.microsoft.com/azure/container-apps/managed-identity-image-pull
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytask.access.inspect import RegistryAccess, inspect_identity, right_told
from pytask.access.setup import PullSetup
from pytask.decode import text_at
from pytask.errors.container_app import ContainerAppAdminUser, ContainerAppCannotPull
from pytask.model import PullAccess, Right
from pytask.targets.identity import choose_identity, identities_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytask.access.setup import AppIdentity
    from pytask.cloud.arm import Azure
    from pytask.decode import JSONObject
    from pytask.model import AppPlan
    from pytask.registry.images import ImageSource
    from pytask.targets.container_app.app import ContainerApp

_OWN = "system"
"""How an entry names the system-assigned identity; it names a user-assigned one by its resource ID."""


def inspect_pull(azure: Azure, app: ContainerApp, plan: AppPlan, source: ImageSource) -> PullSetup:
    """Return how the app will pull from the run's registry, and what must change first.

    Raises:
        TaskFailure: why it certainly cannot.
    """
    if plan.pull.access is PullAccess.ADMIN_USER:
        raise ContainerAppAdminUser(app=app.title)
    if not source.host:
        return PullSetup()
    access = RegistryAccess(azure=azure, source=source, registry=source.host)
    if plan.pull.access is PullAccess.MANAGED_IDENTITY:
        return _with_identity(access, app, plan.pull.identity)
    return PullSetup(notes=tuple(_as_it_is(access, app))) if source.session else PullSetup()


def identity_command(app: ContainerApp, identity: AppIdentity) -> str:
    """Return the command that assigns the identity to the app by hand.

    Source: https://learn.microsoft.com/cli/azure/containerapp/identity#az-containerapp-identity-assign
    """
    which = f"--user-assigned {identity.resource_id}" if identity.resource_id else "--system-assigned"
    return f"az containerapp identity assign --name {app.name} --resource-group {app.resource_group} {which}"


def _with_identity(access: RegistryAccess, app: ContainerApp, wanted: str) -> PullSetup:
    identity = choose_identity(access.azure.arm, app, app.resource, wanted)
    setup = inspect_identity(access, app, identity, assign=identity_command(app, identity))
    named = identity.resource_id or _OWN
    entry = _entry(app, str(access.registry))
    if text_at(entry, "identity").lower() == named.lower():
        return setup
    return replace(setup, properties={"server": str(access.registry), "identity": named})


def _as_it_is(access: RegistryAccess, app: ContainerApp) -> Iterator[str]:
    """Yield notes about the app's present pull access.

    Raises:
        ContainerAppCannotPull: when the app certainly cannot pull from the registry.
    """
    registry = str(access.registry)
    entry = _entry(app, registry)
    if app.reference and app.reference.host == access.registry:
        return  # it runs an image from this registry, so it can pull from it
    if not entry:
        if not access.open_to_all():
            reason = f"{registry} is not among the app's registries, and does not allow anonymous pull"
            raise ContainerAppCannotPull(app=app.title, reason=reason)
        return
    named = text_at(entry, "identity")
    identity = next((one for one in identities_of(app.resource) if _is_named(one, named)), None)
    if identity is None:
        return
    right = access.right_of(identity.principal_id)
    told = right_told(right, identity.title, registry)
    if right is not Right.LACKING:
        yield f"the app pulls with its managed identity; {told}"
    elif not access.open_to_all():
        raise ContainerAppCannotPull(app=app.title, reason=f"it pulls with its managed identity, but {told}")


def _is_named(identity: AppIdentity, named: str) -> bool:
    return bool(named) and (identity.resource_id or _OWN).lower() == named.lower()


def _entry(app: ContainerApp, registry: str) -> JSONObject:
    return next((one for one in app.registries if text_at(one, "server").lower() == registry), {})
