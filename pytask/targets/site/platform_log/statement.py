"""What one line of the platform states, in any of its forms."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytask.targets.site.platform_log.attempt import FailureKind


class What(Enum):
    """Kinds of statements."""

    BEGIN = auto()
    """A start of the site begins; no image or container is named."""
    PULL = auto()
    """A pull begins or continues; the image is named, except in a layer's progress."""
    DIGEST = auto()
    PULLED = auto()
    """The image is present and was checked with the registry; it may be named."""
    CREATE = auto()
    """A container is created from an image."""
    NAME = auto()
    """A container that is about to start or be pinged is named."""
    READY = auto()
    FAIL = auto()
    """The start failed, with the kind; the container may be named."""
    EXIT = auto()
    """A container has exited; a later line names it."""
    TERMINATE = auto()
    """The platform ends a container, which is not named."""
    STOP = auto()
    """The platform stops a container, which is named."""
    END = auto()
    """The start of a site ended without success."""
    ERROR = auto()
    """An unknown line of level ERROR."""
    NOTHING = auto()
    """A platform line that says nothing about a start."""


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
    """For a repeated failure: when it happened, as `mm/dd/yyyy hh:mm:ss`."""
    details: str = ""
    """Details of the last error in a state line."""
    step: str = ""
    """Name of a line that occurs once per start, before the pull or when the site is up."""
    seconds: float | None = None
    """How long the platform had pinged the container; None when it does not say."""
    of_kudu: bool = False
    of_pull: bool = False
    """For a failure: whether the pull failed, and not the start after it."""
    weak: bool = False
    """For a failure: whether the line may only be a consequence of something not logged."""


NOTHING = Statement(what=What.NOTHING)
