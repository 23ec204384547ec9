"""Foreign JSON, decoded by its shape: a value or unreadable; anything without the expected shape counts as absent.

Every answer from outside is decoded here. A front end may return an HTML page, a proxy nothing, a container anything;
none of that may raise, now or later. So a decoded value has no number that Python cannot calculate with, no text that
cannot be encoded as UTF-8, and no nesting too deep for recursion.
Sources: https://www.rfc-editor.org/rfc/rfc8259 and https://www.rfc-editor.org/rfc/rfc7493 (I-JSON)
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
JSONObject: TypeAlias = "dict[str, JSON]"

_DEEPEST = 100
"""Levels; Azure's answers have about ten."""
_LONGEST_NUMBER = 40
"""Digits; parsing an integer takes more than linear time."""
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An answer that cannot be decoded."""

    reason: str
    """The reason, in a few words, such as `it is not JSON`."""


def decode(body: bytes | str, *, names: frozenset[str] | None = None) -> JSON | Unreadable:
    """Return the JSON value of a body, or Unreadable; with `names`, objects keep only the members of these names."""
    kept = None if names is None else partial(_kept, names)
    try:
        text = (body.encode() if isinstance(body, str) else body).decode("utf-8-sig")
        value: JSON = json.loads(
            text, parse_int=_whole, parse_float=_finite, parse_constant=_no_number, object_pairs_hook=kept
        )
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError:
        return Unreadable("it is not UTF-8")
    except RecursionError:
        return Unreadable("it is nested too deeply")
    except ValueError:
        return Unreadable("it is not JSON" if body.strip() else "it is empty")
    return Unreadable("it is nested too deeply") if _is_deep(value) else value


def decode_object(body: bytes | str, *, names: frozenset[str] | None = None) -> JSONObject | Unreadable:
    """Return the JSON object of a body, or Unreadable; `names` is as for `decode`."""
    value = decode(body, names=names)
    return value if isinstance(value, dict | Unreadable) else Unreadable("it is not a JSON object")


def object_at(value: object, *path: str) -> JSONObject:
    """Return the object at a path of names; empty when there is none."""
    found = _at(value, path)
    return found if isinstance(found, dict) else {}


def list_at(value: object, *path: str) -> list[JSON]:
    """Return the list at a path of names; empty when there is none."""
    found = _at(value, path)
    return found if isinstance(found, list) else []


def objects_at(value: object, *path: str) -> list[JSONObject]:
    """Return the objects in the list at a path of names; empty when there is no list."""
    return [one for one in list_at(value, *path) if isinstance(one, dict)]


def texts_at(value: object, *path: str) -> list[str]:
    """Return the strings in the list at a path of names; empty when there is no list."""
    return [one for one in list_at(value, *path) if isinstance(one, str)]


def text_at(value: object, *path: str) -> str:
    """Return the string at a path of names; empty when there is none."""
    found = _at(value, path)
    return found if isinstance(found, str) else ""


def flag_at(value: object, *path: str) -> bool | None:
    """Return the boolean at a path of names; None when there is none."""
    found = _at(value, path)
    return found if isinstance(found, bool) else None


def number_at(value: object, *path: str) -> float | None:
    """Return the number at a path of names; None when there is none."""
    found = _at(value, path)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def whole_at(value: object, *path: str) -> int | None:
    """Return the integer at a path of names; None when there is none."""
    found = _at(value, path)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _at(value: object, path: tuple[str, ...]) -> object:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _is_deep(value: JSON) -> bool:
    level: list[JSON] = [value]
    for _ in range(_DEEPEST):
        lists = [one for one in level if isinstance(one, list)]
        level = [inner for one in level if isinstance(one, dict) for inner in one.values()]
        level += [inner for one in lists for inner in one]
        if not level:
            return False
    return True


def _kept(names: frozenset[str], members: list[tuple[str, JSON]]) -> JSONObject:
    return {name: value for name, value in members if name in names}


def _whole(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError(digits)
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(digits)
    return number


def _no_number(name: str) -> float:
    """Refuse NaN and Infinity, which Python accepts and JSON does not have."""
    raise ValueError(name)
