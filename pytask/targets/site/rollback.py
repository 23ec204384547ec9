"""Restoring what an update changed on a site, if nobody has changed it since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.errors.foreign import listed
from pytask.targets.site.find import read_configuration
from pytask.targets.site.instances import instances_now
from pytask.targets.site.settings import put_settings_back
from pytask.targets.site.site import reads_as
from pytask.targets.site.slot_settings import make_not_sticky
from pytask.targets.site.update import point_at
from pytask.targets.target import CannotRollBack, Restored

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.cloud.arm import Arm
    from pytask.journal import Journal
    from pytask.model import PreviousImage, SettingsBack
    from pytask.targets.site.site import Site, SiteUpdate


def restore(
    arm: Arm, update: SiteUpdate, reference: str, previous: PreviousImage | None, journal: Journal
) -> Restored[SiteUpdate]:
    """Restore settings and properties, and point the site at its previous image.

    Raises:
        CannotRollBack: when someone else has changed its image since.
    """
    say, site = arm.http.say, _still_ours(arm, update)
    say(f"Rolling back to {reference}")
    settings = _settings_back(arm, update, journal, say)
    instances = instances_now(arm, site.resource_id)
    site = _still_ours(arm, update)  # the settings took their time
    former = former_properties(update, site.configuration)
    back = point_at(
        arm,
        site,
        reference,
        previous.digest if previous else None,
        instances=instances,
        beside=former,
        settings=settings.moment if settings else None,
    )
    if former:
        say(f"configuration  {', '.join(former)} restored")
    return Restored(update=back, configuration=tuple(former))


def _still_ours(arm: Arm, update: SiteUpdate) -> Site:
    """Return the site as it is now; raise CannotRollBack unless its image is still the one that this run set."""
    site = update.app.reading(read_configuration(arm, update.app.resource_id))
    if site.fx_version != update.fx_version:
        found = site.fx_version or "nothing"
        raise CannotRollBack(f"someone else has changed the app's image (it is now {found})", found=found)
    return site


def _settings_back(arm: Arm, update: SiteUpdate, journal: Journal, say: Callable[[str], None]) -> SettingsBack | None:
    """Restore the settings that were changed; return None when there were none."""
    if update.sticky:
        make_not_sticky(arm, update.app, update.sticky)
        say(f"settings  no longer slot settings: {listed(update.sticky)}")
    if update.settings is None:
        return None
    back = put_settings_back(arm, update.app.resource_id, update.settings)
    journal.add(back)
    if back.names:
        say(f"settings  {listed(back.names)} restored")
    if back.stayed:
        say(f"settings  {listed(back.stayed)} left unchanged: someone else has changed them")
    return back


def former_properties(update: SiteUpdate, configuration: Mapping[str, object]) -> dict[str, object]:
    """Return the former values of the changed properties, except those that someone else has changed since.

    A null text is restored as empty: it is not documented whether Azure treats null as a change.
    """
    before, written = update.app.configuration, update.beside
    ours = (name for name in update.changed if reads_as(configuration.get(name), written[name]))
    return {name: (before.get(name) or "") if isinstance(written[name], str) else before.get(name) for name in ours}
