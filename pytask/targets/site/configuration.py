"""The site's configuration: what of it would have to change.

Source: https://learn.microsoft.com/rest/api/appservice/web-apps/get-configuration
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def differing(configuration: Mapping[str, object], wanted: Mapping[str, object]) -> dict[str, object]:
    """Return those of the wanted properties that the configuration does not have yet."""
    return {name: value for name, value in wanted.items() if not reads_as(configuration.get(name), value)}


def not_kept(configuration: Mapping[str, object], written: Mapping[str, object]) -> list[str]:
    """Return the names of those properties that do not read as they were written.

    Of lists and objects that cannot be told: Azure adds rules of its own, and writes an address as a network.
    """
    simple = {name: value for name, value in written.items() if isinstance(value, str | bool | int)}
    return [name for name, value in simple.items() if not _same(configuration.get(name), value)]


def reads_as(found: object, wanted: object) -> bool:
    """Tell whether a property reads as wanted: Azure adds fields to an object, and shows an empty text as null."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(reads_as(found.get(name), value) for name, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(reads_as, found, wanted))
    if isinstance(wanted, str):
        return (found or "") == wanted
    return type(found) is type(wanted) and found == wanted


def _same(found: object, wanted: object) -> bool:
    """Tell whether two simple values are the same to Azure, which spells some texts its own way."""
    if isinstance(wanted, str):
        return str(found or "").casefold() == wanted.casefold()
    return reads_as(found, wanted)
