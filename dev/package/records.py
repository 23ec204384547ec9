"""Write out how the program's records are made, which Python would otherwise compile in each run.

`@dataclass` writes the source of six methods for each class and compiles it, about a millisecond a class: a quarter of
the time that the program takes to load. The package has each class's `__init__` in a module of its own, as bytecode
like all others, and the other methods once for all classes. Its records take them from there. Everything else remains
`dataclass`'s own: fields, slots, `replace`.
Source: https://github.com/python/cpython/blob/3.12/Lib/dataclasses.py
"""

from __future__ import annotations

import dataclasses
import importlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

HOME = "pytask._records"
RECORDS = f"{HOME.replace('.', '/')}.py"
"""The place of the module in the package."""
_METHODS = Path(__file__).with_name("record_methods.py")
_IMPORT = re.compile(rb"^from dataclasses import (.*\bdataclass\b.*)$", re.MULTILINE)
_TAKEN = {"self", "_of", "_set", "MISSING"}


def with_records(sources: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the program's sources with the module, and with `dataclass` imported from there.

    Raises:
        ValueError: when a record has something that is not written out here.
    """
    names = sorted(_module(place) for place, source in sources.items() if _IMPORT.search(source))
    changed = {place: _IMPORT.sub(_from_home, source) for place, source in sources.items()}
    return {**changed, RECORDS: written(records(names)).encode()}


def records(modules: Iterable[str]) -> list[type]:
    """Return the dataclasses that the modules define, in the order of their names."""
    found = {
        one
        for module in modules
        for one in vars(importlib.import_module(module)).values()
        if isinstance(one, type) and one.__module__ == module and "__dataclass_params__" in vars(one)
    }
    return sorted(found, key=_name)


def written(classes: Iterable[type]) -> str:
    """Return the source of the module."""
    each = list(classes)
    functions = "\n".join(line for number, one in enumerate(each) for line in _function(number, one))
    table = "\n".join(f"    {_name(one)!r}: _init_{number}," for number, one in enumerate(each))
    return f"{_METHODS.read_text(encoding='utf-8')}\n\n{functions}\nINITS.update({{\n{table}\n}})\n"


def _module(place: str) -> str:
    return place.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _name(one: type) -> str:
    return f"{one.__module__}.{one.__qualname__}"


def _from_home(found: re.Match[bytes]) -> bytes:
    """Return the import of `dataclass` from the module, and of the other names from where they were, on one line."""
    others = [name for name in re.split(rb",\s*", found[1]) if name != b"dataclass"]
    home = b"from " + HOME.encode() + b" import dataclass"
    return home + (b"; from dataclasses import " + b", ".join(others) if others else b"")


def _function(number: int, one: Any) -> Iterator[str]:  # noqa: ANN401 - typing knows no dataclass's class
    fields = _fields(one)
    given = [field for field in fields if field.init]
    first, named = [one for one in given if not one.kw_only], [one for one in given if one.kw_only]
    words = ["self", *map(_parameter, first), *(["*"] if named else []), *map(_parameter, named)]
    yield f"def _init_{number}(_of):"
    yield f"    def __init__({', '.join(words)}):"
    yield from (f"        _set(self, {field.name!r}, {_value(field)})" for field in fields if _is_set(field))
    yield "        self.__post_init__()" if hasattr(one, "__post_init__") else "        return"
    yield "    return __init__"


def _fields(one: Any) -> tuple[dataclasses.Field[Any], ...]:  # noqa: ANN401 - the same
    fields, params = dataclasses.fields(one), one.__dataclass_params__
    pseudo = any("InitVar" in str(kind) for kind in one.__annotations__.values())
    late = any(not field.init and field.default is not dataclasses.MISSING for field in fields)
    taken = _TAKEN & {field.name for field in fields}
    if pseudo or late or taken or params.order or params.unsafe_hash or not params.init:
        raise ValueError(f"{_name(one)} has something that is not written out")
    return fields


def _parameter(field: dataclasses.Field[Any]) -> str:
    if _is_made(field):
        return f"{field.name}=MISSING"
    return field.name if field.default is dataclasses.MISSING else f"{field.name}=_of[{field.name!r}].default"


def _value(field: dataclasses.Field[Any]) -> str:
    if not _is_made(field):
        return field.name
    made = f"_of[{field.name!r}].default_factory()"
    return f"{made} if {field.name} is MISSING else {field.name}" if field.init else made


def _is_set(field: dataclasses.Field[Any]) -> bool:
    return field.init or _is_made(field)


def _is_made(field: dataclasses.Field[Any]) -> bool:
    return field.default_factory is not dataclasses.MISSING
