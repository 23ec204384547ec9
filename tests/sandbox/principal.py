"""Who calls: a service principal, or the managed identity of an app. State only."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """A service principal, or the managed identity of an app."""

    name: str
    object_id: str
    client_id: str
    secret: str | None = field(default=None, repr=False)
    federated_subject: str | None = None
    """The subject its federated credential expects; None where it has none."""
    service_connection_id: str | None = None
    """The Azure DevOps service connection that gets assertions with that subject."""
