"""Following a build by ACR Tasks to its end, on a clock that nobody waits for."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pytask.builders.acr.run import Following
from pytask.clock import Timeouts
from pytask.cloud.poll import NotAllowed, NotYet, Seen
from pytask.errors.acr_build import AcrRunLost
from pytask.registry.tasks import RunState
from tests.scripted import ScriptedClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.cloud.poll import Reading

SUCCEEDED = RunState(id="ca1", status="Succeeded", detail="", digests=frozenset())
SILENCE = Timeouts().acr_silence


@dataclass
class Registry:
    """A registry whose run may be read, and whose log may not."""

    clock: ScriptedClock
    status: Callable[[int], Reading[RunState]]
    """What the status is at which time it is asked."""
    waits: float = 0.0
    """Seconds that it makes each caller wait."""
    asked: list[float] = field(default_factory=list)
    http: Any = None
    resource: Any = field(default_factory=lambda: SimpleNamespace(name="contoso"))

    def __post_init__(self) -> None:
        self.http = SimpleNamespace(timeouts=Timeouts(), clock=self.clock)

    def run(self, _run: str) -> Reading[RunState]:
        """Return the status, after the wait."""
        self.asked.append(self.clock.monotonic())
        self.clock.sleep(self.waits)
        return self.status(len(self.asked))

    def log_address(self, _run: str) -> Reading[str]:
        """Return that nobody may read the log."""
        return NotAllowed("no right")


def following(registry: Registry) -> Following:
    machine = SimpleNamespace(
        clock=registry.clock, timeouts=Timeouts(), console=SimpleNamespace(line=lambda _: None, secret=lambda _: None)
    )
    return Following(machine=machine, tasks=registry, run="ca1")  # type: ignore[arg-type]


def test_a_status_that_comes_is_the_end() -> None:
    registry = Registry(ScriptedClock(), lambda time: Seen(SUCCEEDED) if time > 3 else NotYet("busy"))
    assert following(registry).to_its_end().how == "succeeded"


@pytest.mark.parametrize("waits", [1.0, SILENCE, 3 * SILENCE])
def test_a_registry_that_asks_to_wait_gets_a_retry_however_long_that_took(waits: float) -> None:
    registry = Registry(
        ScriptedClock(), lambda time: Seen(SUCCEEDED) if time > 1 else NotYet("too many requests"), waits
    )
    assert following(registry).to_its_end().how == "succeeded"


def test_a_run_that_nobody_can_read_is_given_up_after_a_last_look() -> None:
    registry = Registry(ScriptedClock(), lambda _: NotYet("busy"))
    began = registry.clock.monotonic()
    with pytest.raises(AcrRunLost):
        following(registry).to_its_end()
    assert SILENCE <= registry.asked[-1] - began < SILENCE + 10
