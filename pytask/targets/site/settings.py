"""Reading and writing the app settings. Their values are never printed.

Azure replaces all settings at once and accepts no condition (no `If-Match`): of two clients that read, merge and write
at the same time, one drops what the other has written. So the time between reading and writing is kept short, the
result is read back, and settings dropped by another write are written again or reported by name.
Source: https://learn.microsoft.com/rest/api/appservice/web-apps/update-application-settings
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from pytask.cloud.arm import LARGE_ANSWER, ArmCall, needed_part, unreadable
from pytask.cloud.http import server_time
from pytask.decode import text_at
from pytask.errors import once_sent, only_reading
from pytask.errors.app import SettingsNotReadable, SettingsOverwritten
from pytask.errors.foreign import listed
from pytask.journal import Action, MadeSticky
from pytask.model import Moment, SettingsBack, SettingsChange, WantedSettings
from pytask.model.settings import among, with_changes, without
from pytask.targets.site.site import Site
from pytask.targets.site.slot_settings import make_sticky

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet

    from azure.core.rest import HttpResponse

    from pytask.cloud.arm import Arm
    from pytask.journal import Journal
    from pytask.model import AppPlan
    from pytask.targets.target import Snapshot

STORAGE = "WEBSITES_ENABLE_APP_SERVICE_STORAGE"
"""When it is absent or true, the platform's storage hides the image's /home, and the functions with it.
https://learn.microsoft.com/azure/app-service/configure-custom-container#use-persistent-shared-storage"""
STORAGE_OFF = WantedSettings(when_absent={STORAGE: "false"})
_READING = "read the app's settings"


def read_settings(arm: Arm, path: str) -> Mapping[str, str] | None:
    """Return the app's settings by name; None when the connection may not read them."""
    hidden = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    answer = _listed(arm, path, besides=hidden)
    return None if answer.status_code in hidden else _settings_in(answer)


def settings_notes(settings: Mapping[str, str] | None, wanted: WantedSettings) -> tuple[str, ...]:
    """Return notes about what is skipped when the settings may not be read, and about what is set by default."""
    if settings is None:
        undone = f"the app's start limit is not known, {STORAGE} is not checked, and there is no release annotation"
        return (f"the connection is not allowed to read the app's settings: {undone}",)
    if STORAGE_OFF.changes(settings) and STORAGE not in wanted.values:
        return (f"{STORAGE} is not set; a deployment sets it to false, so that the image's /home is not hidden",)
    return ()


def confirm_readable(settings: Mapping[str, str] | None, wanted: WantedSettings, site: Site) -> None:
    """Check that settings to change can be read, because all others must be written with them.

    Raises:
        SettingsNotReadable: when they cannot.
    """
    if settings is None and wanted.values:
        slots = "slots/" if site.slot else ""
        raise SettingsNotReadable(app=site.title, permission=f"Microsoft.Web/sites/{slots}config/list/action")


def wanted_settings(plan: AppPlan, snapshot: Snapshot) -> WantedSettings:
    """Return the settings to set: those of the step and of pull access, and no storage over the image's /home.

    In a Container Apps environment there is no such storage.
    """
    values = {**plan.settings.values, **snapshot.pull.settings}
    absent = {} if isinstance(snapshot.app, Site) and snapshot.app.on_container_apps else STORAGE_OFF.when_absent
    return replace(plan.settings, values=values, when_absent=absent)


def change_settings(
    arm: Arm, site: Site, wanted: WantedSettings, found: Mapping[str, str] | None, journal: Journal
) -> tuple[SettingsChange | None, tuple[str, ...]]:
    """Write the settings that differ from those found, and return the change and the newly sticky names.

    Raises:
        SettingsOverwritten: when someone else keeps overwriting them.
        TaskFailure: when Azure refuses.
    """
    sticky = _made_sticky(arm, site, wanted.sticky, journal) if wanted.sticky else ()
    if found is None or not wanted.changes(found):
        return None, sticky
    with journal.attempt(Action.SETTINGS, listed(wanted.changes(found))):
        change = write_settings(arm, site.resource_id, wanted)
    if change:
        journal.add(change)
        confirm_written(site.title, change)
    return change, sticky


def _made_sticky(arm: Arm, site: Site, names: tuple[str, ...], journal: Journal) -> tuple[str, ...]:
    with journal.attempt(Action.STICKY, listed(names)):
        sticky = make_sticky(arm, site, names)
    if sticky:
        journal.add(MadeSticky(sticky))
    return sticky


def write_settings(arm: Arm, path: str, wanted: WantedSettings) -> SettingsChange | None:
    """Set the wanted settings and keep all others; return None when there is nothing to change.

    App Service then restarts the app. Settings that someone else overwrote at the same time are written again; check
    with `confirm_written` that they stayed.

    Raises:
        TaskFailure: when Azure refuses.
    """
    first = _write(arm, path, wanted.merged)
    if first is None:
        return None
    with once_sent():
        now, written = list_settings(arm, path), wanted.changes(first.read)
        overwritten = bool(wanted.changes(now))
        dropped = first.missing_in(now, written) if overwritten else {}
        again = _write(arm, path, lambda read: wanted.merged(with_changes(dropped, read))) if overwritten else None
        if again:
            now, written = list_settings(arm, path), {**written, **wanted.changes(again.read)}
    last = again or first
    return SettingsChange(
        written=written,
        before=among(first.read, written),
        now=now,
        again=again is not None,
        kept=tuple(dropped) if again else (),
        lost=tuple(last.missing_in(now, written)),
        moment=last.moment,
    )


def put_settings_back(arm: Arm, path: str, change: SettingsChange) -> SettingsBack:
    """Restore the former values of the settings that a run changed, except those that someone else has changed since.

    The result is read back: a front end may answer in Azure's place.

    Raises:
        TaskFailure: when Azure refuses.
    """

    def ours(read: Mapping[str, str]) -> list[str]:
        return [name for name, value in change.written.items() if read.get(name) == value]

    def merged(read: Mapping[str, str]) -> dict[str, str]:
        return {**without(read, ours(read)), **among(change.before, ours(read))}

    write = _write(arm, path, merged)
    now = list_settings(arm, path) if write else {}
    names = [name for name in ours(write.read) if now.get(name) != change.written[name]] if write else []
    stayed = tuple(name for name in change.written if name not in names)
    return SettingsBack(names=tuple(names), stayed=stayed, moment=write.moment if write else None)


def confirm_written(app: str, change: SettingsChange) -> None:
    """Confirm that the settings have the values that were written.

    Raises:
        SettingsOverwritten: with the names of those that do not.
    """
    if change.overwritten:
        raise SettingsOverwritten(app=app, names=listed(change.overwritten))


def list_settings(arm: Arm, path: str) -> Mapping[str, str]:
    """Return the app's settings by name.

    Raises:
        TaskFailure: including when the connection may not read them.
    """
    with only_reading():
        return _settings_in(_listed(arm, path))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Write:
    """One write of all settings, with the settings read just before it."""

    read: Mapping[str, str]
    sent: Mapping[str, str]
    moment: Moment

    def missing_in(self, now: Mapping[str, str], ours: Mapping[str, str]) -> dict[str, str]:
        """Return the settings that were sent and are gone, except this run's own."""
        return without(without(self.sent, now), ours)


def _write(arm: Arm, path: str, merged: Callable[[Mapping[str, str]], dict[str, str]]) -> _Write | None:
    """Read, merge and write without delay; when nothing differs, write nothing and return None."""
    read = list_settings(arm, path)
    sent = [merged(read)]
    if sent[0] == read:
        return None

    def again() -> object:
        """Return a new body for a retry of the write: others may have written during the wait."""
        sent.append(merged(list_settings(arm, path)))
        return {"properties": sent[-1]}

    clock = arm.http.clock
    sent_at = clock.monotonic()
    doing, body = "change the app's settings", {"properties": sent[0]}
    way = f"{path}/config/appsettings"
    answer = arm.send(ArmCall("PUT", way, doing=doing, body=body, renew=again, most_bytes=LARGE_ANSWER))
    at = server_time(answer, clock.now()) - timedelta(seconds=clock.monotonic() - sent_at)
    return _Write(read=read, sent=sent[-1], moment=Moment(at=at, sent_at=sent_at))


def _listed(arm: Arm, path: str, *, besides: AbstractSet[int] = frozenset()) -> HttpResponse:
    """Return the response with the settings.

    Source: https://learn.microsoft.com/rest/api/appservice/web-apps/list-application-settings
    """
    way = f"{path}/config/appsettings/list"
    return arm.send(ArmCall("POST", way, doing=_READING, besides=besides, most_bytes=LARGE_ANSWER))


def _settings_in(answer: HttpResponse) -> Mapping[str, str]:
    settings = needed_part(answer, _READING, "properties")
    if not all(isinstance(value, str | None) for value in settings.values()):
        raise unreadable(answer, _READING, "a setting is not text")
    return {name: text_at(settings, name) for name in settings}
