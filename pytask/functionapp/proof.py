"""Proving that the app runs the image that was pushed.

HTTP 200 or `state=Running` alone is no proof: App Service goes on serving the old container until the new one is ready,
and when a pull fails it may start an old image again.
Source: https://learn.microsoft.com/azure/app-service/configure-custom-container#i-dont-see-the-updated-container
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from pytask.clock import Deadline
from pytask.errors.app import ContainerStartFailed, ImageNotSet, ImagePullFailed, NoFunctions, NotUpInTime
from pytask.functionapp.find import read_configuration
from pytask.functionapp.host import NotAllowed, container_log, host_process, list_functions, sync_triggers
from pytask.functionapp.platform_log import latest_start
from pytask.model import Proof, Step, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from pytask.clock import Clock, Patience
    from pytask.cloud.arm import Arm
    from pytask.errors import TaskFailure
    from pytask.functionapp.platform_log import Start
    from pytask.model import Deployment, Function, HostProcess

_WHOLE_SECOND = timedelta(seconds=1)
"""Azure's clock comes in whole seconds, so a process may seem to start this much before it did."""


def confirm_configuration(arm: Arm, deployment: Deployment) -> None:
    """Read the configuration back.

    Raises:
        ImageNotSet: when it names another image.
    """
    properties = read_configuration(arm, deployment.target.resource_id).properties
    found = (properties.linux_fx_version if properties else "") or "nothing"
    if found != deployment.fx_version:
        raise ImageNotSet(app=deployment.target.name, wanted=deployment.fx_version, found=found)


def prove(arm: Arm, deployment: Deployment, *, seconds: float, say: Callable[[str], None]) -> Proof:
    """Watch the app until it runs the new image, for `seconds` at the most.

    Raises:
        TaskFailure: when it certainly does not.
    """
    confirm_configuration(arm, deployment)
    watch = _Watch(arm=arm, deployment=deployment, clock=arm.door.clock, patience=arm.door.patience, say=say)
    return watch.until(Deadline.after(arm.door.clock, seconds), minutes=f"{seconds / 60:g}")


@dataclass(kw_only=True, slots=True)
class _Watch:
    """What has been seen so far."""

    arm: Arm
    deployment: Deployment
    clock: Clock
    patience: Patience
    say: Callable[[str], None]
    start: Start | None = None
    host: HostProcess | None = None
    functions: tuple[Function, ...] = ()
    refused: dict[Step, str] = field(default_factory=dict)
    failed_since: float | None = None
    complete_since: float | None = None
    synced: bool = False
    told: str = ""
    told_at: float = 0.0
    began: float = 0.0

    def until(self, deadline: Deadline, *, minutes: str) -> Proof:
        self.began = self.clock.monotonic()
        wait = self.patience.first_poll
        while True:
            self.look()
            self.tell()
            if failure := self.failure():
                raise failure
            if self.enough():
                return self.proof()
            if deadline.passed():
                return self.at_the_deadline(minutes)
            self.clock.sleep(min(wait, deadline.left()))
            wait = min(self.patience.longest_poll, wait * 1.5)

    def look(self) -> None:
        """Look once at everything that may be seen and is still missing."""
        path = self.deployment.target.resource_id
        self._seeing(Step.LOG, lambda: self._look_at_log(path))
        self._seeing(Step.HOST, lambda: self._look_at_host(path))
        unseen_host = Step.HOST in self.refused and self.digest_ready()
        if not self.functions and (self.host_is_new() or unseen_host):
            self._seeing(Step.FUNCTIONS, lambda: self._look_at_functions(path))

    def _seeing(self, step: Step, look: Callable[[], None]) -> None:
        if step in self.refused:
            return
        try:
            look()
        except NotAllowed as error:
            self.refused[step] = str(error)

    def _look_at_log(self, path: str) -> None:
        self.start = latest_start(container_log(self.arm, path), since=self.deployment.written)

    def _look_at_host(self, path: str) -> None:
        self.host = host_process(self.arm, path)

    def _look_at_functions(self, path: str) -> None:
        if not self.synced:
            sync_triggers(self.arm, path)
            self.synced = True
        self.functions = list_functions(self.arm, path)

    def host_is_new(self) -> bool:
        host = self.host
        return host is not None and host.state == "Running" and host.started >= self._earliest()

    def _earliest(self) -> datetime:
        return self.deployment.written - _WHOLE_SECOND

    def digest_seen(self) -> bool:
        return self.start is not None and self.start.started == self.deployment.image.digest

    def other_image_started(self) -> bool:
        return self.start is not None and self.start.started not in {"", self.deployment.image.digest}

    def enough(self) -> bool:
        """Tell whether nothing more is to be expected: every step taken, or those left cannot be."""
        open_steps = self.open_steps()
        if not open_steps:
            return True
        if open_steps != [Step.LOG]:
            self.complete_since = None
            return False
        # All else is proved; a log that comes late is waited for, one that never comes is not.
        if self.complete_since is None:
            self.complete_since = self.clock.monotonic()
        return self.clock.monotonic() - self.complete_since > self.patience.settled_failure

    def open_steps(self) -> list[Step]:
        taken = {*self.taken(), *self.refused}
        return [step for step in Step if step not in taken]

    def taken(self) -> tuple[Step, ...]:
        seen = {
            Step.CONFIGURATION: True,
            Step.HOST: self.host_is_new(),
            Step.FUNCTIONS: bool(self.functions),
            Step.LOG: self.digest_seen(),
        }
        return tuple(step for step in Step if seen[step] and step not in self.refused)

    def failure(self) -> TaskFailure | None:
        """Give the failure once the platform has given the start up and begins no other."""
        if self.start is None or not (self.start.failure or self.other_image_started()) or self.digest_ready():
            self.failed_since = None
            return None
        if self.failed_since is None:
            self.failed_since = self.clock.monotonic()
        settled = self.clock.monotonic() - self.failed_since > self.patience.settled_failure
        return self.start_failure(self.start) if settled else None

    def digest_ready(self) -> bool:
        return self.digest_seen() and self.start is not None and self.start.ready

    def start_failure(self, start: Start) -> TaskFailure:
        name, reference = self.deployment.target.name, self.deployment.image.reference
        if start.start_failure and not self.other_image_started():
            return ContainerStartFailed(app=name, reference=reference, line=start.start_failure)
        line = start.pull_failure or f"it started {start.started}, not {self.deployment.image.digest}"
        return ImagePullFailed(app=name, reference=reference, line=line)

    def at_the_deadline(self, minutes: str) -> Proof:
        name, reference = self.deployment.target.name, self.deployment.image.reference
        if self.start is not None and (self.start.failure or self.other_image_started()):
            raise self.start_failure(self.start)
        if Step.HOST in self.taken() and Step.FUNCTIONS in self.open_steps():
            raise NoFunctions(app=name, reference=reference)
        if Step.HOST in self.open_steps():
            missing = ", ".join(step.value for step in self.open_steps())
            seen = f"; the host says: {'; '.join(self.host.errors)}" if self.host and self.host.errors else ""
            raise NotUpInTime(app=name, reference=reference, minutes=minutes, missing=missing, seen=seen)
        return self.proof()

    def proof(self) -> Proof:
        unseen = dict.fromkeys(self.open_steps(), "the log does not name the digest that was started")
        missing = {**self.refused, **unseen}
        return Proof(
            verdict=Verdict.NOT_PROVEN if missing else Verdict.PROVEN,
            taken=self.taken(),
            missing=tuple(missing.items()),
            functions=self.functions,
        )

    def tell(self) -> None:
        """Say what is new, and at least every `progress` seconds that one is still waiting."""
        news, now = self.news(), self.clock.monotonic()
        if news == self.told and now - self.told_at < self.patience.progress:
            return
        waited = int(now - self.began)
        again = "still " if news == self.told else ""
        self.say(f"  {waited // 60}:{waited % 60:02d}  {again}{news}")
        self.told, self.told_at = news, now

    def news(self) -> str:
        phase = self.start.phase if self.start else "waiting for the platform to begin"
        if self.start and self.start.failure:
            phase = f"the platform says: {self.start.failure}"
        if self.host_is_new() and self.host:
            functions = f", {len(self.functions)} functions listed" if self.functions else ", no functions listed yet"
            return f"{phase}; host {self.host.version} is running, a new process{functions}"
        return phase
