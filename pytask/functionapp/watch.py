"""Watching an app come up: what has been seen of the new image so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytask.errors.start import OldImageStarted
from pytask.functionapp.explain import explain, explain_host
from pytask.functionapp.host import NotAllowed, container_log, list_functions, sync_triggers
from pytask.functionapp.instances import Instances
from pytask.functionapp.platform_log import latest_start
from pytask.functionapp.smoke import call
from pytask.model import Proof, Step
from pytask.targets.site.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.clock import Clock, Patience
    from pytask.cloud.arm import Azure
    from pytask.errors.start import StartFailure
    from pytask.functionapp.platform_log import Start
    from pytask.functionapp.smoke import Answer
    from pytask.model import Deployment, Function, HostProcess, SmokeTest

_SILENT_LOG = "the platform's log does not name the image that was started"
_NOTHING_TELLS = "nothing that may be seen tells which image answers"
_SYNC = "Microsoft.Web/sites/syncfunctiontriggers/action"


@dataclass(kw_only=True, slots=True)
class Watch:
    """What has been seen so far; it changes with every look."""

    azure: Azure
    deployment: Deployment
    smoke_test: SmokeTest | None
    settings: Mapping[str, str] | None
    say: Callable[[str], None]
    clock: Clock
    patience: Patience
    instances: Instances
    began: float
    start: Start | None = None
    functions: tuple[Function, ...] = ()
    answer: Answer | None = None
    refused: dict[Step, str] = field(default_factory=dict)
    synced: bool = False
    failed_since: float | None = None
    waiting_since: float | None = None
    told: str = ""
    told_at: float = 0.0

    @classmethod
    def begin(
        cls,
        azure: Azure,
        deployment: Deployment,
        smoke_test: SmokeTest | None,
        settings: Mapping[str, str] | None,
        say: Callable[[str], None],
    ) -> Watch:
        """Begin to watch; nothing has been seen yet."""
        clock, path = azure.arm.door.clock, deployment.target.resource_id
        return cls(
            azure=azure,
            deployment=deployment,
            smoke_test=smoke_test,
            settings=settings,
            say=say,
            clock=clock,
            patience=azure.arm.door.patience,
            instances=Instances(arm=azure.arm, path=path, sent_at=deployment.sent_at, at_first=deployment.instances),
            began=clock.monotonic(),
        )

    def look(self) -> None:
        """Look once at everything that may be seen and is still missing."""
        self._seeing(Step.LOG, self._look_at_log)
        self._seeing(Step.HOST, self.instances.look)
        if {Step.HOST, Step.LOG} <= self.refused.keys():
            self.refused |= dict.fromkeys(self.open_steps(), _NOTHING_TELLS)
        if self.host_is_up() and not self.functions:
            self._seeing(Step.FUNCTIONS, self._look_at_functions)
        if self.host_is_up() and Step.FUNCTIONS not in self.open_steps() and Step.SMOKE_TEST in self.open_steps():
            self._seeing(Step.SMOKE_TEST, self._call)

    def host_is_up(self) -> bool:
        """Tell whether the new process runs; where the host may not be asked, the platform's word is taken for it."""
        return self.instances.all_new() or (Step.HOST in self.refused and self.digest_is_ready())

    def _seeing(self, step: Step, look: Callable[[], None]) -> None:
        if step in self.refused:
            return
        try:
            look()
        except NotAllowed as error:
            self.refused[step] = str(error)

    def _look_at_log(self) -> None:
        text = container_log(self.azure.arm, self.deployment.target.resource_id)
        self.start = latest_start(text, since=self.deployment.written)
        if self.start and self.start.ready() and self._cannot_compare(self.start.started()):
            raise NotAllowed("it names a digest, and the connection may not read that of the image")

    def _look_at_functions(self) -> None:
        path = self.deployment.target.resource_id
        if not self.synced:
            if not sync_triggers(self.azure.arm, path):
                self.say(f"  the triggers were not synced: the connection lacks {_SYNC}")
            self.synced = True
        self.functions = list_functions(self.azure.arm, path)

    def _call(self) -> None:
        if self.smoke_test:
            self.answer = call(self.azure, self.deployment.target, self.smoke_test, self.functions)

    def digest_is_ready(self) -> bool:
        """Tell whether the platform says that this very image came up.

        Only the latest attempt counts, and only as long as the platform does not call it failed.
        """
        start = self.start
        if start is None or start.failure() or self.other_started():
            return False
        return start.pulled() and start.ready() and self._is_ours(start.started())

    def other_started(self) -> str:
        """Give what the latest attempt started when it is not our image; else empty.

        The latest only: the change comes in whole seconds, and the image of before may have been tried again in its.
        """
        one = self.start.started() if self.start else ""
        return "" if self._is_ours(one) or self._cannot_compare(one) else one

    def _cannot_compare(self, image: str) -> bool:
        return image.startswith("sha256:") and not self.deployment.digest

    def _is_ours(self, image: str) -> bool:
        """Tell whether a line means our image: by digest, or by the reference where the dialect knows no digest."""
        return image != "" and image in {self.deployment.digest, self.deployment.reference}

    def steps(self) -> tuple[Step, ...]:
        """Give the steps that this proof has."""
        return tuple(step for step in Step if step is not Step.SMOKE_TEST or self.smoke_test)

    def taken(self) -> tuple[Step, ...]:
        """Give the steps that succeeded."""
        seen = {
            Step.CONFIGURATION: True,
            Step.HOST: self.instances.all_new(),
            Step.FUNCTIONS: bool(self.functions),
            Step.LOG: self.digest_is_ready(),
            Step.SMOKE_TEST: self.answer is not None and self.answer.expected,
        }
        return tuple(step for step in self.steps() if seen[step] and step not in self._gaps())

    def _gaps(self) -> dict[Step, str]:
        """Give the steps that cannot be taken, with the reason; a host that is not counted may still turn out old."""
        uncounted = self.instances.uncounted if self.instances.all_new() else ""
        return {**({Step.HOST: uncounted} if uncounted else {}), **self.refused}

    def open_steps(self) -> list[Step]:
        """Give the steps that may still succeed."""
        return [step for step in self.steps() if step not in {*self.taken(), *self._gaps()}]

    def enough(self) -> bool:
        """Tell whether nothing more is to be expected: every step taken, or those left cannot be."""
        if self.failure():
            return False
        if not self.open_steps():
            return True
        if self.open_steps() != [Step.LOG] or Step.HOST in self.refused:
            self.waiting_since = None
            return False
        # All else is proved; a log that comes late is waited for, one that never comes is not.
        if self.waiting_since is None:
            self.waiting_since = self.clock.monotonic()
        return self.clock.monotonic() - self.waiting_since > self.patience.settled_failure

    def failure(self) -> StartFailure | None:
        """Give the failure that shows by now, whether the platform may yet try again or not."""
        app, reference = self.deployment.target.title, self.deployment.reference
        start, host = self.start, self.instances.latest
        event = start.failure() if start else None
        if start and event:
            return explain(start, event, app=app, reference=reference, settings=self.settings)
        if other := self.other_started():
            refused = start.pull_refused() if start else ""
            tail = f"\nthe pull before it failed: {redacted(refused, self.settings)}" if refused else ""
            return OldImageStarted(app=app, reference=reference, line=f"it started {other}", tail=tail)
        if host and (host.state == "Error" or self.host_is_up()):
            return explain_host(host, app=app, reference=reference)
        return None

    def settled_failure(self) -> StartFailure | None:
        """Give the failure once it has stood for a while, in which the platform did not try again with success."""
        failure = self.failure()
        if failure is None:
            self.failed_since = None
            return None
        if self.failed_since is None:
            self.failed_since = self.clock.monotonic()
        settled = self.clock.monotonic() - self.failed_since > self.patience.settled_failure
        return failure if settled else None

    def only_begun(self) -> bool:
        """Tell whether the platform's log, where it is all there is, has a start that did not come to its end."""
        return Step.HOST in self.refused and self.start is not None and not self.start.ready()

    def seen(self) -> str:
        """Give what can be said of an app that did not come up, for the end of a sentence."""
        host = self.instances.latest
        phase = f"; the platform's log says: {self.start.phase()}" if self.start else ""
        return phase + self._host_seen(host)

    def _host_seen(self, host: HostProcess | None) -> str:
        if host is None:
            return "" if Step.HOST in self.refused else "; the Functions host does not answer"
        errors = f": {'; '.join(host.errors)}" if host.errors else ""
        return f"; the Functions host is {host.state}{errors}, a process that was started {host.started:%H:%M:%S}Z"

    def proof(self) -> Proof:
        """Give what has been proved."""
        unseen = {step: _SILENT_LOG if step is Step.LOG else _NOTHING_TELLS for step in self.open_steps()}
        missing = {**self._gaps(), **unseen}
        return Proof(
            taken=self.taken(),
            missing=tuple(missing.items()),
            functions=self.functions,
            answer=self.answer.text if self.answer else "",
        )

    def tell(self) -> None:
        """Say what is new, and at least every `progress` seconds that one is still waiting."""
        news, now = self._news(), self.clock.monotonic()
        if news == self.told and now - self.told_at < self.patience.progress:
            return
        waited = int(now - self.began)
        again = "still " if news == self.told else ""
        self.say(f"  {waited // 60}:{waited % 60:02d}  {again}{news}")
        self.told, self.told_at = news, now

    def _news(self) -> str:
        start, host = self.start, self.instances.latest
        phase = start.phase() if start else "waiting for the platform to begin"
        event = start.failure() if start else None
        if event:
            phase = f"the platform says: {redacted(event.text, self.settings)}"
        if not self.instances.all_new() or host is None:
            return phase
        count = len(self.functions)
        functions = f", {count} function{'' if count == 1 else 's'}" if count else ", no functions listed yet"
        test = f", smoke test answered {self.answer.status}" if self.answer else ""
        return f"{phase}; host {host.version} is running, a new process{self.instances.told()}{functions}{test}"
