"""What an app needs to pull: an identity, a role on the registry, or the admin user's password."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytask.model import Right

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.cloud.arm import Arm
    from pytask.registry.resource import RegistryResource


@dataclass(frozen=True, kw_only=True, slots=True)
class AppIdentity:
    """A managed identity that the app has or will get."""

    resource_id: str = ""
    """Resource ID of a user-assigned identity; empty for the system-assigned one."""
    client_id: str = ""
    """Client ID of a user-assigned identity."""
    principal_id: str = ""
    """Object ID; empty when the system-assigned identity is not switched on yet."""
    assigned: bool = False
    """Whether the app already has it."""

    @property
    def title(self) -> str:
        """The identity as a person calls it."""
        return (
            f"the identity {self.resource_id.rpartition('/')[2]}"
            if self.resource_id
            else "the system-assigned identity"
        )

    @property
    def assignment(self) -> str:
        """What is done to the app for it to have the identity, as the end of a sentence."""
        return "assigned to the app" if self.resource_id else "turned on"


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """The role to grant to the app's identity."""

    registry: RegistryResource
    arm: Arm
    """Resource Manager client for the grant: the registry may have its own connection."""
    right: Right = Right.UNKNOWN
    """Whether the identity already has the role."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PullSetup:
    """How the app will pull, and what must change first; none of it is done yet."""

    description: str = ""
    """The planned changes, for the log; empty when nothing changes."""
    notes: tuple[str, ...] = ()
    warning: str = ""
    properties: Mapping[str, object] = field(default_factory=dict)
    """Site properties to set besides the image."""
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    """App settings to write."""
    identity: AppIdentity | None = None
    """The identity to pull with; None when that does not change."""
    grant: Grant | None = None
    """None when the identity has its role, or when only an administrator may grant it."""

    @property
    def is_lacking(self) -> bool:
        """Whether something must change before the app is pointed at the image."""
        return self.identity is not None and (not self.identity.assigned or self.grant is not None)
