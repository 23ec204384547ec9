"""Reading inputs one by one and collecting every mistake.

The agent passes an input as `INPUT_<NAME>`, trimmed, with `$(variables)` replaced and file paths rooted.
Source: https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Worker/Handlers/Handler.cs
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from string import whitespace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pytask.errors.inputs import ChoiceUnknown, InputMistake, InputRequired, NotABoolean, VariableNotExpanded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from enum import Enum

T = TypeVar("T")
E = TypeVar("E", bound="Enum")

UNEXPANDED = re.compile(r"\$\(([A-Za-z_][\w.\- ]*)\)")
"""A `$(variable)` that the agent did not replace, because no variable has that name."""


_AROUND = f"{whitespace}\ufeff"
"""Characters that an editor leaves around a text; a value read from a file may begin with a byte order mark."""


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """The result of reading an input: its value, or nothing because of a mistake."""

    found: tuple[T, ...]

    @property
    def value(self) -> T:
        """Return the value; use it only when there was no mistake."""
        return self.found[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Reads inputs one by one, and collects mistakes instead of stopping at the first."""

    environment: Mapping[str, str]
    mistakes: list[InputMistake] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def text(self, name: str, default: str = "") -> str:
        """Return an input as written, without a byte order mark; an empty one returns its default."""
        return self.environment.get(f"INPUT_{name.upper()}", "").strip(_AROUND) or default

    def read(self, parse: Callable[[], T]) -> Read[T]:
        """Return the result of `parse`, or note its mistake."""
        try:
            return Read((parse(),))
        except InputMistake as mistake:
            self.mistakes.append(mistake)
            return Read(())

    def named(
        self,
        name: str,
        parse: Callable[[str], T],
        *,
        default: str = "",
        meaning: str = "",
        unexpanded: type[VariableNotExpanded] = VariableNotExpanded,
    ) -> Read[T]:
        """Read an input that names something and may not contain `$(variable)`. With a `meaning` it is required."""
        value = self.text(name, default)
        if meaning and not value:
            self.mistakes.append(InputRequired(input=name, meaning=meaning))
            return Read(())
        if found := UNEXPANDED.search(value):
            self.mistakes.append(unexpanded(input=name, value=value, variable=found.group(1)))
            return Read(())
        return self.read(lambda: parse(value))

    def free(self, name: str, parse: Callable[[str], T]) -> Read[T]:
        """Read free text; a `$(variable)` left in it may be intended, so it is only noted."""
        value = self.text(name)
        self.notes.extend(f"{name} contains {found}, but there is no such variable" for found in _found_in(value))
        return self.read(lambda: parse(value))

    def boolean(self, name: str, *, default: bool) -> Read[bool]:
        """Read a switch."""
        return self.named(name, lambda value: _boolean(value, name), default=str(default))

    def choice(self, name: str, kind: type[E], *, default: E) -> Read[E]:
        """Read a value of an enumeration, ignoring case."""
        return self.named(name, lambda value: _choice(value, name, kind), default=default.value)


def together(make: Callable[[], T], *parts: Read[Any]) -> Read[T]:
    """Make one record from several inputs, unless one of them has a mistake."""
    return Read((make(),)) if all(part.found for part in parts) else Read(())


def _boolean(value: str, name: str) -> bool:
    if value.lower() not in {"true", "false"}:
        raise NotABoolean(input=name, value=value)
    return value.lower() == "true"


def _choice(value: str, name: str, kind: type[E]) -> E:
    for member in kind:
        if member.value.lower() == value.lower():
            return member
    raise ChoiceUnknown(input=name, value=value, choices=", ".join(str(member.value) for member in kind))


def _found_in(value: str) -> list[str]:
    return [f"$({name})" for name in dict.fromkeys(UNEXPANDED.findall(value))]
