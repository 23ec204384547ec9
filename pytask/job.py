"""The environment of a run within its pipeline job, and the journal that it writes to."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytask.builders.builder import Machine
from pytask.builders.docker.builder import find_builder
from pytask.journal import StageBegan, StageEnded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytask.agent.console import Console
    from pytask.builders.builder import Builder
    from pytask.builders.docker.asking import Asking
    from pytask.clock import Clock, Timeouts
    from pytask.cloud.arm import Azure
    from pytask.journal import Journal
    from pytask.model import AcrTasks, AppAddress, ImageNames, Network
    from pytask.targets.slots import SlotPair
    from pytask.targets.target import Target


def open_acr(machine: Machine, acr: AcrTasks, names: ImageNames, *, pushes: bool) -> Builder:
    """Return ACR Tasks as a builder; Azure's libraries are loaded only now."""
    from pytask.builders.acr.builder import AcrBuilder  # noqa: PLC0415

    return AcrBuilder(machine=machine, names=names, pushes=pushes, agent_pool=acr.agent_pool)


def find_target(azure: Azure, address: AppAddress) -> Target[Any]:
    """Return the target that the user named; Azure's libraries are loaded only now.

    Raises:
        TaskFailure: when there is no such target, or it cannot run a container image.
    """
    from pytask.targets import find  # noqa: PLC0415

    return find.find_target(azure, address)


def find_slots(target: Target[Any]) -> SlotPair[Any]:
    """Return a slot and the production that it can be swapped with.

    Raises:
        TaskFailure: when the target has no slots, or production cannot be read.
    """
    from pytask.targets import find  # noqa: PLC0415

    return find.find_slots(target)


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """The environment of a run."""

    environment: Mapping[str, str]
    network: Network
    """How this agent reaches the network."""
    console: Console
    clock: Clock
    timeouts: Timeouts
    journal: Journal
    asking: Asking | None = None
    """The docker command that has already been asked for its version."""
    find_builder: Callable[[Machine], Builder] = find_builder
    find_target: Callable[[Azure, AppAddress], Target[Any]] = find_target
    find_slots: Callable[[Target[Any]], SlotPair[Any]] = find_slots

    @property
    def machine(self) -> Machine:
        """The machine that a build starts on."""
        return Machine(
            environment=self.environment,
            network=self.network,
            console=self.console,
            clock=self.clock,
            timeouts=self.timeouts,
            asking=self.asking,
        )

    @contextmanager
    def stage(self, title: str) -> Iterator[None]:
        """Run the block as one stage, timed and in its own log group."""
        began = self.clock.monotonic()
        self.journal.add(StageBegan(title))
        try:
            with self.console.group(title):
                yield
        finally:
            self.journal.add(StageEnded(title=title, seconds=self.clock.monotonic() - began))
