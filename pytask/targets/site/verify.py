"""Verifying that a site runs the image that it was pointed at."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytask.decode import object_at
from pytask.targets.site.checks import checks, difference
from pytask.targets.site.observation import Observer
from pytask.targets.site.settings import confirm_written, list_settings
from pytask.targets.watch import watch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.cloud.arm import Arm, Azure
    from pytask.cloud.poll import Reading
    from pytask.journal import Journal
    from pytask.model import Digest
    from pytask.targets.site.observed import Observation, Question
    from pytask.targets.site.site import SiteUpdate
    from pytask.verification import Watch

_START_LIMIT = "WEBSITES_CONTAINER_START_TIME_LIMIT"
_BEYOND_START_LIMIT = 60.0


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


def watch_site(azure: Azure, question: Question, *, digest_now: Callable[[str], Reading[Digest]]) -> Watch[Observation]:
    """Return how to observe whether the site runs the new image, within the time limit of the question.

    `digest_now` returns the digest that a reference means in the registry.
    """
    observer = Observer(azure=azure, question=question, digest_now=digest_now, say=azure.arm.http.say)
    return watch(observer, checks(question, azure.arm.http.timeouts), question.seconds)


def start_limit(settings: Mapping[str, str] | None) -> float:
    """Return the seconds that the app's own start limit requires; 0 when it has none.

    Source: https://learn.microsoft.com/azure/app-service/reference-app-settings#custom-containers
    """
    limit = (settings or {}).get(_START_LIMIT, "")
    return float(limit) + _BEYOND_START_LIMIT if limit.isdigit() else 0.0
