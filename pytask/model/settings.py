"""The app settings: what to set, and what was changed.

Azure treats names that differ only in case as the same: https://github.com/Azure/azure-cli/issues/13673
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class WantedSettings:
    """The app settings to set. A setting that is not named here does not change."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    when_absent: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Set only when there is no setting with that name; never overwritten."""
    sticky: tuple[str, ...] = ()
    """Names of the settings that must stay with their slot in a swap."""
    secret: tuple[str, ...] = ()
    """Names of the settings whose values come from secret variables."""

    def changes(self, settings: Mapping[str, str]) -> dict[str, str]:
        """Return the changes to write when the app has `settings`."""
        differing = {name: value for name, value in self.values.items() if settings.get(name) != value}
        taken = folded(settings) | folded(self.values)
        absent = {name: value for name, value in self.when_absent.items() if name.casefold() not in taken}
        return {**differing, **absent}

    def merged(self, settings: Mapping[str, str]) -> dict[str, str]:
        """Return all settings to write when the app has `settings`."""
        return with_changes(settings, self.changes(settings))


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """When a change was made."""

    at: datetime
    """When Azure accepted the change, by Azure's clock (whole seconds, rounded down)."""
    sent_at: float
    """Monotonic clock just before the change was sent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingsChange:
    """A run's change of the app settings."""

    written: Mapping[str, str] = field(repr=False)
    before: Mapping[str, str] = field(repr=False)
    """The previous values, by their names at that time; without settings that did not exist."""
    now: Mapping[str, str] = field(repr=False)
    """All settings, as read afterward."""
    again: bool = False
    """Whether someone else overwrote them at the same time, so that they were written again."""
    kept: tuple[str, ...] = ()
    """Names of others' settings that were dropped in the process and restored."""
    lost: tuple[str, ...] = ()
    """Names of others' settings that existed just before the write and are gone."""
    moment: Moment
    """Moment of the last write, which makes App Service restart the app."""

    @property
    def overwritten(self) -> tuple[str, ...]:
        """Names of the settings that do not have the value that was written."""
        return tuple(name for name, value in self.written.items() if self.now.get(name) != value)

    @property
    def added(self) -> tuple[str, ...]:
        """Names of the new settings."""
        there = folded(self.before)
        return tuple(name for name in self.written if name.casefold() not in there)

    @property
    def changed(self) -> tuple[str, ...]:
        """Names of the settings that had another value or spelling."""
        added = frozenset(self.added)
        return tuple(name for name in self.written if name not in added)


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingsBack:
    """The restored settings of a rollback."""

    names: tuple[str, ...]
    stayed: tuple[str, ...]
    """Names of the settings that someone else has changed since."""
    moment: Moment | None
    """None when nothing needed to be written."""


def with_changes(settings: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """Return the settings with the changes; a change replaces a setting that differs only in case."""
    return {**without(settings, changes), **changes}


def without(settings: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Return the settings without these names, ignoring case."""
    unwanted = folded(names)
    return {name: value for name, value in settings.items() if name.casefold() not in unwanted}


def among(settings: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Return the settings with these names, ignoring case."""
    wanted = folded(names)
    return {name: value for name, value in settings.items() if name.casefold() in wanted}


def folded(names: Iterable[str]) -> set[str]:
    """Return the names as Azure compares them."""
    return {name.casefold() for name in names}
