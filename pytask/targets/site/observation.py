"""Observing an app while it starts: each round fetches everything that is readable and still open."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pytask.cloud.arm import ArmCall
from pytask.cloud.poll import NOT_ASKED, NotAllowed, NotYet, Seen, poll, read_object
from pytask.decode import object_at
from pytask.targets.site.checks import checks, new_image_runs
from pytask.targets.site.functions import list_functions, sync_triggers
from pytask.targets.site.instances import Hosts, Instances
from pytask.targets.site.observed import Observation
from pytask.targets.site.platform_log import excerpt, read_platform_log
from pytask.targets.site.smoke import call
from pytask.verification import judge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from azure.core.rest import HttpResponse

    from pytask.clock import Clock, Timeouts
    from pytask.cloud.arm import Arm, Azure
    from pytask.cloud.poll import Reading
    from pytask.model import Function
    from pytask.model.reference import Digest
    from pytask.targets.site.observed import Question
    from pytask.targets.site.platform_log import PlatformLog
    from pytask.targets.site.site import Site

_LARGEST_LOG = 256 << 20
"""Bytes. A log is read row by row and not kept in memory; it is never cut, because its newest rows come last."""
_SYNC = "Microsoft.Web/sites/syncfunctiontriggers/action"


@dataclass(kw_only=True, slots=True)
class Observer:
    """Fetches what is still open and keeps what was seen."""

    azure: Azure
    question: Question
    digest_now: Callable[[str], Reading[Digest]]
    """Returns the digest that a reference means now in the registry."""
    say: Callable[[str], None]
    seen: Observation = field(default_factory=Observation)
    _instances: Instances = field(init=False)
    _asked_at: float | None = None
    """Monotonic clock of the last call to the hosts."""
    _synced: Reading[bool] = NOT_ASKED
    _runs_since: float | None = None
    """Monotonic clock when the new image was first seen running."""

    def __post_init__(self) -> None:
        update = self.question.update
        self._instances = Instances(
            arm=self.azure.arm, path=self._path, sent_at=update.sent_at, at_first=update.instances
        )

    @property
    def _clock(self) -> Clock:
        return self.azure.arm.http.clock

    @property
    def _timeouts(self) -> Timeouts:
        return self.azure.arm.http.timeouts

    @property
    def _path(self) -> str:
        return self.question.update.app.resource_id

    def observe(self) -> Observation:
        """Return what is known after one more round; for a stopped app, that is only its configuration."""
        if not isinstance(self.seen.configuration, Seen):
            self.seen = replace(self.seen, configuration=read_configuration(self.azure.arm, self._path))
        if not self.question.update.app.stopped:
            self._look_at_start()
            self._look_at_app()
        return self.seen

    def _look_at_start(self) -> None:
        update = self.question.update
        if update.app.on_container_apps:
            self.seen = replace(self.seen, log=_HIDDEN, hosts=Hosts(latest=_HIDDEN))
            return
        log = container_log(self.azure.arm, update.app, reference=str(update.reference), since=update.written)
        self.seen = replace(self.seen, log=log)
        if self.seen.ready and isinstance(self.seen.tag_now, NotYet) and not update.fresh_tag:
            # Only the registry's answer after the app is ready shows what was pulled before.
            self.seen = replace(self.seen, tag_now=self.digest_now(str(update.reference)))
        if self._hosts_are_due():
            self._asked_at = self._clock.monotonic()
            self.seen = replace(self.seen, hosts=self._instances.ask())

    def _hosts_are_due(self) -> bool:
        """Tell whether to ask the hosts: not before the platform reports a start, unless it has no log to do so.

        Until it reports the app as ready, they are not asked often; from then on only they keep a verdict waiting.

        Each call turns on the host's debug mode:
        https://github.com/Azure/azure-functions-host/blob/dev/src/WebJobs.Script.WebHost/Filters/EnableDebugModeFilter.cs
        """
        if self.seen.hosts.all_new or not (self._is_started() or self._log_is_silent()):
            return False
        if self._asked_at is None or self.seen.ready:
            return True
        return self._clock.monotonic() - self._asked_at >= self._timeouts.host_pause

    def _is_started(self) -> bool:
        return self.seen.attempt is not None and self.seen.attempt.started != ""

    def _log_is_silent(self) -> bool:
        """Tell whether there is no log, or after a while still none of this start."""
        if not isinstance(self.seen.log, Seen):
            return True
        waited = self._clock.monotonic() - self.question.update.sent_at
        return self.seen.attempt is None and waited >= self._timeouts.settled_failure

    def _look_at_app(self) -> None:
        now = self._clock.monotonic()
        if not new_image_runs(judge(checks(self.question, self._timeouts), self.seen)):
            return
        self._runs_since = now if self._runs_since is None else self._runs_since
        if not self.seen.functions_settled:
            self.seen = replace(self.seen, functions=self._functions(now - self._runs_since))
        if self.question.smoke_test and self.seen.functions_settled and not self.seen.answer_settled:
            site, settings = self.question.update.app, self.question.settings
            answer = call(self.azure, site, self.question.smoke_test, self.seen.functions, settings)
            self.seen = replace(self.seen, answer=answer)

    def _functions(self, waited: float) -> Reading[tuple[Function, ...]]:
        """Return the list once it can be the new image's: after the triggers were synced, or else after a while."""
        arm = self.azure.arm
        if isinstance(self._synced, NotYet):
            self._synced = sync_triggers(arm, self._path)
            if isinstance(self._synced, NotAllowed):
                self.say(f"  the triggers are not synced: the connection lacks {_SYNC}")
        if not isinstance(self._synced, Seen) and waited < arm.http.timeouts.functions_cache:
            return NotYet("the list of functions may still be that of the previous image")
        return list_functions(arm, self._path)


_HIDDEN = NotAllowed("Azure does not show it for an app in a Container Apps environment")
"""The app is a container app that Azure manages, with neither App Service's log nor its way to the host.
https://learn.microsoft.com/azure/azure-functions/functions-container-apps-hosting"""
_NO_LOG = NotYet("the app has no platform log yet", empty=True)


def container_log(arm: Arm, site: Site, *, reference: str, since: datetime) -> Reading[PlatformLog]:
    """Return the platform's log since a moment; `reference` is the image that the app should run.

    Source: https://learn.microsoft.com/rest/api/appservice/web-apps/get-web-site-container-logs
    """
    call = ArmCall(
        "POST",
        f"{site.resource_id}/containerlogs",
        doing="read the platform's log",
        stream=True,
        most_bytes=_LARGEST_LOG,
    )
    found = poll(arm, call, _text)
    if not isinstance(found, Seen):
        return found
    if not found.value.strip():
        return _NO_LOG
    name = f"{site.name}/{site.slot}" if site.slot else site.name
    return Seen(read_platform_log(found.value, reference=reference, since=since, site=name))


def _text(answer: HttpResponse) -> str:
    """Return the log, or an excerpt of a very large one. One that broke off, perhaps before its end, is not used."""
    try:
        return excerpt(answer.iter_bytes())
    except OSError as error:
        raise ValueError(f"the log broke off: {error}") from error
    finally:
        answer.close()


def read_configuration(arm: Arm, path: str) -> Reading[Mapping[str, object]]:
    """Return the properties of the site's configuration.

    Source: https://learn.microsoft.com/rest/api/appservice/web-apps/get-configuration
    """

    def read(answer: HttpResponse) -> Mapping[str, object] | None:
        return object_at(read_object(answer), "properties") or None

    return poll(arm, ArmCall("GET", f"{path}/config/web", doing="read the app's configuration"), read)
