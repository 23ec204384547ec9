"""The agent's logging commands: write them, escape them, and disarm them in foreign text.

Source: https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands and the agent's parser,
https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Microsoft.VisualStudio.Services.Agent/Command.cs
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def command(name: str, properties: Mapping[str, str], message: str) -> str:
    """Return the line `##vso[name key=value;…]message`, with both parts escaped the way the agent unescapes them.

    Source: https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Sdk/CommandStringConvertor.cs
    """
    pairs = ";".join(f"{key}={escape_property(value)}" for key, value in properties.items())
    return f"##vso[{name}{' ' if pairs else ''}{pairs}]{escape_message(message)}"


def escape_message(text: str) -> str:
    """Escape the part after the bracket; percent signs first, because the other escapes contain them."""
    return text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """Escape the value of a property."""
    return escape_message(text).replace("]", "%5D").replace(";", "%3B")


# The agent's culture-aware search may ignore invisible characters (Unicode's Cc, Cf and the variation selectors), so
# they do not break up a marker here either.
_UNSEEN = (
    "[\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f"
    "\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb]*"
)
_SIGNS = re.compile(f"[#{_UNSEEN[1:]}".removesuffix("*") + "+")
"""A whole run at once: a pattern that starts again at each `#` would take quadratic time."""
_OPENS = re.compile(f"(?:v{_UNSEEN}s{_UNSEEN}o{_UNSEEN})?\\[", re.IGNORECASE)
_LINE_ENDS = re.compile("[\r\n\v\f\x85\u2028\u2029]+")


def disarm(line: str) -> str:
    """Return a line of foreign text that the agent cannot take for a command: `##vso[` and `##[` lose a `#`.

    Line ends are replaced too, because the agent would start a new line there.
    """
    text = _LINE_ENDS.sub(" ", line)
    return _SIGNS.sub(lambda run: _disarmed(run.group(), opens=_OPENS.match(text, run.end()) is not None), text)


def _disarmed(run: str, *, opens: bool) -> str:
    """Return a run of `#` and invisible characters, reduced to one `#` when a command would start there."""
    first, last = run.find("#"), run.rfind("#")
    return f"{run[:first]}{run[last:]}" if opens and first < last else run
