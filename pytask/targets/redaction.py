"""Removing the values of app settings, and anything that looks like a secret, from foreign text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_WORDS = ("key", "password", "pwd", "secret", "token", "sig")
_SHORTEST_SECRET = 8
_HIDDEN = "***"
_BETWEEN = " \t\"'"
_VALUE = re.compile(r"\S+")


def redacted(text: str, settings: Mapping[str, str] | None) -> str:
    """Return a text without the values of app settings and anything that looks like a secret."""
    for value in sorted(_secrets(settings or {}), key=len, reverse=True):
        text = text.replace(value, _HIDDEN)
    return "\n".join("".join(_without_assigned(line)) for line in text.split("\n"))


def _secrets(settings: Mapping[str, str]) -> set[str]:
    """Return the values of the settings, and the secret parts of connection strings."""
    values = {value for value in settings.values() if len(value) >= _SHORTEST_SECRET}
    parts = (part.partition("=") for value in values for part in value.split(";"))
    return values | {one for name, _, one in parts if _is_secret_name(name) and len(one) >= _SHORTEST_SECRET}


def _is_secret_name(name: str) -> bool:
    small = name.lower()
    return any(word in small for word in _WORDS)


def _without_assigned(line: str) -> Iterator[str]:
    """Yield the parts of a line, hiding values assigned with `=` or `:` to a secret's name.

    A scanner, because a regular expression for this would take quadratic time.
    """
    done = 0
    for mark in re.finditer("[=:]", line):
        at = mark.start()
        if at < done or not _is_secret_name(_name_before(line, done, at)):
            continue
        value = _VALUE.search(line, _after_space(line, at + 1))
        yield line[done : value.start() if value else at + 1]
        yield _HIDDEN if value else ""
        done = value.end() if value else at + 1
    yield line[done:]


def _name_before(line: str, start: int, end: int) -> str:
    """Return the word before a position, skipping quotes and spaces."""
    while end > start and line[end - 1] in _BETWEEN:
        end -= 1
    begin = end
    while begin > start and (line[begin - 1].isalnum() or line[begin - 1] == "_"):
        begin -= 1
    return line[begin:end]


def _after_space(line: str, at: int) -> int:
    while at < len(line) and line[at].isspace():
        at += 1
    return at
