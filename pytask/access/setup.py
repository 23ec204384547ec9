"""What an app needs in order to pull: an identity, a role on the registry, or the admin user's password."""

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
    """A managed identity that the app has, or is to have."""

    resource_id: str = ""
    """Of a user-assigned one; empty for the app's own (the system-assigned one)."""
    client_id: str = ""
    """Of a user-assigned one."""
    principal_id: str = ""
    """Its object id; empty while the app's own is yet to be switched on."""
    assigned: bool = False
    """Whether the app has it by now."""

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
    """The role that the app's identity is to be granted."""

    registry: RegistryResource
    arm: Arm
    """The way to grant it: the registry may have a connection of its own."""
    right: Right = Right.UNKNOWN
    """Whether the identity has the role by now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PullSetup:
    """How the app is to pull, and what is missing until it can; nothing of it is done yet."""

    told: str = ""
    """What is to be done, for the log; empty when the app is left as it is."""
    notes: tuple[str, ...] = ()
    warning: str = ""
    properties: Mapping[str, object] = field(default_factory=dict)
    """What the app's configuration is to read, besides the image."""
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    """App settings that are to be written."""
    identity: AppIdentity | None = None
    """What the app is to pull with; None when that is left as it is."""
    grant: Grant | None = None
    """None when the identity has its role, or when only an administrator may grant it."""

    @property
    def is_lacking(self) -> bool:
        """Whether something is to be done before the app is pointed at the image."""
        return self.identity is not None and (not self.identity.assigned or self.grant is not None)
