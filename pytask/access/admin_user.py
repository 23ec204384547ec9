"""The registry's admin user, whose password gives full access. Nothing here writes."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from pytask.cloud.answers import error_of
from pytask.cloud.arm import ArmCall, needed_object
from pytask.decode import objects_at, text_at
from pytask.errors.pull import AdminUserDisabled, AdminUserUnreadable
from pytask.registry.resource import REGISTRY_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.cloud.arm import Arm
    from pytask.model import Secret
    from pytask.registry.resource import RegistryResource

_DISABLED = "UnAuthorizedForCredentialOperations"
"""Returned when the admin user was disabled after the registry was read.
https://github.com/Azure/azure-cli/issues/8214"""


@dataclass(frozen=True, kw_only=True, slots=True)
class AdminUser:
    """The one user of a registry with full access to it."""

    name: str
    passwords: tuple[Secret, ...]
    """Two interchangeable passwords, so that one can be renewed while the other is in use."""


def admin_user(arm: Arm, registry: RegistryResource, mask: Callable[[str], Secret]) -> AdminUser:
    """Return the registry's admin user.

    Source: https://learn.microsoft.com/rest/api/containerregistry/registries/list-credentials

    Raises:
        AdminUserDisabled: when the admin user is disabled.
        AdminUserUnreadable: when the connection may not read the passwords.
    """
    if not registry.has_admin_user:
        raise AdminUserDisabled(registry=registry.name)
    doing = "read the registry's admin user"
    path = f"{registry.id}/listCredentials"
    refusals = {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN}
    answer = arm.send(ArmCall("POST", path, doing=doing, api_version=REGISTRY_VERSION, besides=refusals))
    if answer.status_code in refusals:
        code, message = error_of(answer)
        if code == _DISABLED:
            raise AdminUserDisabled(registry=registry.name)
        raise AdminUserUnreadable(registry=registry.name, detail=f"{code}: {message}")
    told = needed_object(answer, doing)
    values = (text_at(one, "value") for one in objects_at(told, "passwords"))
    passwords = tuple(mask(value) for value in values if value)
    if not passwords:
        raise AdminUserUnreadable(registry=registry.name, detail="Azure's response has no password")
    return AdminUser(name=text_at(told, "username"), passwords=passwords)
