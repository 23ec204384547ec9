"""Logging commands (`##vso[area.event key=value;…]data`), read as the pipelines agent reads them.

Ported from https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Microsoft.VisualStudio.Services.Agent/Command.cs
and https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Sdk/CommandStringConvertor.cs.
One thing is not ported: the agent searches `##vso[` by the rules of its culture, so that characters which
those rules ignore may stand within it; here the characters must follow one another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "##vso["
ESCAPED = (("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """One logging command; `area`, `event` and the keys of `properties` in lower case, values unescaped."""

    area: str
    event: str
    properties: Mapping[str, str]
    data: str


def unescape(text: str) -> str:
    """Undo the escaping of a property's value or of a command's data; `%AZP25` comes last."""
    for escaped, character in ESCAPED:
        text = text.replace(escaped, character)
    return text.replace("%AZP25", "%")


def parse(line: str) -> Command | None:
    """Return the command that stands anywhere in `line`, or None when there is none."""
    start = line.find(PREFIX)
    end = line.find("]", start)
    if start < 0 or end < 0:
        return None
    name, _, properties = line[start + len(PREFIX) : end].partition(" ")
    parts = [part for part in name.split(".") if part]
    if len(parts) != 2:
        return None
    area, event = (part.lower() for part in parts)
    return Command(area=area, event=event, properties=_properties(properties), data=unescape(line[end + 1 :]))


def _properties(text: str) -> dict[str, str]:
    pairs = (_pair(part) for part in text.split(";") if part)
    return {key.lower(): unescape(value) for key, value in pairs if key and value}


def _pair(text: str) -> tuple[str, str]:
    # .NET's Split drops empty entries, so equal signs before the key and before the value are lost.
    key, _, value = text.lstrip("=").partition("=")
    return key, value.lstrip("=")
