"""Who calls: a service principal, or the managed identity of an app. State only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.local_azure.state.subscription import TENANT_ID

if TYPE_CHECKING:
    from tests.local_azure.state.client_certificate import ClientCertificate


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """The virtual machine or container that the agent runs on, as far as it has identities."""

    own: Principal | None = None
    """Its system-assigned identity."""
    users: tuple[Principal, ...] = ()
    """The user-assigned identities that were assigned to it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """A service principal, or the managed identity of an app."""

    name: str
    object_id: str
    client_id: str
    tenant_id: str = TENANT_ID
    secret: str | None = field(default=None, repr=False)
    certificate: ClientCertificate | None = field(default=None, repr=False)
    """The certificate of its app registration."""
    federated_subject: str | None = None
    """The subject its federated credential expects; None where it has none."""
    service_connection_id: str | None = None
    """The Azure DevOps service connection that gets assertions with that subject."""
