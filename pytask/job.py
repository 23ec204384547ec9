"""The pipeline job this run is a step of: what surrounds the run, and what the run has done so far."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytask.builders.docker.build import Machine
from pytask.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytask.agent.console import Console
    from pytask.clock import Clock, Timeouts
    from pytask.model import (
        BuiltImage,
        Deployment,
        Network,
        Plan,
        PushedImage,
        RolledBack,
        SettingsChange,
        Target,
        Verification,
    )


@dataclass(slots=True)
class Record:
    """What has been done so far: the one thing of a run that changes, so that a run that breaks off can still tell."""

    stage: str = "reading the inputs"
    plan: Plan | None = None
    preflight: str = ""
    """What the preflight found, in words; told once the build's group is closed."""
    target: Target | None = None
    built: BuiltImage | None = None
    pull_access: list[str] = field(default_factory=list)
    """What was done so that the app can pull, each a sentence; it stays done."""
    pull_access_sent: str = ""
    """What of it may have left for Azure and was not answered yet."""
    granted: float | None = None
    """Our monotonic clock when the app's identity was granted a role that it did not have."""
    pushing: bool = False
    """True from the first byte that may have left for the registry."""
    pushed: PushedImage | None = None
    updating: bool = False
    """True from the moment the change of the app may have left for Azure."""
    settings: SettingsChange | None = None
    """What was changed of the app's settings, also when the image was not."""
    sticky: tuple[str, ...] = ()
    """The names of the settings that became sticky to their slot."""
    deployment: Deployment | None = None
    unchanged: bool = False
    """True when the app ran this very image already, so that nothing was written."""
    verification: Verification | None = None
    rolled_back: RolledBack | None = None
    configured: str = ""
    """The previous image, when the app was pointed at it again and does not start either."""
    lost: bool = False
    """True when the image of this run is not in the registry any more."""
    not_rolled_back: str = ""
    """Why nothing was rolled back after a failure."""
    seconds: dict[str, float] = field(default_factory=dict)
    """How long each stage took."""

    @property
    def verdict(self) -> Verdict:
        """What the verification came to so far."""
        if self.verification:
            return self.verification.verdict
        wanted = self.plan is not None and self.plan.deploy is not None and self.plan.deploy.verify is not None
        return Verdict.FAILED if self.deployment and wanted else Verdict.SKIPPED


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What surrounds the run."""

    environment: Mapping[str, str]
    network: Network
    """How this agent reaches the network."""
    console: Console
    clock: Clock
    timeouts: Timeouts
    record: Record

    @property
    def machine(self) -> Machine:
        """What a build is started on."""
        return Machine(environment=self.environment, network=self.network, console=self.console, timeouts=self.timeouts)

    @contextmanager
    def stage(self, title: str) -> Iterator[None]:
        """Do one stage of the run in a group of its own, timed."""
        began = self.clock.monotonic()
        self.record.stage = title
        try:
            with self.console.group(title):
                yield
        finally:
            self.record.seconds[title] = self.clock.monotonic() - began
