"""Observing production after a swap: both configurations, Azure's record of the swap, and what production serves.

Production gets the slot's warm instances, so neither the age of a process nor a start in the platform's log says
anything about the swap.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pytask.cloud.poll import NOT_ASKED, NotAllowed, NotYet, Seen
from pytask.model import Swapped
from pytask.targets.site.functions import list_functions, sync_triggers
from pytask.targets.site.host import host_status
from pytask.targets.site.observation import container_log
from pytask.targets.site.slots.state import slots_if_seen
from pytask.targets.site.smoke import call

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pytask.cloud.arm import Azure
    from pytask.cloud.poll import Reading
    from pytask.model import Function, SmokeTest
    from pytask.targets.site.host import HostStatus
    from pytask.targets.site.platform_log import PlatformLog
    from pytask.targets.site.site import Site
    from pytask.targets.site.slots.state import SlotsNow
    from pytask.targets.smoke import Answer


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteSwapped(Swapped):
    """A swap of two sites, with what its verification needs."""

    app: Site
    slot: Site
    before: SlotsNow
    """Both slots just before this run's call."""
    written: datetime
    """When Azure accepted the call, by its own clock."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What to verify."""

    swapped: SiteSwapped
    smoke_test: SmokeTest | None
    seconds: float
    settings: Mapping[str, str] | None
    """The app settings of both slots, whose values must not be shown; None when they may not be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """What is known about production."""

    slots: SlotsNow | None = None
    """None when they cannot be read at the moment."""
    host: Reading[HostStatus] = NOT_ASKED
    log: Reading[PlatformLog] = NOT_ASKED
    functions: Reading[tuple[Function, ...]] = NOT_ASKED
    answer: Reading[Answer] = NOT_ASKED

    @property
    def listed(self) -> tuple[Function, ...]:
        """The functions listed so far."""
        return self.functions.value if isinstance(self.functions, Seen) else ()

    @property
    def functions_settled(self) -> bool:
        """Whether the functions are listed, or cannot be."""
        return bool(self.listed) or isinstance(self.functions, NotAllowed)

    @property
    def host_settled(self) -> bool:
        """Whether the host runs, or its state cannot be read."""
        return isinstance(self.host, NotAllowed) or (isinstance(self.host, Seen) and self.host.value.running)


@dataclass(kw_only=True, slots=True)
class Observer:
    """Fetches what is still open and keeps what was seen."""

    azure: Azure
    question: Question
    seen: Observation = field(default_factory=Observation)
    _synced: Reading[bool] = NOT_ASKED
    _asked_at: float | None = None
    """Monotonic clock of the last call to the host, which turns on its debug mode."""
    _since: float | None = None
    """Monotonic clock when the host was first seen running."""

    def observe(self) -> Observation:
        """Return what is known after one more round."""
        swapped, arm = self.question.swapped, self.azure.arm
        self.seen = replace(self.seen, slots=slots_if_seen(arm, swapped.app, swapped.slot))
        if not swapped.app.stopped:
            self._look_at_host()
            if self.seen.host_settled:
                self._look_at_functions()
                self._call()
        return self.seen

    def _look_at_host(self) -> None:
        arm, app = self.azure.arm, self.question.swapped.app
        now = arm.http.clock.monotonic()
        if self.seen.host_settled:
            return
        if self._asked_at is None or now - self._asked_at >= arm.http.timeouts.host_pause:
            self._asked_at = now
            self.seen = replace(self.seen, host=host_status(arm, app.resource_id))
        if not self.seen.host_settled:
            reference, since = self.question.swapped.reference, self.question.swapped.written
            self.seen = replace(self.seen, log=container_log(arm, app, reference=reference, since=since))

    def _look_at_functions(self) -> None:
        """List the functions once the list can be that of the new image: Azure keeps one by site."""
        if self.seen.functions_settled:
            return
        arm, path = self.azure.arm, self.question.swapped.app.resource_id
        now = arm.http.clock.monotonic()
        self._since = now if self._since is None else self._since
        if isinstance(self._synced, NotYet):
            self._synced = sync_triggers(arm, path)
        if not isinstance(self._synced, Seen) and now - self._since < arm.http.timeouts.functions_cache:
            waits = NotYet("the list of functions may still be that of the previous image")
            self.seen = replace(self.seen, functions=waits)
        else:
            self.seen = replace(self.seen, functions=list_functions(arm, path))

    def _call(self) -> None:
        """Make the smoke test until it has the expected answer."""
        test, answer = self.question.smoke_test, self.seen.answer
        expected = isinstance(answer, Seen) and answer.value.expected
        if test and self.seen.functions_settled and not expected and not isinstance(answer, NotAllowed):
            app, settings = self.question.swapped.app, self.question.settings
            self.seen = replace(self.seen, answer=call(self.azure, app, test, self.seen.functions, settings))
