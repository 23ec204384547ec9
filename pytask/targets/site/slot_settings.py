"""Which settings stay with their slot when it is swapped. The app has one list of them, for all its slots.

Source: https://learn.microsoft.com/rest/api/appservice/web-apps/update-slot-configuration-names
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytask.model.settings import folded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytask.cloud.arm import Arm
    from pytask.targets.site.site import Site

_NAMES = "appSettingNames"


def not_sticky(arm: Arm, site: Site, names: Iterable[str]) -> tuple[str, ...]:
    """Return those of the settings that are not sticky yet; nothing is asked of Azure for none."""
    wanted = tuple(names)
    return _missing(_read(arm, site), wanted) if wanted else ()


def make_sticky(arm: Arm, site: Site, names: Iterable[str]) -> tuple[str, ...]:
    """Make the settings sticky, and keep those that are; give those that were not.

    Raises:
        TaskFailure: when Azure refuses.
    """
    wanted = tuple(names)
    lists = _read(arm, site) if wanted else {}
    missing = _missing(lists, wanted)
    if missing:
        _write(arm, site, {**lists, _NAMES: [*_listed(lists), *missing]})
    return missing


def make_not_sticky(arm: Arm, site: Site, names: Iterable[str]) -> None:
    """Take back what `make_sticky` did.

    Raises:
        TaskFailure: when Azure refuses.
    """
    lists, unwanted = _read(arm, site), folded(names)
    _write(arm, site, {**lists, _NAMES: [name for name in _listed(lists) if name.casefold() not in unwanted]})


def _missing(lists: dict[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    there = folded(_listed(lists))
    return tuple(name for name in names if name.casefold() not in there)


def _listed(lists: dict[str, Any]) -> list[str]:
    return [str(name) for name in lists.get(_NAMES) or ()]


def _read(arm: Arm, site: Site) -> dict[str, Any]:
    lists = arm.get(_address(site), doing="read which settings stay with their slot")
    return dict(lists.get("properties") or {})


def _write(arm: Arm, site: Site, lists: dict[str, Any]) -> None:
    doing = "change which settings stay with their slot"
    arm.send("PUT", _address(site), json={"properties": lists}, doing=doing)


def _address(site: Site) -> str:
    """Return where the list is: at the app, also for a slot."""
    return f"{site.app_id}/config/slotConfigNames"
