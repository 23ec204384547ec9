"""The stage that changes the app's settings, before it is pointed at the image."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytask.report.settings import property_names, tell_lost, tell_settings
from pytask.targets.site.configuration import differing
from pytask.targets.site.settings import STORAGE_OFF, confirm_written, list_settings, write_settings
from pytask.targets.site.slot_settings import make_sticky, not_sticky

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytask.job import Job
    from pytask.model import Deployment, DeployPlan, SettingsChange, WantedSettings
    from pytask.stages.preflight import AppAsFound


def wanted_settings(plan: DeployPlan, found: AppAsFound) -> WantedSettings:
    """Return what the app's settings are to be: what the step asks for, and no storage over the image's /home."""
    values = {**plan.settings.values, **found.pull.settings}
    return replace(plan.settings, values=values, when_absent=STORAGE_OFF.when_absent)


def wanted_configuration(plan: DeployPlan, found: AppAsFound) -> Mapping[str, object]:
    """Return what the site's configuration is to read besides the image, by property."""
    return {**plan.configuration, **found.pull.beside}


def change_settings(job: Job, plan: DeployPlan, found: AppAsFound) -> SettingsChange | None:
    """Write the settings that differ, and say which; None when there are none.

    Raises:
        SettingsOverwritten: when somebody else goes on writing over them.
        TaskFailure: when Azure refuses.
    """
    record, wanted, arm = job.record, wanted_settings(plan, found), found.azure.arm
    record.sticky = make_sticky(arm, found.target, wanted.sticky)
    if record.sticky:
        job.console.line(f"settings  {', '.join(record.sticky)} now stay with their slot")
    if found.settings is None or not wanted.changes(found.settings):
        return None
    change = record.settings = write_settings(arm, found.target.resource_id, wanted)
    if change is None:
        return None
    job.console.line(tell_settings(change))
    if change.lost:
        job.console.warning(tell_lost(found.target, change))
    confirm_written(found.target.title, change)
    return change


def confirm_settings(found: AppAsFound, deployment: Deployment) -> None:
    """See once more that nobody has written over the settings of this run.

    Raises:
        SettingsOverwritten: when somebody has.
    """
    if deployment.settings:
        now = list_settings(found.azure.arm, found.target.resource_id)
        confirm_written(found.target.title, replace(deployment.settings, now=now))


def pending(plan: DeployPlan, found: AppAsFound) -> tuple[str, ...]:
    """Return what a deployment would change besides the image, each in a few words; names only."""
    wanted = wanted_settings(plan, found)
    changes = wanted.changes(found.settings) if found.settings is not None else {}
    sticky = not_sticky(found.azure.arm, found.target, wanted.sticky)
    properties = differing(found.target.configuration, wanted_configuration(plan, found))
    return (
        *(f"setting {name}" for name in changes),
        *(f"setting {name} (to stay with its slot)" for name in sticky if name not in changes),
        *(property_names([name]) if name == "appCommandLine" else f"property {name}" for name in properties),
    )
