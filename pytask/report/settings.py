"""What the run changed in the app settings and site configuration, as text; names only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.errors.foreign import listed
from pytask.journal import Action, ImageRestored, MadeSticky
from pytask.model import SettingsBack, SettingsChange

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytask.journal import Journal


def tell_settings(change: SettingsChange) -> str:
    """Return which settings were written, for the log."""
    kept = f", and {listed(change.kept)} restored" if change.kept else ""
    again = (
        f"\nsettings  overwritten by another change at the same time, and written again{kept}" if change.again else ""
    )
    return f"settings  {_written(change)}{again}"


def tell_lost(change: SettingsChange) -> str:
    """Return the warning about settings that are gone."""
    return f"another change at the same time removed app settings that this run kept: {listed(change.lost)}"


def settings_now(journal: Journal) -> str:
    """Return the present state of the settings that the run changed; empty when it changed none."""
    back, change, made = journal.last(SettingsBack), journal.last(SettingsChange), journal.last(MadeSticky)
    if back:
        stayed = f"; {listed(back.stayed)} left unchanged" if back.stayed else ""
        return f"{listed(back.names) or 'nothing'} restored{stayed}"
    restored = journal.last(ImageRestored)
    sticky = f"now slot settings: {listed(made.names)}" if made and not restored else ""
    return "; ".join(part for part in (_written(change) if change else "", sticky, *_open(journal)) if part)


def _open(journal: Journal) -> list[str]:
    """Return the changes of settings that were sent, and whose results are not known."""
    effects = {Action.SETTINGS: "may have been written", Action.STICKY: "may be slot settings now"}
    return [f"{names} {effect}" for action, effect in effects.items() for names in journal.left_open(action)]


def property_names(names: Iterable[str]) -> str:
    """Return the properties of the site's configuration as the inputs name them."""
    return listed("startup command" if name == "appCommandLine" else name for name in names)


def _written(change: SettingsChange) -> str:
    gone = change.overwritten
    parts = (
        ("added", [name for name in change.added if name not in gone]),
        ("changed", [name for name in change.changed if name not in gone]),
        ("written, but overwritten by someone else", gone),
    )
    return "; ".join(f"{listed(names)} {done}" for done, names in parts if names)
