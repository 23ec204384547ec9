"""Work out how the program's records are made, which Python would otherwise do in each run.

`@dataclass` writes the source of six methods for each class and compiles it, about a millisecond a class: a quarter of
the time that the program takes to load. The package has each class's `__init__` in a module of its own, as bytecode
like all others, the names of its fields beside it, and the other methods once for all classes. Its records take them
from there. What the program's records never are is left out: copied by `copy`, or pickled.
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
_IMPORT = re.compile(rb"^from dataclasses import\b", re.MULTILINE)
_RECORD = re.compile(rb"^@dataclass\b", re.MULTILINE)
_TAKEN = {"self", "_of", "_set", "MISSING"}


def with_records(sources: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the program's sources with the module, and with what makes records imported from there.

    Raises:
        ValueError: when a record uses a feature of `dataclass` that this generator does not support, or is nested.
    """
    names = sorted(_module(place) for place, source in sources.items() if _RECORD.search(source))
    found = records(names)
    if len(found) != sum(source.count(b"@dataclass") - source.count(b"@dataclass_") for source in sources.values()):
        raise ValueError("a record is not at module level")
    changed = {place: _IMPORT.sub(f"from {HOME} import".encode(), source) for place, source in sources.items()}
    return {**changed, RECORDS: written(found).encode()}


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
    table = "\n".join(f"    {_name(one)!r}: Record(_init_{number}, {_groups(one)})," for number, one in enumerate(each))
    return f"{_METHODS.read_text(encoding='utf-8')}\n\n{functions}\nRECORDS.update({{\n{table}\n}})\n"


def _module(place: str) -> str:
    return place.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _name(one: type) -> str:
    return f"{one.__module__}.{one.__qualname__}"


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


def _groups(one: Any) -> str:  # noqa: ANN401 - the same
    """Return the five groups of names that a `Record` has."""
    fields = _fields(one)
    of_bases = _of_bases(one)
    groups = (
        [field for field in fields if field.name not in of_bases],
        [field for field in fields if field.init],
        [field for field in fields if field.init and not field.kw_only],
        [field for field in fields if field.repr],
        [field for field in fields if field.compare],
    )
    return ", ".join(repr(tuple(field.name for field in group)) for group in groups)


def _fields(one: Any) -> tuple[dataclasses.Field[Any], ...]:  # noqa: ANN401 - the same
    fields, params = dataclasses.fields(one), one.__dataclass_params__
    unsupported = (
        params.order,
        params.unsafe_hash,
        not params.init,
        "__match_args__" not in vars(one),
        "__weakref__" in vars(one).get("__slots__", ()),
        "__slots__" not in vars(one) and any(field.name in vars(one) or not field.init for field in fields),
        any("InitVar" in str(kind) for kind in one.__annotations__.values()),
        any(not field.init and field.default is not dataclasses.MISSING for field in fields),
        any(field.hash is not None or field.name in _TAKEN for field in fields),
        # A base's field that is given another default, with or without an annotation.
        any(field.name in _of_bases(one) & _annotated(one) and _has_default(field) for field in fields),
    )
    if any(unsupported):
        raise ValueError(f"{_name(one)} uses a feature of dataclass that this generator does not support")
    return fields


def _of_bases(one: type) -> set[str]:
    return {name for base in one.__mro__[1:] for name in getattr(base, "__dataclass_fields__", ())}


def _annotated(one: type) -> set[str]:
    return set(vars(one).get("__annotations__", ()))


def _parameter(field: dataclasses.Field[Any]) -> str:
    if _is_made(field):
        return f"{field.name}=MISSING"
    return field.name if field.default is dataclasses.MISSING else f"{field.name}=_of[{field.name!r}]"


def _value(field: dataclasses.Field[Any]) -> str:
    if not _is_made(field):
        return field.name
    made = f"_of[{field.name!r}]()"
    return f"{made} if {field.name} is MISSING else {field.name}" if field.init else made


def _is_set(field: dataclasses.Field[Any]) -> bool:
    return field.init or _is_made(field)


def _has_default(field: dataclasses.Field[Any]) -> bool:
    return _is_made(field) or field.default is not dataclasses.MISSING


def _is_made(field: dataclasses.Field[Any]) -> bool:
    return field.default_factory is not dataclasses.MISSING
