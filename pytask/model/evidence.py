"""What a check of a verification comes to. Evidence that is missing is never counted as good evidence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from pytask.errors.start import StartFailure
    from pytask.model.facts import Function


@dataclass(frozen=True, slots=True)
class Passed:
    """The check was made, and what it saw can only be the new image."""

    rests_on: str
    """What was seen, for people."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """Nothing is decided yet."""

    reason: str
    """How far it has come, for people; empty while there is nothing to say."""
    at_deadline: StartFailure | None = None
    """The failure that this is when time is up; None when it only leaves the check unmade."""
    alone_for: float = math.inf
    """Seconds after which the check is given up when nothing else is open."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The check cannot be made: a right is missing, a field is absent, or what there is may be the old image's."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """The new image does not run, as far as can be seen by now."""

    failure: StartFailure
    stands_for: float = 0.0
    """Seconds for which it must have stood before it counts: the platform tries again."""


Evidence: TypeAlias = Passed | Pending | Unavailable | Failed


class Verdict(Enum):
    """What a verification came to; the values are those of the output `verification`."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verification:
    """What was seen of the new image running."""

    passed: tuple[tuple[str, str], ...]
    """Each check that passed, with what it rests on."""
    unavailable: tuple[tuple[str, str], ...] = ()
    """Each check that could not be made, with the reason."""
    functions: tuple[Function, ...] = ()
    answer: str = ""
    """What the smoke test was answered, shortened."""

    @property
    def verdict(self) -> Verdict:
        """Verified when every check passed."""
        return Verdict.UNVERIFIED if self.unavailable else Verdict.VERIFIED
