"""The inputs about the app's settings and the site's configuration."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytask.agent.environment import secret_values
from pytask.errors.setting_inputs import SettingNameInvalid, SettingValueInvalid
from pytask.inputs.folded import note_folded
from pytask.inputs.outsiders import confirm_whole
from pytask.inputs.reader import Read, together
from pytask.model import WantedSettings
from pytask.targets.redaction import may_be_secret, secret_parts
from pytask.targets.site.setting_forms import parse_settings
from pytask.targets.site.site_properties import property_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytask.inputs.reader import Reader
    from pytask.model import Secret
    from pytask.targets.site.setting_forms import Setting

_APP_SETTINGS, _CONFIGURATION = "appSettings", "configurationStrings"
_NAME = re.compile(r"[A-Za-z0-9_.]+")
"""https://learn.microsoft.com/azure/app-service/configure-common#configure-app-settings; Azure refuses others on Linux:
https://github.com/Azure/azure-cli/issues/21259"""
_NEARLY_A_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,79}")
_SHORTEST_SECRET = 6
"""Characters of a secret that is not in a longer value by chance."""


def read_app_settings(reader: Reader, mask: Callable[[str], Secret]) -> Read[WantedSettings]:
    """Return the app settings to set, with values that may be secret masked."""
    confirm_whole(reader, _APP_SETTINGS, lambda text: len(parse_settings(text, input_name=_APP_SETTINGS)))
    written = reader.free("appSettings", lambda value: parse_settings(value, input_name=_APP_SETTINGS))
    if not written.found:
        return Read(())
    for setting in written.value:
        _mask(setting.value, mask)
    reader.notes.extend(_notes(written.value))
    note_folded(reader, _APP_SETTINGS, _in_lines(written.value))
    settings = [(setting, _read_setting(reader, setting)) for setting in written.value]
    secrets = secret_values(reader.environment)
    return together(
        lambda: WantedSettings(
            values={setting.name: value.value for setting, value in settings},
            sticky=tuple(setting.name for setting, _ in settings if setting.sticky),
            secret=tuple(setting.name for setting, value in settings if _is_secret(value.value, secrets)),
        ),
        *(value for _, value in settings),
    )


def _is_secret(value: str, secrets: tuple[str, ...]) -> bool:
    """Tell whether a value is that of a secret variable, or has one in it that is too long to be there by chance."""
    return any(value == one or (len(one) >= _SHORTEST_SECRET and one in value) for one in secrets)


def read_configuration(reader: Reader) -> Read[Mapping[str, object]]:
    """Return the site properties to set besides the image."""
    command = reader.free("containerCommand", str)
    confirm_whole(reader, _CONFIGURATION, lambda text: len(parse_settings(text, input_name=_CONFIGURATION)))
    written = reader.free("configurationStrings", lambda value: parse_settings(value, input_name=_CONFIGURATION))
    if not written.found:
        return Read(())
    note_folded(reader, _CONFIGURATION, _in_lines(written.value))
    properties = [_read_property(reader, setting) for setting in written.value]
    return together(
        lambda: {
            **({"appCommandLine": command.value} if command.value else {}),
            **dict(found.value for found in properties),
        },
        command,
        *properties,
    )


def _read_setting(reader: Reader, setting: Setting) -> Read[str]:
    return reader.read(lambda: _app_setting(setting))


def _read_property(reader: Reader, setting: Setting) -> Read[tuple[str, object]]:
    return reader.read(lambda: _property(setting))


def _app_setting(setting: Setting) -> str:
    """Return the value of an app setting; raise an InputMistake for a bad name or type."""
    if not _NAME.fullmatch(setting.name):
        raise SettingNameInvalid(input=_APP_SETTINGS, where=setting.where, name=_shown(setting), hint=_instead(setting))
    value = setting.value
    if isinstance(value, bool | int):
        return str(value).lower()
    reason = _unfit(value)
    if reason or not isinstance(value, str):
        raise SettingValueInvalid(input=_APP_SETTINGS, name=setting.name, reason=reason)
    return value


def _property(setting: Setting) -> tuple[str, object]:
    """Return a site property and its value, by Azure's name for it."""
    if setting.name.endswith(":") or not _NEARLY_A_NAME.fullmatch(setting.name):
        raise SettingNameInvalid(
            input=_CONFIGURATION, where=setting.where, name=_shown(setting), hint=_instead(setting)
        )
    if setting.sticky:
        reason = "slotSetting is for app settings only"
        raise SettingValueInvalid(input=_CONFIGURATION, name=setting.name, reason=reason)
    return property_of(setting, input_name=_CONFIGURATION)


def _unfit(value: object) -> str:
    """Return why a value cannot be a setting; empty when it can."""
    if value is None:
        return "null is not text"
    if not isinstance(value, str):
        return (
            "a number with a decimal point may lose digits"
            if isinstance(value, float)
            else "it is a JSON object or array"
        )
    if "\0" in value:
        return "it contains a NUL"
    if any("\ud800" <= sign <= "\udfff" for sign in value):
        return "it contains half of a surrogate pair"
    return ""


def _shown(setting: Setting) -> str:
    """Return an invalid name to show, unless it may be a value."""
    if not setting.name:
        return "the name is empty"
    plain = setting.certain and _NEARLY_A_NAME.fullmatch(setting.name)
    return f"'{setting.name}'" if plain else "the name is not shown, because it may be a misplaced value"


def _instead(setting: Setting) -> str:
    """Return how to write an invalid name."""
    name = setting.name if setting.certain else ""
    if name.endswith(":"):
        return "without the colon at the end"
    if ":" in name:
        return "with __ (two underscores) for each ':', as nested settings are named on Linux"
    if "-" in name[1:]:
        return "with '_' for each '-'"
    return "with letters, digits, '_' and '.' only; put a value that begins with a dash in quotes"


def _notes(settings: tuple[Setting, ...]) -> list[str]:
    """Return notes about settings that may be mistakes."""
    if all(setting.certain for setting in settings):
        return []
    told = "a key without a value is followed by another key; a value that begins with a dash needs quotes"
    return [f"{_APP_SETTINGS}: {told}"]


def _in_lines(settings: tuple[Setting, ...]) -> Iterator[tuple[str, str]]:
    """Yield the settings written one per line; in the other forms it is clear where a value ends."""
    for setting in settings:
        if setting.where.startswith("line ") and isinstance(setting.value, str):
            yield setting.name, setting.value


def _mask(value: object, mask: Callable[[str], Secret]) -> None:
    """Mask each line of a value that may be secret. We never show values; this is for the output of others."""
    for line in value.splitlines() if isinstance(value, str) else ():
        for one in (line, *secret_parts(line)):
            if may_be_secret(one):
                mask(one)
