"""The pipeline job this run is a step of: what surrounds the run, and where it writes down what it does."""

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
    from pytask.clock import Clock, Timeouts
    from pytask.cloud.arm import Azure
    from pytask.journal import Journal
    from pytask.model import AppAddress, Network
    from pytask.targets.target import Target


def find_target(azure: Azure, address: AppAddress) -> Target[Any]:
    """Return what the user named, of whatever kind; Azure's libraries are loaded for it only now.

    Raises:
        TaskFailure: when there is none, or it cannot run a container image.
    """
    from pytask.targets import find  # noqa: PLC0415

    return find.find_target(azure, address)


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What surrounds the run."""

    environment: Mapping[str, str]
    network: Network
    """How this agent reaches the network."""
    console: Console
    clock: Clock
    timeouts: Timeouts
    journal: Journal
    find_builder: Callable[[Machine], Builder] = find_builder
    find_target: Callable[[Azure, AppAddress], Target[Any]] = find_target

    @property
    def machine(self) -> Machine:
        """What a build is started on."""
        return Machine(
            environment=self.environment,
            network=self.network,
            console=self.console,
            clock=self.clock,
            timeouts=self.timeouts,
        )

    @contextmanager
    def stage(self, title: str) -> Iterator[None]:
        """Do one stage of the run in a group of its own, timed."""
        began = self.clock.monotonic()
        self.journal.add(StageBegan(title))
        try:
            with self.console.group(title):
                yield
        finally:
            self.journal.add(StageEnded(title=title, seconds=self.clock.monotonic() - began))
