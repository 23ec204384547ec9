"""Observing an app whose new revision is starting: each round fetches everything that is still open."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from pytask.cloud.arm import ArmCall
from pytask.cloud.poll import NotAllowed, NotYet, Seen, poll, read_items, read_object
from pytask.decode import flag_at, text_at
from pytask.model import Function
from pytask.targets.container_app.app import VERSION
from pytask.targets.container_app.events import warnings_about
from pytask.targets.container_app.observed import Observation, Replica, Revision
from pytask.targets.container_app.operation import ENDED, failure_of
from pytask.targets.smoke import answered

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse

    from pytask.cloud.arm import Arm, Azure
    from pytask.cloud.poll import Reading
    from pytask.model import SmokeTest
    from pytask.targets.container_app.app import ContainerApp
    from pytask.targets.container_app.observed import Question
    from pytask.targets.smoke import Answer

_LISTS_FUNCTIONS = "2025-10-02-preview"
"""https://github.com/Azure/azure-rest-api-specs/tree/main/specification/app/resource-manager/Microsoft.App"""


@dataclass(kw_only=True, slots=True)
class Observer:
    """Fetches what is still open and keeps what was seen."""

    azure: Azure
    question: Question
    seen: Observation = field(default_factory=Observation)
    _operation_ended: bool = False
    _asked_operation_at: float | None = None
    _read_events_at: float | None = None
    _log_is_closed: bool = False

    def observe(self) -> Observation:
        """Return what is known after one more round; for a stopped app, that is only its configuration."""
        arm, update = self.azure.arm, self.question.update
        self._follow_operation()
        # The app last of what may take long: what it said before that is not what it says at the deadline.
        self.seen = replace(self.seen, app=app_now(arm, update.app))
        if not update.app.stopped:
            self._look_at_revision()
            self._look_at_app()
        return self.seen

    def _follow_operation(self) -> None:
        """Read how the update ends, at intervals."""
        if self._operation_ended or not self._is_due(self._asked_operation_at):
            return
        self._asked_operation_at = self._now()
        failed = failure_of(self.azure.arm, self.question.update.operation)
        self._operation_ended = failed == ENDED
        self.seen = replace(self.seen, operation_failed=failed or "")

    def _look_at_revision(self) -> None:
        arm, update = self.azure.arm, self.question.update
        path = f"{update.app.resource_id}/revisions/{update.revision}"
        self.seen = replace(self.seen, revision=revision_at(arm, path))
        if isinstance(self.seen.revision, Seen):
            self.seen = replace(self.seen, replicas=replicas_at(arm, path))
        if self._is_ready() or self._log_is_closed or not self._is_due(self._read_events_at):
            return
        self._read_events_at = self._now()
        if isinstance(self.seen.app, Seen):
            events = warnings_about(self.azure, self.seen.app.value, update.revision)
            self._log_is_closed = events is None
            self.seen = replace(self.seen, events=events or self.seen.events)

    def _look_at_app(self) -> None:
        """List the functions and make the smoke test, once the revision is ready."""
        if not self._is_ready():
            return
        update, test = self.question.update, self.question.smoke_test
        if not self.seen.listed and not isinstance(self.seen.functions, NotAllowed):
            path = f"{update.app.resource_id}/revisions/{update.revision}"
            self.seen = replace(self.seen, functions=functions_at(self.azure.arm, path))
        if test and not (isinstance(self.seen.answer, Seen) and self.seen.answer.value.expected):
            self.seen = replace(self.seen, answer=self._called(test))

    def _called(self, test: SmokeTest) -> Reading[Answer]:
        """Call the revision by its own host name, so that no other revision can answer."""
        revision = self.seen.revision
        host = revision.value.host if isinstance(revision, Seen) else ""
        if not self.question.update.app.url or not host:
            return NotAllowed("the app has no ingress, so nothing can call it")
        return answered(self.azure, f"https://{host}", test, self.question.update.app.environment)

    def _is_ready(self) -> bool:
        return self.seen.latest_ready() == self.question.update.revision

    def _is_due(self, last: float | None) -> bool:
        return last is None or self._now() - last >= self.azure.arm.http.timeouts.progress

    def _now(self) -> float:
        return self.azure.arm.http.clock.monotonic()


def app_now(arm: Arm, app: ContainerApp) -> Reading[ContainerApp]:
    """Return the app as it is now.

    Source: https://learn.microsoft.com/rest/api/containerapps/container-apps/get
    """

    def read(answer: HttpResponse) -> ContainerApp | None:
        resource = read_object(answer)
        return app.reading(resource) if resource and resource.get("properties") else None

    return poll(arm, ArmCall("GET", app.resource_id, doing="read the container app", api_version=VERSION), read)


def revision_at(arm: Arm, path: str) -> Reading[Revision]:
    """Return the revision; one that Azure does not list yet may still appear.

    Source: https://learn.microsoft.com/rest/api/containerapps/container-apps-revisions/get-revision
    """
    missing = NotYet(f"there is no revision {path.rpartition('/')[2]} yet")

    def read(answer: HttpResponse) -> Revision | None:
        resource = read_object(answer)
        return Revision(resource) if resource and resource.get("properties") else None

    call = ArmCall("GET", path, doing="read the revision", api_version=VERSION)
    reading = poll(arm, call, read)
    absent = isinstance(reading, NotAllowed) and f"returned {HTTPStatus.NOT_FOUND.value} " in reading.reason
    return missing if absent else reading


def replicas_at(arm: Arm, path: str) -> Reading[tuple[Replica, ...]]:
    """Return a revision's replicas.

    Source: https://learn.microsoft.com/rest/api/containerapps/container-apps-revision-replicas/list-replicas
    """

    def read(answer: HttpResponse) -> tuple[Replica, ...] | None:
        items = read_items(answer)
        return None if items is None else tuple(map(Replica, items))

    return poll(arm, ArmCall("GET", f"{path}/replicas", doing="list the replicas", api_version=VERSION), read)


def functions_at(arm: Arm, path: str) -> Reading[tuple[Function, ...]]:
    """Return the functions of a revision."""
    call = ArmCall("GET", f"{path}/functions", doing="list the functions", api_version=_LISTS_FUNCTIONS)
    return poll(arm, call, _functions)


def _functions(answer: HttpResponse) -> tuple[Function, ...] | None:
    items = read_items(answer)
    if items is None:
        return None
    return tuple(
        Function(
            name=text_at(one, "properties", "name") or text_at(one, "name").rpartition("/")[2],
            trigger=text_at(one, "properties", "triggerType"),
            url=text_at(one, "properties", "invokeUrlTemplate"),
            disabled=bool(flag_at(one, "properties", "isDisabled")),
        )
        for one in items
    )
