"""Mistakes in the inputs about settings and configuration."""

from __future__ import annotations

from pytask.errors.inputs import InputMistake


class SettingsJsonInvalid(InputMistake):
    """Text that begins like JSON but is not valid, or has another structure."""

    reason: str
    code = "settings-json-invalid"
    title = "the input {input} begins like JSON but is not valid JSON"
    happened = "{input}: {reason}"
    cause = "text that begins with a brace or a bracket is read as JSON: an object of names and values, or the portal's array of entries with name, value and slotSetting"
    fix = "correct the JSON (in a value, put a backslash before a quote or a backslash), or write KEY=VALUE lines, whose values are used exactly as written"


class SettingLineInvalid(InputMistake):
    """A line that is not `KEY=VALUE`, or continues where a new key should begin."""

    where: str
    code = "setting-line-invalid"
    title = "a line of the input {input} is not a setting"
    happened = "{input}, {where}: this is neither KEY=VALUE nor, in a text that begins with a dash, -KEY value (it is not shown because it may be secret)"
    cause = "each line is a separate setting; a multi-line value needs JSON, or quotes in the form with dashes"
    fix = "write KEY=VALUE, one per line; for a multi-line value, write all settings as JSON"


class SettingQuoteOpen(InputMistake):
    """An unclosed quote or bracket, in the form with dashes."""

    where: str
    sign: str
    code = "setting-quote-open"
    title = "a quote or bracket in the input {input} is not closed"
    happened = "{input}, {where}: {sign} is opened and not closed before the value ends"
    cause = "in -KEY value, text between quotes or brackets stays together; a value that begins with a quote must end with the same one"
    fix = "write the value as KEY=VALUE on a line of its own, where every character is taken literally; or put the other kind of quotes around it"


class SettingNameInvalid(InputMistake):
    """A name that Azure does not accept for an app setting."""

    where: str
    name: str
    hint: str
    code = "setting-name-invalid"
    title = "a name in the input {input} is not a valid setting name"
    happened = "{input}, {where}: {name}"
    cause = (
        "on Linux the name of a setting is made of letters, digits, '_' and '.'; in -KEY value a bare dash starts a key"
    )
    fix = "write the name {hint}"
    link = "https://learn.microsoft.com/azure/app-service/configure-common#configure-app-settings"


class SettingTwice(InputMistake):
    """A setting with two different values."""

    name: str
    where: str
    code = "setting-twice"
    title = "the input {input} sets {name} twice"
    happened = "{input}, {where}: {name} already has another value (Azure ignores case in names)"
    cause = "a setting has only one value, and the task does not guess which one you mean"
    fix = "remove one of them"


class SettingValueInvalid(InputMistake):
    """A value that no setting can have."""

    name: str
    reason: str
    code = "setting-value-invalid"
    title = "the value of {name} in the input {input} cannot be a setting"
    happened = "{input}, {name}: {reason}"
    cause = "a setting reaches the app as an environment variable, which is text without a NUL; the task does not remove settings"
    fix = 'write the value as text: "" for an empty one, "1.10" for a number with a decimal point, JSON in quotes'


class PropertyUnknown(InputMistake):
    """A name that the site's configuration does not have."""

    name: str
    near: str
    code = "property-unknown"
    title = "the site's configuration has no property {name}"
    happened = "{input} names {name}{near}"
    cause = "Azure silently ignores a name that it does not know"
    fix = "correct the name, or remove it; a setting for the app's own code belongs in appSettings"
    link = "https://learn.microsoft.com/rest/api/appservice/web-apps/update-configuration#siteconfigresource"


class PropertyRefused(InputMistake):
    """A property that belongs to another input."""

    name: str
    instead: str
    code = "property-refused"
    title = "{name} does not belong in {input}"
    happened = "{input} names {name}"
    cause = "another input sets this property, and only one can"
    fix = "remove {name} from {input}; {instead}"


class PropertyValueInvalid(InputMistake):
    """A value of the wrong type."""

    name: str
    takes: str
    code = "property-value-invalid"
    title = "the value of {name} in the input {input} has the wrong type"
    happened = "{input}: {name} takes {takes}"
    cause = "JSON keeps its types; in the other forms the text is read as the type that the property has"
    fix = "write {takes} for {name}"
