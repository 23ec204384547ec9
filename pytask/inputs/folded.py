"""Warning about lines that YAML joined, such as `A=1 B=2`, which `>` makes from two lines.

Source: https://yaml.org/spec/1.2.2/#folded-style
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytask.inputs.reader import Reader

_BEGINS, _GOES_ON = frozenset(f"{string.ascii_letters}_"), frozenset(f"{string.ascii_letters}{string.digits}_.:-")
_END_OF_A_LONG_KEY = frozenset(
    ("source", "id", "catalog", "info", "security", "timeout", "name", "address", "size", "certificate")
)
"""Last words of connection string keys that have several words, such as `Data Source=`.
https://learn.microsoft.com/dotnet/api/microsoft.data.sqlclient.sqlconnection.connectionstring"""


def note_folded(reader: Reader, input_name: str, pairs: Iterable[tuple[str, str]]) -> None:
    """Note each value that seems to contain more pairs; the value itself is not shown."""
    for name, value in pairs:
        if more := pairs_within(value):
            further = f"{more} more NAME=VALUE {'pair' if more == 1 else 'pairs'}"
            reader.notes.append(
                f"{input_name}: the value of {name} contains {further} after spaces and is used as one value. If these "
                "are separate entries, put each on its own line (in YAML, use | because > joins lines)"
            )


def pairs_within(value: str) -> int:
    """Return how many words of a value look like separate `NAME=VALUE` pairs.

    The first word does not count, nor does anything in a quoted or JSON value, nor the second word of a key in a
    connection string.
    """
    if value.lstrip()[:1] in set("\"'{["):
        return 0
    return sum(_begins_a_pair(name, rest, value) for name, rest in _assigned(value))


def _assigned(value: str) -> Iterable[tuple[str, str]]:
    """Yield the name in each word with `=`, except the first word, and the text between it and the last `;`."""
    before = "="
    for number, word in enumerate(value.split()):
        name, equals, _ = word.partition("=")
        if equals and number:
            yield name, before
        _, semicolon, last = word.rpartition(";")
        before = last if semicolon else before + word


def _begins_a_pair(name: str, before: str, value: str) -> bool:
    if name[:1] not in _BEGINS or not _GOES_ON.issuperset(name):
        return False
    return "=" in before and not (";" in value and name.lower() in _END_OF_A_LONG_KEY)
