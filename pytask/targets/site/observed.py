"""The subject of a verification and what was observed so far, as frozen records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytask.cloud.poll import NOT_ASKED, NotAllowed, Seen
from pytask.targets.site.instances import Hosts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.cloud.poll import Reading
    from pytask.model import Function, SmokeTest
    from pytask.model.reference import Digest
    from pytask.targets.site.platform_log import Attempt, PlatformLog
    from pytask.targets.site.site import SiteUpdate
    from pytask.targets.smoke import Answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What to verify, and the time limit."""

    update: SiteUpdate
    smoke_test: SmokeTest | None
    seconds: float
    settings: Mapping[str, str] | None
    """The app settings, whose values must not be shown; None when they may not be read."""
    rolls_back: bool = False
    """Whether this verifies a rollback, where the platform may correctly run its own copy of the image."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """What is known about an app that is starting."""

    configuration: Reading[Mapping[str, object]] = NOT_ASKED
    log: Reading[PlatformLog] = NOT_ASKED
    tag_now: Reading[Digest] = NOT_ASKED
    """Digest of the tag in the registry, read after the platform reported ready."""
    hosts: Hosts = field(default_factory=Hosts)
    functions: Reading[tuple[Function, ...]] = NOT_ASKED
    answer: Reading[Answer] = NOT_ASKED

    @property
    def attempt(self) -> Attempt | None:
        """The platform's latest attempt to start the app since the update; None when the log has none."""
        return self.log.value.latest() if isinstance(self.log, Seen) else None

    @property
    def ready(self) -> bool:
        """Whether the platform last reported the container as ready, with any image."""
        return self.attempt is not None and self.attempt.ready_at is not None and self.attempt.failure is None

    @property
    def listed(self) -> tuple[Function, ...]:
        """The functions listed so far."""
        return self.functions.value if isinstance(self.functions, Seen) else ()

    @property
    def functions_settled(self) -> bool:
        """Whether the functions are listed, or cannot be."""
        return bool(self.listed) or isinstance(self.functions, NotAllowed)

    @property
    def answer_settled(self) -> bool:
        """Whether the smoke test got the expected answer, or cannot be made."""
        expected = isinstance(self.answer, Seen) and self.answer.value.expected
        return expected or isinstance(self.answer, NotAllowed)
