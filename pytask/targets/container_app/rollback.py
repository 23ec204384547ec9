"""Restoring the template that an app had before an update, if nobody has changed the app since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.model import Moment, SettingsBack
from pytask.targets.container_app.app import with_image
from pytask.targets.container_app.find import read_app
from pytask.targets.container_app.update import sent_as_revision
from pytask.targets.target import CannotRollBack, Restored

if TYPE_CHECKING:
    from pytask.cloud.arm import Arm
    from pytask.journal import Journal
    from pytask.model import PreviousImage
    from pytask.targets.container_app.app import ContainerApp, ContainerAppUpdate


def restore(
    arm: Arm, update: ContainerAppUpdate, reference: str, previous: PreviousImage | None, journal: Journal
) -> Restored[ContainerAppUpdate]:
    """Give the app the containers that served before, with the previous image, in a new revision.

    Raises:
        CannotRollBack: when someone else has changed its template since.
    """
    say, now = arm.http.say, read_app(arm, update.app)
    _confirm_ours(update, now)
    say(f"Rolling back to {reference}")
    containers = with_image(update.serving.containers, update.app.container, reference, {})
    digest = previous.digest if previous else None
    back = sent_as_revision(arm, now, {"template": {"containers": containers}}, reference, digest)
    if update.settings:
        names, clock = tuple(update.settings.written), arm.http.clock
        moment = Moment(at=clock.now(), sent_at=clock.monotonic())
        journal.add(SettingsBack(names=names, stayed=(), moment=moment))
        say(f"settings  {', '.join(names)} restored")
    return Restored(update=back, configuration=())


def _confirm_ours(update: ContainerAppUpdate, now: ContainerApp) -> None:
    """Raise CannotRollBack unless the app's template is still the one that this run sent."""
    if now.image == update.app.image != update.reference:
        raise CannotRollBack(f"the app still has its previous image ({now.image}): Azure did not carry out the update")
    if now.image != update.reference:
        raise CannotRollBack(f"someone else has changed the app's image (it is now {now.image or 'empty'})")
    known = {update.revision, update.app.latest_revision, ""}
    if now.latest_revision not in known:
        raise CannotRollBack(f"someone else has changed the app: its latest revision is {now.latest_revision}")
