"""The settings that stay with their slot in a swap. An app has one list of them for all its slots.

Source: https://learn.microsoft.com/rest/api/appservice/web-apps/update-slot-configuration-names
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.cloud.arm import ArmCall, needed_part, unreadable
from pytask.decode import object_at, texts_at
from pytask.errors import once_sent
from pytask.model.settings import folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytask.cloud.arm import Arm
    from pytask.decode import JSONObject
    from pytask.targets.site.site import Site

_NAMES = "appSettingNames"


def not_sticky(arm: Arm, site: Site, names: Iterable[str]) -> tuple[str, ...]:
    """Return the settings among `names` that are not sticky yet; without names, Azure is not called."""
    wanted = tuple(names)
    return _missing(_read(arm, site), wanted) if wanted else ()


def sticky_names(arm: Arm, site: Site) -> frozenset[str] | None:
    """Return the names of the app's sticky settings in the form that Azure compares; None when they are not visible."""
    lists = arm.find(_address(site), doing="read which settings stay with their slot")
    return None if lists is None else frozenset(folded(_listed(object_at(lists, "properties"))))


def make_sticky(arm: Arm, site: Site, names: Iterable[str]) -> tuple[str, ...]:
    """Make the settings sticky, and return those that were not; other sticky settings stay so.

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
    """Undo `make_sticky`.

    Raises:
        TaskFailure: when Azure refuses.
    """
    lists, unwanted = _read(arm, site), folded(names)
    _write(arm, site, {**lists, _NAMES: [name for name in _listed(lists) if name.casefold() not in unwanted]})


def _missing(lists: JSONObject, names: tuple[str, ...]) -> tuple[str, ...]:
    there = folded(_listed(lists))
    return tuple(name for name in names if name.casefold() not in there)


def _listed(lists: Mapping[str, object]) -> list[str]:
    return texts_at(lists, _NAMES)


def _read(arm: Arm, site: Site) -> JSONObject:
    doing = "read which settings stay with their slot"
    answer = arm.send(ArmCall("GET", _address(site), doing=doing))
    lists = needed_part(answer, doing, "properties")
    if _listed(lists) != (lists.get(_NAMES) or []):
        raise unreadable(answer, doing, f"{_NAMES} is not a list of names")
    return lists


def _write(arm: Arm, site: Site, lists: Mapping[str, object]) -> None:
    """Write all lists; the answer must list the names, because a front end may have given it in Azure's place."""
    doing = "change which settings stay with their slot"
    answer = arm.send(ArmCall("PUT", _address(site), body={"properties": lists}, doing=doing))
    with once_sent():
        if folded(_listed(needed_part(answer, doing, "properties"))) != folded(_listed(lists)):
            raise unreadable(answer, doing, f"it does not list the {_NAMES} that were sent")


def _address(site: Site) -> str:
    """Return the list's path, which is the app's even for a slot."""
    return f"{site.app_id}/config/slotConfigNames"
