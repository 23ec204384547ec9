"""Removing the values of app settings, and anything that looks like a secret, from foreign text."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from pytask.agent.redactor import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_WORDS = ("key", "password", "pwd", "secret", "token", "sig")
_SHORTEST_SECRET = 8
_HIDDEN = "***"
_BETWEEN = " \t\"'"
_VALUE = re.compile(r"\S+")
_WORD = r"(?:[A-Z]?[a-z]+|[A-Z]+)"
_PLAIN = re.compile(rf"{_WORD}(?:[ ._-]{_WORD})*|[\d.,:]+|https?://[A-Za-z0-9.-]+/?|@Microsoft\.KeyVault\(.*")
"""Words, numbers, host addresses and references: masking them would hide them in the logs of all later steps."""


def redacted(text: str, settings: Mapping[str, str] | None) -> str:
    """Return a text without the values of app settings, in whatever form, and anything that looks like a secret."""
    values = frozenset(value for value in (settings or {}).values() if len(value) >= _SHORTEST_SECRET)
    return "\n".join("".join(_without_assigned(line)) for line in _redactor(values).redact(text).split("\n"))


@lru_cache(maxsize=2)
def _redactor(values: frozenset[str]) -> Redactor:
    """Return the redactor of settings; a verification shows many texts of one app."""
    made = Redactor()
    for value in values:
        for one in (value, *secret_parts(value)):
            made.add(one)
    return made


def secret_values(settings: Mapping[str, str]) -> Iterator[str]:
    """Yield the values that are secret by their names, and the secret parts of connection strings."""
    for name, value in settings.items():
        yield from (line for line in value.splitlines() if _is_secret_name(name) and may_be_secret(line))
        yield from secret_parts(value)


def may_be_secret(line: str) -> bool:
    """Tell whether a line of a setting is worth masking."""
    return len(line.strip()) >= _SHORTEST_SECRET and not _PLAIN.fullmatch(line.strip())


def secret_parts(value: str) -> tuple[str, ...]:
    """Return the secret parts of a connection string such as `AccountName=shop;AccountKey=…`."""
    parts = (part.partition("=") for part in value.split(";"))
    return tuple(one for name, _, one in parts if _is_secret_name(name) and len(one) >= _SHORTEST_SECRET)


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
