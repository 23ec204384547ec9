"""How a site will pull from the run's registry: as it does now, with an identity, or with the admin user."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytask.access.inspect import RegistryAccess, inspect_admin_user, inspect_identity
from pytask.access.setup import PullSetup
from pytask.decode import flag_at
from pytask.errors.app import AppOnContainerApps
from pytask.errors.pull import PullSettingIsReference
from pytask.model import PullAccess
from pytask.model.settings import with_changes
from pytask.targets.identity import choose_identity
from pytask.targets.site.identity import identity_command, pulls_with
from pytask.targets.site.pull import REGISTRY_SETTINGS, is_reference, pull_notes, pull_warnings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.access.admin_user import AdminUser
    from pytask.cloud.arm import Azure
    from pytask.model import AppPlan, RegistryHost
    from pytask.registry.images import ImageSource
    from pytask.targets.site.find import Found


def inspect_pull(azure: Azure, found: Found, plan: AppPlan, source: ImageSource) -> PullSetup:
    """Return how the site will pull from the run's registry, and what must change first.

    Raises:
        TaskFailure: why it certainly cannot.
    """
    if not source.host:
        return PullSetup()
    access = RegistryAccess(azure=azure, source=source, registry=source.host)
    if found.site.on_container_apps:
        return _of_a_managed_app(found, plan)
    match plan.pull.access:
        case PullAccess.KEEP:
            return _as_it_is(access, found, plan)
        case PullAccess.MANAGED_IDENTITY:
            return _with_identity(access, found, plan.pull.identity)
        case PullAccess.ADMIN_USER:
            return _with_admin_user(access, found)


def _of_a_managed_app(found: Found, plan: AppPlan) -> PullSetup:
    """Return warnings only: Azure does not show what the container app behind the site signs in with."""
    if plan.pull.access is not PullAccess.KEEP:
        raise AppOnContainerApps(app=found.site.title, access=plan.pull.access.value)
    return PullSetup(notes=tuple(pull_warnings(found, found.settings)))


def _as_it_is(access: RegistryAccess, found: Found, plan: AppPlan) -> PullSetup:
    """Return notes about its present pull access, with the settings that the step will write."""
    if access.source.session is None:
        return PullSetup()
    settings = found.settings
    after = None if settings is None else with_changes(settings, plan.settings.changes(settings))
    return PullSetup(notes=pull_notes(found, access, after))


def _with_identity(access: RegistryAccess, found: Found, wanted: str) -> PullSetup:
    identity = choose_identity(access.azure.arm, found.site, found.resource, wanted)
    setup = inspect_identity(access, found.site, identity, assign=identity_command(found.site, identity))
    stale = [name for name in REGISTRY_SETTINGS if name in (found.settings or {})]
    told = f"the app's settings {', '.join(stale)} are kept, but not used: the app pulls with an identity"
    notes = (*setup.notes, *([told] if stale else []), *pull_warnings(found, found.settings))
    return replace(setup, notes=notes, properties=pulls_with(identity))


def _with_admin_user(access: RegistryAccess, found: Found) -> PullSetup:
    settings, title = found.settings or {}, found.site.title
    if references := [name for name in REGISTRY_SETTINGS if is_reference(settings.get(name, ""))]:
        raise PullSettingIsReference(app=title, names=", ".join(references))
    user, registry = inspect_admin_user(access)
    by_identity = flag_at(found.site.configuration, "acrUseManagedIdentityCreds")
    return PullSetup(
        description=f"with the admin user of {registry.name}; its password is in the app's settings",
        warning=(
            f"the admin password of {registry.name} is in the settings of {title}: it gives access to the "
            "whole registry, including push and delete, and anyone who can read the app's settings can see it; "
            "appPullAccess: managedIdentity needs no password"
        ),
        notes=tuple(pull_warnings(found, found.settings)),
        properties={"acrUseManagedIdentityCreds": False} if by_identity else {},
        settings=_missing_settings(access.registry, user, settings),
    )


def _missing_settings(registry: RegistryHost, user: AdminUser, settings: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that the app still needs to sign in as the admin user; either password is fine.

    Source: https://learn.microsoft.com/azure/app-service/configure-custom-container#use-an-image-from-a-private-registry
    """
    address, name, password = REGISTRY_SETTINGS
    has_password = any(one.reveal() == settings.get(password) for one in user.passwords)
    plain = {address: f"https://{registry}", name: user.name}
    missing = {one: value for one, value in plain.items() if settings.get(one) != value}
    return missing if has_password else {**missing, password: user.passwords[0].reveal()}
