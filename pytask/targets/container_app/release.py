"""Giving a verified revision the traffic that it was held back from, in multiple revision mode."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from pytask.clock import Deadline
from pytask.cloud.arm import ArmCall
from pytask.errors import TaskFailure, once_sent
from pytask.errors.azure import AzureFailing
from pytask.errors.container_app import TrafficChanged
from pytask.targets.container_app.app import VERSION
from pytask.targets.container_app.find import read_app
from pytask.targets.container_app.operation import failure_of, patch
from pytask.targets.container_app.traffic import deactivate_command, same, told

if TYPE_CHECKING:
    from pytask.cloud.arm import Arm
    from pytask.decode import JSONObject
    from pytask.targets.container_app.app import ContainerApp, ContainerAppUpdate
    from pytask.targets.container_app.traffic import Traffic

_DOING = "move the traffic of the container app"


def release(arm: Arm, update: ContainerAppUpdate) -> str:
    """Distribute the traffic as before the run, with the new revision in its place, and return that in a few words.

    A revision without any share, as after the rollback of an app whose traffic was never moved, is deactivated.

    Raises:
        TrafficChanged: when someone else has changed the app since; then nothing is sent.
        TaskFailure: why Azure did not accept or do it.
    """
    if update.traffic is None:
        return ""
    now = read_app(arm, update.app)
    _confirm_ours(update, update.traffic, now)
    if update.traffic.entries:
        distribute(arm, now, update, update.traffic.released(update.revision))
    if not update.traffic.has_share(update.revision):
        deactivate(arm, now, update.revision)
        return f"{update.revision} was deactivated; the revisions that served before it still do"
    return f"{told(update.traffic.released(update.revision))} (latest is {update.revision})"


def distribute(arm: Arm, now: ContainerApp, update: ContainerAppUpdate, wanted: list[JSONObject]) -> None:
    """Change the distribution if it differs, wait until Azure has done so, and read it back.

    Raises:
        TrafficChanged: when it reads otherwise afterwards.
        TaskFailure: why Azure did not accept or do it.
    """
    if same(now.traffic, wanted):
        return
    properties: JSONObject = {"configuration": {"ingress": {"traffic": [*wanted]}}}
    operation = patch(arm, now, properties, reference=update.reference, doing=_DOING)
    with once_sent():
        found = _after(arm, now, operation, wanted).traffic
    if not same(found, wanted):
        raise TrafficChanged(app=now.title, found=told(found), command=update.held_back)


def deactivate(arm: Arm, app: ContainerApp, revision: str) -> None:
    """Stop a revision that this run has made.

    Source: https://learn.microsoft.com/rest/api/containerapps/container-apps-revisions/deactivate-revision

    Raises:
        TaskFailure: when Azure refuses.
    """
    path = f"{app.resource_id}/revisions/{revision}/deactivate"
    arm.send(ArmCall("POST", path, doing="deactivate a revision", api_version=VERSION))


def stop(arm: Arm, app: ContainerApp, revision: str) -> None:
    """Deactivate a revision that this run has made and that never had any traffic; say so when that is not possible."""
    try:
        deactivate(arm, app, revision)
    except TaskFailure as failure:
        arm.http.say(f"  {revision} stays active: {failure}; to stop it: {deactivate_command(app, revision)}")
    else:
        arm.http.say(f"revision  {revision} deactivated")


def _confirm_ours(update: ContainerAppUpdate, traffic: Traffic, now: ContainerApp) -> None:
    """Raise TrafficChanged unless the latest revision is this run's, and the traffic is where it was held."""
    ours = now.image == update.reference and now.latest_revision == update.revision
    if ours and (same(now.traffic, traffic.held) or same(now.traffic, traffic.released(update.revision))):
        return
    found = told(now.traffic) if ours else f"the latest revision is {now.latest_revision} with {now.image}"
    raise TrafficChanged(app=now.title, found=found, command=update.held_back)


def _after(arm: Arm, app: ContainerApp, operation: str, wanted: list[JSONObject]) -> ContainerApp:
    """Return the app once the operation has ended and it shows what was wanted, or still does not after a while.

    Not everybody may ask how an operation ends.
    """
    clock, timeouts = arm.http.clock, arm.http.timeouts
    deadline, soon = Deadline.after(clock, timeouts.operation), Deadline.after(clock, timeouts.progress)
    while True:
        failed, now = failure_of(arm, operation), read_app(arm, app)
        if failed:
            raise AzureFailing(doing=_DOING, status=HTTPStatus.OK.value, attempts=1, detail=failed)
        is_settled = same(now.traffic, wanted) or (soon.passed() and not now.is_changing)
        if deadline.passed() or (failed is not None and is_settled):
            return now
        clock.sleep(min(deadline.left(), timeouts.longest_poll))
