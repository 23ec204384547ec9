"""Restoring the template that an app had before an update, if nobody has changed the app since."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytask.errors.foreign import listed
from pytask.model import Moment, SettingsBack
from pytask.targets.container_app.app import with_image
from pytask.targets.container_app.find import read_app
from pytask.targets.container_app.release import distribute, stop
from pytask.targets.container_app.traffic import is_multiple, release_command, same, told
from pytask.targets.container_app.update import ingress_held, sent_as_revision
from pytask.targets.target import CannotRollBack, Restored

if TYPE_CHECKING:
    from pytask.cloud.arm import Arm
    from pytask.decode import JSONObject
    from pytask.journal import Journal
    from pytask.model import PreviousImage
    from pytask.targets.container_app.app import ContainerApp, ContainerAppUpdate
    from pytask.targets.container_app.traffic import Traffic


def restore(
    arm: Arm, update: ContainerAppUpdate, reference: str, previous: PreviousImage | None, journal: Journal
) -> Restored[ContainerAppUpdate]:
    """Give the app the containers that served before, with the previous image, in a new revision.

    In multiple revision mode the revisions that served keep serving until that one is verified too, and the failed
    revision is deactivated.

    Raises:
        CannotRollBack: when someone else has changed its template since.
    """
    say, now = arm.http.say, read_app(arm, update.app)
    _confirm_ours(arm, update, now)
    say(f"Rolling back to {reference}")
    containers = with_image(update.serving.containers, update.app.container, reference, {})
    digest = previous.digest if previous else None
    properties: JSONObject = {"template": {"containers": containers}}
    if ingress := ingress_held(now, update.traffic):
        properties["configuration"] = ingress
    back = _waiting(sent_as_revision(arm, now, properties, reference, digest), update.traffic)
    if is_multiple(now):
        stop(arm, now, update.revision)
    if update.settings:
        names, clock = tuple(update.settings.written), arm.http.clock
        moment = Moment(at=clock.now(), sent_at=clock.monotonic())
        journal.add(SettingsBack(names=names, stayed=(), moment=moment))
        say(f"settings  {listed(names)} restored")
    return Restored(update=back, configuration=())


def _confirm_ours(arm: Arm, update: ContainerAppUpdate, now: ContainerApp) -> None:
    """Raise CannotRollBack unless the app's template and traffic are still those that this run sent."""
    if now.image == update.app.image != update.reference:
        _restore_traffic(arm, update, now)
        raise CannotRollBack(f"the app still has its previous image ({now.image}): Azure did not carry out the update")
    if now.image != update.reference:
        found = now.image or "empty"
        raise CannotRollBack(f"someone else has changed the app's image (it is now {found})", found=found)
    known = {update.revision, update.app.latest_revision, ""}
    if now.latest_revision not in known:
        raise CannotRollBack(f"someone else has changed the app: its latest revision is {now.latest_revision}")
    if update.traffic and not any(same(now.traffic, one) for one in (update.traffic.held, update.traffic.entries)):
        raise CannotRollBack(f"someone else has changed the app's traffic (it reads {told(now.traffic)})")


def _restore_traffic(arm: Arm, update: ContainerAppUpdate, now: ContainerApp) -> None:
    """Distribute the traffic as before an update that Azure did not carry out, if it did that part of it."""
    if update.traffic and same(now.traffic, update.traffic.held):
        distribute(arm, now, update, [*update.traffic.entries])


def _waiting(back: ContainerAppUpdate, traffic: Traffic | None) -> ContainerAppUpdate:
    """Return the rollback with the traffic that it restores once it is verified: shares by name stay where they are."""
    if traffic is None:
        return back
    former = replace(traffic, place="")
    return replace(back, traffic=former, held_back=release_command(back.app, former, back.revision))
