"""The app's starts in the platform's log, as records."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class FailureKind(Enum):
    """Why an attempt failed, judged by the log."""

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
    """The platform's message, without time and level."""
    of_pull: bool
    """Whether the pull failed, so that no container was created from the new image."""
    consequences: tuple[str, ...] = ()
    """The platform's later lines about the same failure, in order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One attempt of the platform to start the app's own container, not a sidecar or Kudu."""

    began: datetime
    """Time of its first line, in UTC."""
    site: str = ""
    """The site in the log (for a slot, with the platform's suffix); empty until a line names it."""
    container: str = ""
    """The container's name in the log; empty until a line names it."""
    reference: str = ""
    """The image in the log: `registry/repository:tag` or `repository@sha256:…`; empty until a line names it."""
    pulled: bool = False
    """Whether a line of this attempt says that the image was pulled or confirmed with the registry."""
    digest: str = ""
    """The `sha256:…` that this attempt pulled or runs; empty when no line of this attempt names one."""
    started: str = ""
    """What the container was created from: a reference or a digest; empty before that."""
    ready_at: datetime | None = None
    failure: Failure | None = None
    """Why it failed; None while it has not, even when it came up after a refused pull."""
    pull_failure: Failure | None = None
    """Why its pull failed, even when the platform continued with a cached copy."""
    output: tuple[str, ...] = ()
    """The container's own last lines."""
    stopped_at: datetime | None = None

    def phase(self) -> str:
        """Return the attempt's progress, for people."""
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
    """The attempts in the platform's log."""

    attempts: tuple[Attempt, ...] = ()
    """Oldest first; of one or several instances."""

    def latest(self) -> Attempt | None:
        """Return the attempt that began last; None when there is none."""
        return self.attempts[-1] if self.attempts else None

    def last_failed(self) -> Attempt | None:
        """Return the last failed attempt, or None; a pull that was only interrupted by another one does not count."""
        failed = (one for one in reversed(self.attempts) if one.failure)
        return next(
            (one for one in failed if one.failure and one.failure.kind is not FailureKind.PULL_INTERRUPTED), None
        )
