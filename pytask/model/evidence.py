"""The possible results of a verification's check. Missing evidence never counts as good evidence."""

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
    """The check was made, and its evidence can come only from the new image."""

    rests_on: str
    """The evidence, for people."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """Nothing is decided yet."""

    reason: str
    """The progress, for people; empty when there is nothing to say."""
    at_deadline: StartFailure | None = None
    """The failure to report at the deadline; None when the check then only counts as not made."""
    alone_for: float = math.inf
    """Seconds after which the check is given up when no other check is open."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The check cannot be made: a permission or field is missing, or the evidence may come from the old image."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """The new image does not run, judged by the evidence so far."""

    failure: StartFailure
    stands_for: float = 0.0
    """Seconds that the failure must last before it counts, because the platform retries."""


Evidence: TypeAlias = Passed | Pending | Unavailable | Failed


class Verdict(Enum):
    """The result of a verification; the values are those of the output `verification`."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verification:
    """The results of a verification's checks."""

    passed: tuple[tuple[str, str], ...]
    """Each check that passed, with its evidence."""
    unavailable: tuple[tuple[str, str], ...] = ()
    """Each check that could not be made, with the reason."""
    functions: tuple[Function, ...] = ()
    answer: str = ""
    """The response to the smoke test, shortened."""

    @property
    def verdict(self) -> Verdict:
        """The verdict: verified when every check passed."""
        return Verdict.UNVERIFIED if self.unavailable else Verdict.VERIFIED
