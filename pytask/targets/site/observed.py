"""What a verification is about, and what was observed so far. Frozen; nothing here asks anybody."""

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
    from pytask.targets.site.smoke import Answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is to be verified, and how long it may take."""

    update: SiteUpdate
    smoke_test: SmokeTest | None
    seconds: float
    settings: Mapping[str, str] | None
    """The app's settings, to keep their values out of what is shown; None when they may not be read."""
    rolls_back: bool = False
    """Whether the image is the previous one: then a copy of it that the platform has may be what is to run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """What is known of an app that starts."""

    configuration: Reading[Mapping[str, object]] = NOT_ASKED
    log: Reading[PlatformLog] = NOT_ASKED
    tag_now: Digest | None = None
    """What the registry says the tag stands for, asked once the platform said ready; None when it was not told."""
    hosts: Hosts = field(default_factory=Hosts)
    functions: Reading[tuple[Function, ...]] = NOT_ASKED
    answer: Reading[Answer] = NOT_ASKED

    @property
    def attempt(self) -> Attempt | None:
        """The platform's latest attempt to start the app since the update; None when it tells of none."""
        return self.log.value.latest() if isinstance(self.log, Seen) else None

    @property
    def ready(self) -> bool:
        """Whether the platform's latest word is that the container is ready, whichever image is in it."""
        return self.attempt is not None and self.attempt.ready_at is not None and self.attempt.failure is None

    @property
    def listed(self) -> tuple[Function, ...]:
        """The functions listed so far."""
        return self.functions.value if isinstance(self.functions, Seen) else ()

    @property
    def functions_settled(self) -> bool:
        """Whether the functions are listed, or never will be."""
        return bool(self.listed) or isinstance(self.functions, NotAllowed)

    @property
    def answer_settled(self) -> bool:
        """Whether the smoke test was answered as expected, or never will be."""
        expected = isinstance(self.answer, Seen) and self.answer.value.expected
        return expected or isinstance(self.answer, NotAllowed)
