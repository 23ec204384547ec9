"""What one line of the platform states, whatever form it is written in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytask.targets.site.platform_log.attempt import FailureKind


class What(Enum):
    """Kinds of statements."""

    BEGIN = auto()
    """A start of the site begins; names neither image nor container."""
    PULL = auto()
    """A pull begins, or goes on; names the image, or none where a layer's progress is told."""
    DIGEST = auto()
    PULLED = auto()
    """The image is there, and the registry was asked; names it, or none."""
    CREATE = auto()
    """A container is made from an image."""
    NAME = auto()
    """A container is named that is about to start, or to be called."""
    READY = auto()
    FAIL = auto()
    """The start failed, with the kind; names the container or none."""
    EXIT = auto()
    """A container has exited; the line names none, one that follows does."""
    TERMINATE = auto()
    """The platform ends a container; names none."""
    STOP = auto()
    """The platform stops a container; names it."""
    END = auto()
    """The start of a site is over without success."""
    ERROR = auto()
    """A line of level ERROR that nothing here knows."""
    NOTHING = auto()
    """A line of the platform that tells nothing of a start."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """What a line states."""

    what: What
    image: str = ""
    container: str = ""
    site: str = ""
    digest: str = ""
    kind: FailureKind | None = None
    dated: str = ""
    """Of a failure that is only repeated: when it was, as `mm/dd/yyyy hh:mm:ss`."""
    details: str = ""
    """Of the last error that a state repeats."""
    step: str = ""
    """Which of several lines on the same it is, before the pull or when the site is up; each comes once in a start."""
    seconds: float | None = None
    """How long the platform had called the container, where it tells that."""
    of_kudu: bool = False
    of_pull: bool = False
    """Of a failure: whether it is the pull's, and not that of the start after it."""
    weak: bool = False
    """Of a failure: whether the line may also be the consequence of something that is not told."""


NOTHING = Statement(what=What.NOTHING)
