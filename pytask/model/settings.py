"""The app's settings: what they are to be, and what was changed of them.

Azure takes names that differ only in case for the same: https://github.com/Azure/azure-cli/issues/13673
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class WantedSettings:
    """What the app's settings are to be. A setting that is not named here stays as it is."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    when_absent: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Set only where there is no setting of the name; never overwritten."""
    sticky: tuple[str, ...] = ()
    """The names of those that are to stay with their slot when it is swapped."""

    def changes(self, settings: Mapping[str, str]) -> dict[str, str]:
        """Return what would have to be written, were `settings` all there is."""
        differing = {name: value for name, value in self.values.items() if settings.get(name) != value}
        taken = folded(settings) | folded(self.values)
        absent = {name: value for name, value in self.when_absent.items() if name.casefold() not in taken}
        return {**differing, **absent}

    def merged(self, settings: Mapping[str, str]) -> dict[str, str]:
        """Return all settings as they would have to be, were `settings` all there is."""
        return with_changes(settings, self.changes(settings))


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """When a change was made."""

    at: datetime
    """When Azure took it, by its own clock (whole seconds, rounded down)."""
    sent_at: float
    """Our own monotonic clock just before it was sent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingsChange:
    """What a run has changed of the app's settings."""

    written: Mapping[str, str] = field(repr=False)
    before: Mapping[str, str] = field(repr=False)
    """What these settings were, by the names they had; without those that were not there."""
    now: Mapping[str, str] = field(repr=False)
    """All settings, as they were read afterwards."""
    again: bool = False
    """Whether somebody else had written over them at the same time, so that they were written once more."""
    kept: tuple[str, ...] = ()
    """The names of others' settings that had been dropped with them, and were restored."""
    lost: tuple[str, ...] = ()
    """The names of others' settings that were there just before the write, and are not any more."""
    moment: Moment
    """The last write's; App Service restarts the app by itself then."""

    @property
    def overwritten(self) -> tuple[str, ...]:
        """The names of those that do not read as they were written."""
        return tuple(name for name, value in self.written.items() if self.now.get(name) != value)

    @property
    def added(self) -> tuple[str, ...]:
        """The names that were not there before."""
        there = folded(self.before)
        return tuple(name for name in self.written if name.casefold() not in there)

    @property
    def changed(self) -> tuple[str, ...]:
        """The names that had another value or another spelling."""
        return tuple(name for name in self.written if name not in self.added)


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingsBack:
    """The settings that a run has changed, restored."""

    names: tuple[str, ...]
    stayed: tuple[str, ...]
    """The names of those that somebody else has changed since."""
    moment: Moment | None
    """None when nothing had to be written."""


def with_changes(settings: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """Return the settings with the changes made; a change takes the place of what is spelled in another case."""
    return {**without(settings, changes), **changes}


def without(settings: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Return the settings that have none of the names, in whatever case."""
    unwanted = folded(names)
    return {name: value for name, value in settings.items() if name.casefold() not in unwanted}


def among(settings: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Return the settings that have one of the names, in whatever case."""
    wanted = folded(names)
    return {name: value for name, value in settings.items() if name.casefold() in wanted}


def folded(names: Iterable[str]) -> set[str]:
    """Return the names as Azure compares them."""
    return {name.casefold() for name in names}
