"""Confirming that Azure has what an update wrote."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytask.decode import object_at
from pytask.errors.foreign import listed
from pytask.errors.start import ImageNotSet, PropertyNotSet
from pytask.targets.site.settings import confirm_written, list_settings
from pytask.targets.site.site import fx_version_in, not_kept

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.cloud.arm import Arm
    from pytask.errors.start import StartFailure
    from pytask.journal import Journal
    from pytask.targets.site.site import SiteUpdate


def confirm_settings(arm: Arm, update: SiteUpdate, journal: Journal) -> None:
    """Confirm again that nobody has overwritten this run's settings; if someone has, record what they are now.

    Raises:
        SettingsOverwritten: when someone has.
    """
    if update.settings:
        change = replace(update.settings, now=list_settings(arm, update.app.resource_id))
        if change.overwritten:
            journal.add(change)
        confirm_written(update.app.title, change)


def was_confirmed(update: SiteUpdate) -> bool:
    """Tell whether Azure's answer to the change already has the image, and nothing else was changed.

    Other properties depend on the app's plan: what Azure keeps of them is only seen by reading it back.
    """
    return bool(update.answered) and not update.changed and difference(update, update.answered) is None


def confirm_configuration(arm: Arm, update: SiteUpdate) -> None:
    """Read the configuration back, and confirm that it has the values that were written.

    Raises:
        ImageNotSet: when it names another image.
        PropertyNotSet: when another property does not have the value that was written.
        TaskFailure: when it cannot be read.
    """
    path = f"{update.app.resource_id}/config/web"
    configuration = arm.get(path, doing="read the app's configuration")
    if failure := difference(update, object_at(configuration, "properties")):
        raise failure


def difference(update: SiteUpdate, configuration: Mapping[str, object]) -> StartFailure | None:
    """Return the failure when the configuration differs from what was written; None when it does not."""
    app, found = update.app.title, fx_version_in(configuration) or "nothing"
    if found != update.fx_version:
        wanted = update.fx_version
        return ImageNotSet(app=app, reference=update.reference, wanted=wanted, found=found)
    if names := not_kept(_told(update, configuration), update.beside):
        return PropertyNotSet(app=app, reference=update.reference, names=listed(names))
    return None


def _told(update: SiteUpdate, configuration: Mapping[str, object]) -> Mapping[str, object]:
    """Return the configuration; in a Container Apps environment Azure shows most properties as null."""
    if not update.app.on_container_apps:
        return configuration
    return {**update.beside, **{name: value for name, value in configuration.items() if value is not None}}
