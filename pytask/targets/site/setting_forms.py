"""The three forms in which people write settings, distinguished by the first character.

`{` or `[` means JSON, `-` the form of Microsoft's own tasks, and anything else `KEY=VALUE` lines. Names are not
validated here, and mistakes never show a value.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from pytask.errors.setting_inputs import SettingLineInvalid, SettingQuoteOpen, SettingsJsonInvalid, SettingTwice

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE_END = re.compile(r"\r\n|\r|\n")
_KEY = re.compile(r"-(?!(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?:\s|$))(\S*)")
"""A dash that begins a key, unlike a negative number's."""
_CLOSES = {"(": ")", "[": "]", "{": "}"}
_QUOTES = "\"'"
_FIELDS = {"name", "value", "slotSetting"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One setting, as written."""

    name: str
    value: object = field(repr=False)
    """A string; in JSON, any type."""
    where: str
    """Where it is, for messages: `line 3`."""
    sticky: bool = False
    """Whether it must stay with its slot."""
    certain: bool = True
    """False for a key that may be meant as the value of the empty key before it."""


def parse_settings(text: str, *, input_name: str) -> tuple[Setting, ...]:
    """Return the settings in order; an exact repetition counts once.

    Raises:
        SettingsJsonInvalid, SettingLineInvalid, SettingQuoteOpen: when the text has none of the forms.
        SettingTwice: when a setting has two different values.
    """
    first = text.lstrip()[:1]
    form = _json_form if first in ("{", "[") else _dashed_form if first == "-" else _line_form
    settings: dict[str, Setting] = {}
    for setting in form(text, input_name) if first else ():
        other = settings.setdefault(setting.name.casefold(), setting)
        if _content(other) != _content(setting):
            raise SettingTwice(input=input_name, name=setting.name, where=setting.where)
    return tuple(settings.values())


def _content(setting: Setting) -> tuple[object, ...]:
    return setting.name, type(setting.value), setting.value, setting.sticky


def _line_form(text: str, input_name: str) -> Iterator[Setting]:
    """Read `KEY=VALUE` lines; the value is everything after the first `=`."""
    for number, line in enumerate(_LINE_END.split(text), start=1):
        name, equals, value = line.partition("=")
        if line.strip() and not equals:
            raise SettingLineInvalid(input=input_name, where=f"line {number}")
        if line.strip():
            yield Setting(name=name.strip(), value=value, where=f"line {number}")


def _json_form(text: str, input_name: str) -> Iterator[Setting]:
    """Read an object of names and values, or the array from the portal's advanced edit."""
    read = _decoded(text, input_name)
    if isinstance(read, dict):
        yield from (Setting(name=name, value=value, where="JSON") for name, value in read.items())
        return
    for number, entry in enumerate(read, start=1):
        yield _entry(entry, f"entry {number}", input_name)


def _decoded(text: str, input_name: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found: dict[str, object] = {}
        for name, value in pairs:
            if found.setdefault(name, value) != value:
                raise SettingTwice(input=input_name, name=name, where="JSON")
        return found

    def no_number(name: str) -> NoReturn:
        raise SettingsJsonInvalid(input=input_name, reason=f"{name} is not JSON")

    try:
        # Not strict, because a multi-line variable may be inside the quotes.
        return json.loads(text, object_pairs_hook=unique, parse_constant=no_number, strict=False)
    except json.JSONDecodeError as error:
        reason = f"{error.msg} in line {error.lineno}, column {error.colno}"
        raise SettingsJsonInvalid(input=input_name, reason=reason) from error
    except (RecursionError, ValueError) as error:
        raise SettingsJsonInvalid(
            input=input_name, reason="it is nested too deeply, or a number is too long"
        ) from error


def _entry(entry: Any, where: str, input_name: str) -> Setting:  # noqa: ANN401 - whatever JSON holds
    """Read one entry of the portal's array."""
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or "value" not in entry:
        reason = f'{where} is not {{"name": …, "value": …, "slotSetting": …}}'
    elif unknown := sorted(entry.keys() - _FIELDS):
        reason = f"{where} has {unknown[0]}; only name, value and slotSetting are allowed"
    elif not isinstance(entry.get("slotSetting", False), bool):
        reason = f"{where}: slotSetting is neither true nor false"
    else:
        return Setting(name=entry["name"], value=entry["value"], where=where, sticky=entry.get("slotSetting", False))
    raise SettingsJsonInvalid(input=input_name, reason=reason)


def _dashed_form(text: str, input_name: str) -> Iterator[Setting]:
    """Read `-KEY value`: an unquoted dash begins a key, and a value ends at the next key or the end of the line.

    Source: https://github.com/microsoft/azure-pipelines-tasks/tree/master/Tasks/AzureFunctionAppContainerV1
    """
    at, number, certain = 0, 0, True
    while rest := text[at:].lstrip():
        at = len(text) - len(rest)
        number += 1
        key = _KEY.match(text, at)
        if not key:
            raise SettingLineInvalid(input=input_name, where=f"key {number}")
        at = _end_of_value(text, key.end(), input_name, f"key {number}")
        value = _unquoted(text[key.end() : at].strip(), input_name, f"key {number}")
        yield Setting(name=key[1], value=value, where=f"key {number}", certain=certain)
        certain = bool(text[key.end() : at].strip())


def _end_of_value(text: str, at: int, input_name: str, where: str) -> int:
    """Return where a value ends: before the next dash outside quotes and brackets, or at the end of the line."""
    open_brackets: list[str] = []
    while at < len(text):
        sign = text[at]
        if not open_brackets and (sign in "\r\n" or (sign.isspace() and _KEY.match(text, at + 1))):
            return at
        if sign in _QUOTES and not _is_apostrophe(text, at):
            at = text.find(sign, at + 1)
            if at < 0:
                raise SettingQuoteOpen(input=input_name, where=where, sign=sign)
        elif sign in _CLOSES:
            open_brackets.append(sign)
        elif open_brackets and sign == _CLOSES[open_brackets[-1]]:
            open_brackets.pop()
        at += 1
    if open_brackets:
        raise SettingQuoteOpen(input=input_name, where=where, sign=open_brackets[-1])
    return at


def _is_apostrophe(text: str, at: int) -> bool:
    """Tell whether a character is an apostrophe within a word, as in `it's`."""
    return text[at] == "'" and text[at - 1].isalnum() and text[at + 1 : at + 2].isalnum()


def _unquoted(value: str, input_name: str, where: str) -> str:
    """Return the value without enclosing quotes."""
    if not value or value[0] not in _QUOTES:
        return value
    if len(value) == 1 or value.find(value[0], 1) != len(value) - 1:
        raise SettingQuoteOpen(input=input_name, where=where, sign=value[0])
    return value[1:-1]
