"""Inputs whose text the new step takes in another form: `arguments`, `configurationStrings`, environment variables."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dev.mover.tasks import REFUSED_PROPERTIES, SITE_PROPERTIES
from pytask.builders.docker.build_flags import INSTEAD, SHORT, SWITCHES, WITH_VALUE
from pytask.builders.docker.shell_words import split_words

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROPERTY = re.compile(r"""(?<!\S)-([A-Za-z]\w*):?[ \t]+("[^"]*"|'[^']*'|[^\s'"]+)(?=\s|$)""")
OWN_INPUTS = (
    "acrusemanagedidentitycreds",
    "acrusermanagedidentityid",
    "linuxfxversion",
    "windowsfxversion",
    "appcommandline",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Translated:
    """An old input's text as the new step takes it."""

    text: str
    """What stays of it; empty when nothing does."""
    others: tuple[tuple[str, str], ...] = ()
    """Other inputs that take over parts of it, with their values."""
    notes: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    """Why the new step would refuse it."""


def translate_arguments(text: str) -> Translated:
    """Return the flags of `docker build`: those that have an input of their own go there."""
    try:
        words = split_words(text)
    except ValueError:
        return Translated(text=text, refused=("a quote in arguments is not closed",))
    result = Translated(text=text)
    for name, written, value in _flags(words):
        result = _with_flag(result, name, written, value)
    return result


def _flags(words: list[str]) -> Iterator[tuple[str, str, str]]:
    """Return each flag's long name, the flag as written and its value; the name is empty for a word that is none."""
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-"):
            yield "", word, ""
            continue
        written, equals, value = word.partition("=")
        if not word.startswith("--"):
            written, equals, value = word[:2], word[2:], word[2:].removeprefix("=")
        name = written if word.startswith("--") else SHORT.get(written[1:], written)
        takes_next = name in WITH_VALUE or (name not in SWITCHES and rest and not rest[0].startswith("-"))
        if not equals and takes_next and rest:
            value = rest.pop(0)
        yield name, written, value


def _with_flag(result: Translated, name: str, written: str, value: str) -> Translated:
    if name == "--secret" and (secret := _secret(value)):
        return _moved(result, "--secret", "buildSecrets", secret)
    if name == "--platform" and "," not in value:
        return _moved(result, "--platform", "platform", value)
    if name == "--progress":
        return replace(
            _without_flag(result, "--progress"), notes=(*result.notes, "--progress has no equivalent in the new step")
        )
    why = _why_refused(name, written)
    return _refusing(result, why) if why else result


def _why_refused(name: str, written: str) -> str:
    """Return why the new step refuses a flag or a word that is none; empty when it takes it."""
    if name in INSTEAD:
        return f"{written} in arguments: {INSTEAD[name]}"
    if name or written.startswith(("$(", "${{")):
        return ""
    if written == ".":
        return "'.' in arguments: set buildContext"
    return "a word in arguments belongs to no flag; KEY=VALUE goes into buildArgs"


def _secret(value: str) -> str:
    """Return a line of buildSecrets for the value of `--secret`; empty for one with other keys."""
    fields = dict(part.partition("=")[::2] for part in value.split(","))
    kind, name = fields.pop("type", ""), fields.pop("id", "")
    path = fields.pop("src", fields.pop("source", ""))
    variable = fields.pop("env", "")
    if fields or not name or kind not in ("", "file", "env") or bool(path) == bool(variable):
        return ""
    return f"{name},env={variable}" if variable else f"{name},src={path}"


def _moved(result: Translated, flag: str, name: str, value: str) -> Translated:
    cut = _without_flag(result, flag)
    note = f"{flag} in arguments becomes {name}"
    return replace(cut, others=(*cut.others, (name, value)), notes=(*cut.notes, note))


def _without_flag(result: Translated, flag: str) -> Translated:
    """Return it without the first of these flags; one whose value is in quotes is left to the reader."""
    pattern = rf"""(?<!\S){flag}(?:=|[ \t]+)(?:"[^"]*"|'[^']*'|[^\s'"]+)(?=\s|$)[ \t]*"""
    text, count = re.subn(pattern, "", result.text, count=1)
    return (
        replace(result, text=text.strip()) if count else _refusing(result, f"{flag} in arguments is written unusually")
    )


def _refusing(result: Translated, reason: str) -> Translated:
    return replace(result, refused=(*result.refused, reason))


def translate_configuration(text: str) -> Translated:
    """Return the site's properties without those that have an input of their own."""
    result = Translated(text=text)
    for found in _PROPERTY.finditer(text):
        name, value = found[1].lower(), found[2].strip("\"'")
        if name not in SITE_PROPERTIES | REFUSED_PROPERTIES | set(OWN_INPUTS) or _has_colon(found):
            written = found.group().split()[0]
            result = _refusing(result, f"{written} in configurationStrings is not a property, and Azure ignored it")
        elif name in REFUSED_PROPERTIES:
            result = _refusing(result, f"{found[1]} in configurationStrings is refused; see settings.md")
        elif name in OWN_INPUTS:
            result = _with_property(replace(result, text=_cut(result.text, found.group())), found[1], value)
    if any(re.search(rf"(?i)\b{name}\b", result.text) for name in OWN_INPUTS):
        return _refusing(result, "configurationStrings names a property that has an input of its own")
    return _with_identity(replace(result, text=result.text.strip()))


def _has_colon(found: re.Match[str]) -> bool:
    """Tell whether a property other than those that go elsewhere has a colon behind its name."""
    return found[1].lower() not in OWN_INPUTS and found.group().startswith(f"-{found[1]}:")


def refused_names(text: str) -> tuple[str, ...]:
    """Return why the new step would refuse names of app settings in Microsoft's form, `-NAME value`."""
    if not text.startswith("-"):
        return ()
    unquoted = re.sub(r"""(?<=\s)("[^"]*"|'[^']*')(?=\s|$)""", "''", text)
    names = re.findall(r"(?<!\S)-([A-Za-z_]\S*)(?=\s)", unquoted)
    unfit = dict.fromkeys(name for name in names if not re.fullmatch(r"[\w.]+", name, re.ASCII))
    return tuple(
        f"the name {name} in appSettings is not allowed on Linux; write __ for : and _ for -" for name in unfit
    )


def _cut(text: str, part: str) -> str:
    return re.sub(r"[ \t]*" + re.escape(part) + r"[ \t]*", " ", text, count=1).strip(" \t")


def _with_property(result: Translated, name: str, value: str) -> Translated:
    small = name.lower()
    if small == "acrusemanagedidentitycreds" and value.lower() in ("true", "false"):
        others = (("appPullAccess", "managedIdentity"),) if value.lower() == "true" else ()
        note = f"{name} in configurationStrings becomes appPullAccess" if others else f"{name} false is left out"
        return replace(result, others=(*result.others, *others), notes=(*result.notes, note))
    if small == "acrusermanagedidentityid":
        note = f"{name} in configurationStrings becomes pullIdentity"
        return replace(result, others=(*result.others, ("pullIdentity", value)), notes=(*result.notes, note))
    if small.endswith("fxversion"):
        return replace(result, notes=(*result.notes, f"{name} is left out: imageName alone names the image"))
    if small == "appcommandline":
        note = f"{name} in configurationStrings becomes containerCommand"
        return replace(result, others=(*result.others, ("containerCommand", value)), notes=(*result.notes, note))
    return _refusing(result, f"{name} in configurationStrings: use appPullAccess")


def _with_identity(result: Translated) -> Translated:
    given = dict(result.others)
    if "pullIdentity" in given and "appPullAccess" not in given:
        return _refusing(result, "acrUserManagedIdentityID without acrUseManagedIdentityCreds true: use appPullAccess")
    if "appPullAccess" not in given:
        return result
    note = "appPullAccess also gives the app's identity its role on the registry, if it has none"
    return replace(result, notes=(*result.notes, note))


def translate_environment(text: str) -> Translated:
    """Return the `KEY=value` words of AzureContainerApps@1 as lines of appSettings."""
    try:
        words = split_words(text)
    except ValueError:
        return Translated(text=text, refused=("a quote in environmentVariables is not closed",))
    if not all(re.match(r"[A-Za-z_]\w*=", word) for word in words):
        return Translated(text=text, refused=("a word in environmentVariables is not KEY=value",))
    note = "environmentVariables replaced all of the app's; appSettings changes only those that it names"
    return Translated(text="\n".join(words), notes=(note,))
