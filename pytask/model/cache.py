"""Where the build cache of a run lies, and what the run may do with it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytask.model.reference import RegistryHost


class CacheUse(Enum):
    """What to do with a build cache; the values are those of the input `cache`."""

    NONE = "none"
    REGISTRY = "registry"
    READ_ONLY = "registryReadOnly"


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildCache:
    """The build cache in a registry: one repository, with a tag for each branch."""

    host: RegistryHost | None
    """The registry; None until ARM reports it."""
    repository: str
    tag: str
    """The tag of this run's own branch."""
    others: tuple[str, ...] = ()
    """The tags of the branches to read from where this branch's own cache has nothing, best first."""
    writes: bool = False
    """Whether this run writes its own tag; it never writes another branch's."""
    why_not: str = ""
    """Why it only reads although the step asks for more; empty otherwise."""

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags to read, this branch's own first."""
        return (self.tag, *self.others)

    @property
    def place(self) -> str:
        """The repository with its host."""
        return f"{self.host or ''}{'/' if self.host else ''}{self.repository}"

    def reference(self, tag: str) -> str:
        """Return the full name of a tag."""
        return f"{self.place}:{tag}"
