"""The input `moreApps`: further apps for the same image, one a line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytask.errors.inputs import InputMistake, VariableNotExpanded
from pytask.errors.many_apps import AppNamedTwice, MoreAppsInvalid
from pytask.inputs.outsiders import confirm_whole
from pytask.inputs.reader import UNEXPANDED, Read
from pytask.model import AppAddress
from pytask.targets.site.address import parse_app, parse_slot

if TYPE_CHECKING:
    from pytask.inputs.reader import Reader

_NAME = "moreApps"
_GROUP = re.compile(r"[\w.()-]{0,89}[\w()-]")
"""https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftresources"""


def read_more_apps(reader: Reader, first: Read[AppAddress]) -> Read[tuple[AppAddress, ...]]:
    """Return the apps in `moreApps`; `first` is `appName`, which may not be among them.

    Each wrong line is a mistake of its own, so that all can be fixed at once.
    """
    confirm_whole(reader, _NAME, lambda text: len(_lines(text)))
    lines = _lines(reader.text("moreApps"))
    read = [reader.read(lambda line=line: parse_line(line)) for line in lines]  # type: ignore[misc] # bound to its line
    named = [(line, one.value) for line, one in zip(lines, read, strict=True) if one.found]
    before = [("appName", first.value)] if first.found else []
    twice = _twice([*before, *named])
    reader.mistakes.extend(twice)
    _note_slots(reader, [line for line, one in named if "/" not in line])
    is_right = len(named) == len(lines) and not twice
    return Read((tuple(one for _, one in named),)) if is_right else Read(())


def parse_line(line: str) -> AppAddress:
    """Return the app that a line names: `app`, `app/slot`, `group/app/slot` or a resource ID.

    Raises:
        VariableNotExpanded: when there is a `$(variable)` in it.
        MoreAppsInvalid: for anything else.
    """
    if found := UNEXPANDED.search(line):
        raise VariableNotExpanded(input=_NAME, value=line, variable=found.group(1))
    try:
        return parse_app(line, input_name=_NAME) if line.startswith("/") else _by_name(line)
    except InputMistake:
        raise MoreAppsInvalid(input=_NAME, value=line) from None


def _by_name(line: str) -> AppAddress:
    group, app, slot = _parts(line)
    if group and not _GROUP.fullmatch(group):
        raise MoreAppsInvalid(input=_NAME, value=line)
    found = parse_app(app, input_name=_NAME)
    return AppAddress(name=found.name, resource_group=group, slot=parse_slot(slot, input_name=_NAME))


def _parts(line: str) -> tuple[str, str, str]:
    """Return the group, the app and the slot that a line names; only the group may be empty."""
    match [part.strip() for part in line.split("/")]:
        case [app]:
            return "", app, "production"
        case [app, slot]:
            return "", app, slot
        case [group, app, slot] if group:
            return group, app, slot
    raise MoreAppsInvalid(input=_NAME, value=line)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _twice(named: list[tuple[str, AppAddress]]) -> list[AppNamedTwice]:
    """Return a mistake for each app that is named as one before it; only Azure can tell whether others are the same."""
    seen: dict[tuple[object, ...], str] = {}
    twice = []
    for line, one in named:
        key = (one.subscription_id, one.resource_group.lower(), one.name.lower(), one.slot.lower())
        if key in seen:
            app = f"{one.name}/{one.slot}" if one.slot else one.name
            twice.append(AppNamedTwice(input=_NAME, app=app, first=seen[key], second=f"the line '{line}'"))
        seen.setdefault(key, line if line == "appName" else f"the line '{line}'")
    return twice


def _note_slots(reader: Reader, without: list[str]) -> None:
    """Note what lines without a slot mean where `slotName` names one: it is `appName`'s only."""
    slot = reader.text("slotName", "production")
    if without and slot.lower() != "production":
        apps = f"{without[0]} and {len(without) - 1} more" if len(without) > 1 else without[0]
        reader.notes.append(f"slotName is for appName only: {apps} in moreApps means production, not {slot}")
