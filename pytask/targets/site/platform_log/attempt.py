"""What the platform's log tells of the app's starts, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class FailureKind(Enum):
    """Why an attempt failed, as far as the log tells."""

    PULL_UNAUTHORIZED = "the registry refused the pull"
    PULL_NOT_FOUND = "the registry does not have the image"
    PULL_FIREWALL = "the registry's firewall refused the pull"
    PULL_NETWORK = "the registry could not be reached"
    PULL_INTERRUPTED = "the pull was interrupted"
    PULL_FAILED = "the pull failed"
    REFERENCE_INVALID = "the image reference is not valid"
    USER_ID = "a user id in the image cannot be mapped"
    ARCHITECTURE = "the image is for another architecture"
    STORAGE_MOUNT = "a storage mount was refused"
    EXITED = "the container exited"
    SILENT = "the container did not respond"
    START_FAILED = "the start failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """The first cause of a failed attempt."""

    at: datetime
    kind: FailureKind
    line: str
    """The platform's own words, without the time and level before them."""
    of_pull: bool
    """Whether the pull failed, so that no container was made from what was to be pulled."""
    consequences: tuple[str, ...] = ()
    """What the platform wrote of the same failure afterwards, in order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One attempt of the platform to start the app's own container, never a sidecar's or Kudu's."""

    began: datetime
    """UTC, the time of its first line."""
    site: str = ""
    """The site (of a slot: with the platform's suffix for it) as the log names it; empty while no line does."""
    container: str = ""
    """The container's name as the platform calls it; empty while no line names it."""
    reference: str = ""
    """The image as the log names it: `registry/repository:tag`, `repository@sha256:…`; empty while no line does."""
    pulled: bool = False
    """Whether a line of this attempt says that the image was pulled, or confirmed with the registry."""
    digest: str = ""
    """`sha256:…`, as this attempt pulled it or runs it; empty where no line of this attempt names one."""
    started: str = ""
    """What the container was made from: the reference when by tag, the digest when by digest; empty before."""
    ready_at: datetime | None = None
    failure: Failure | None = None
    """Why it failed; None while it has not, also when it came up after a refused pull."""
    pull_failure: Failure | None = None
    """Why its pull failed, also when the platform went on with a copy that it had."""
    output: tuple[str, ...] = ()
    """The container's own last lines."""
    stopped_at: datetime | None = None

    def phase(self) -> str:
        """Return in words how far it has come."""
        if self.failure:
            return self.failure.kind.value
        reached = (
            ("container is ready", self.ready_at is not None),
            ("container started", bool(self.container)),
            ("container created", bool(self.started)),
            ("image pulled", self.pulled),
        )
        return next((words for words, true in reached if true), "pulling the image")


@dataclass(frozen=True, kw_only=True, slots=True)
class PlatformLog:
    """What the platform's log tells."""

    attempts: tuple[Attempt, ...] = ()
    """Oldest first; of one or several instances."""

    def latest(self) -> Attempt | None:
        """Return the attempt that began last, None where there is none."""
        return self.attempts[-1] if self.attempts else None

    def last_failed(self) -> Attempt | None:
        """Return the last attempt that failed, None where none did; a pull that only gave way to another is none."""
        failed = (one for one in reversed(self.attempts) if one.failure)
        return next(
            (one for one in failed if one.failure and one.failure.kind is not FailureKind.PULL_INTERRUPTED), None
        )
