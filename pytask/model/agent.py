"""Which kind of agent this is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentKind:
    """What matters of an agent to whoever builds on it."""

    system: str = "Linux"
    """`Linux`, `Windows` or `macOS`."""
    container_job: bool = False
    """Whether this job's steps run inside a container."""
