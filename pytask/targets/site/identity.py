"""Identities of a site: the properties that make it pull with one, and the command that assigns one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.errors.foreign import shell_word
from pytask.targets.identity import give_identity
from pytask.targets.site.site import az_flags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.access.setup import AppIdentity
    from pytask.cloud.arm import Arm
    from pytask.targets.site.site import Site


def pulls_with(identity: AppIdentity) -> Mapping[str, object]:
    """Return the site properties that make the app pull with an identity.

    Source: https://learn.microsoft.com/azure/app-service/configure-custom-container#use-managed-identity-to-pull-image-from-azure-container-registry
    """
    return {"acrUseManagedIdentityCreds": True, "acrUserManagedIdentityID": identity.client_id}


def give_site_identity(arm: Arm, site: Site, identity: AppIdentity) -> AppIdentity:
    """Turn on the system-assigned identity, or assign a user-assigned one; existing identities stay.

    Raises:
        IdentityNotAssignable: when the connection lacks a permission on one of the identities.
    """
    return give_identity(arm, site, identity, command=identity_command(site, identity))


def identity_command(site: Site, identity: AppIdentity) -> str:
    """Return the command that assigns the identity to the app by hand.

    Source: https://learn.microsoft.com/cli/azure/functionapp/identity#az-functionapp-identity-assign
    """
    which = f" --identities {shell_word(identity.resource_id)}" if identity.resource_id else ""
    return f"az functionapp identity assign {az_flags(site.name, site.resource_group, site.slot)}{which}"
