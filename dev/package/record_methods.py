"""What makes the packed program's records: `dataclass`, `field` and `replace`, with most of the work done beforehand.

In the package this is `pytask._records`, and dev/package/records.py has added below what each record needs. Python's
own `dataclasses` would have to load `inspect`, and so a parser and a disassembler, to find out the same in each run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

KW_ONLY = None
"""Only named in annotations."""
MISSING: Any = object()
_set = object.__setattr__


class Record:
    """What was precomputed for one record, by names of fields."""

    __slots__ = ("compared", "given", "init", "own", "positional", "shown")

    def __init__(self, init: Callable[[dict[str, Any]], Callable[..., None]], *names: tuple[str, ...]) -> None:
        """Take what returns `__init__` from the defaults, and the names of five groups of fields.

        They are: those that no base has, those that `__init__` takes and those it accepts positionally, those that
        are shown, and those that are compared and hashed.
        """
        self.init = init
        self.own, self.given, self.positional, self.shown, self.compared = names


RECORDS: dict[str, Record] = {}
"""By module and class."""


class FrozenInstanceError(AttributeError):
    """A field of a frozen record is set or deleted."""


class _Field:
    __slots__ = ("default",)

    def __init__(self, default: Any) -> None:  # noqa: ANN401 - any value
        self.default = default


def field(*, default: Any = MISSING, default_factory: Any = MISSING, **_flags: Any) -> Any:  # noqa: ANN401 - as dataclasses has it
    """Return what `dataclass` takes a field's default from; the flags have been dealt with."""
    return _Field(default if default_factory is MISSING else default_factory)


def replace(record: Any, /, **changes: Any) -> Any:  # noqa: ANN401 - the same
    """Return a record with some fields changed."""
    for name in record.__record__.given:
        if name not in changes:
            changes[name] = getattr(record, name)
    return record.__class__(**changes)


def dataclass(cls: Any = None, /, **flags: Any) -> Any:  # noqa: ANN401 - the same
    """Do what `dataclasses.dataclass` does."""
    if cls is not None:
        return dataclass()(cls)

    def made(cls: Any) -> Any:  # noqa: ANN401 - the same
        record = RECORDS[f"{cls.__module__}.{cls.__qualname__}"]
        parts = {**cls.__dict__, "__qualname__": cls.__qualname__}
        defaults = {**getattr(cls, "__defaults__", {}), **_defaults(record, parts)}
        methods = {"__record__": record, "__defaults__": defaults, **_methods(record, defaults, parts, flags)}
        if flags.get("slots"):
            return _with_slots(cls, record, {**parts, **methods})
        for name, method in methods.items():
            setattr(cls, name, method)
        return cls

    return made


def _defaults(record: Record, parts: dict[str, Any]) -> dict[str, Any]:
    """Return the defaults of a record's own fields, or what makes them, and take them out of the class's parts."""
    found = {name: parts.pop(name) for name in record.own if name in parts}
    return {name: one.default if one.__class__ is _Field else one for name, one in found.items()}


def _methods(record: Record, defaults: dict[str, Any], parts: dict[str, Any], flags: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"__init__": record.init(defaults), "__match_args__": record.positional}
    made["__init__"].__qualname__ = f"{parts['__qualname__']}.__init__"
    if flags.get("repr", True):
        made["__repr__"] = _representing(record.shown)
    if flags.get("eq", True):
        made["__eq__"] = _comparing(record.compared)
        made["__hash__"] = _hashing(record.compared) if flags.get("frozen") else None
    return {
        **{name: method for name, method in made.items() if parts.get(name) is None},
        **({"__setattr__": _refuse_set, "__delattr__": _refuse_delete} if flags.get("frozen") else {}),
    }


def _with_slots(cls: Any, record: Record, parts: dict[str, Any]) -> Any:  # noqa: ANN401 - any class
    """Return the class with a slot for each of its own fields; slots cannot be added to one that exists."""
    for name in ("__dict__", "__weakref__", *record.given):
        parts.pop(name, None)
    parts["__slots__"] = record.own
    return type(cls)(cls.__name__, cls.__bases__, parts)


def _representing(names: tuple[str, ...]) -> Callable[..., str]:
    def __repr__(self: object) -> str:  # noqa: N807 - it becomes one
        shown = ", ".join([f"{name}={getattr(self, name)!r}" for name in names])
        return f"{self.__class__.__qualname__}({shown})"

    return __repr__


def _comparing(names: tuple[str, ...]) -> Callable[..., bool]:
    def __eq__(self: object, other: object) -> bool:  # noqa: N807 - it becomes one
        if other.__class__ is not self.__class__:
            return NotImplemented
        return [getattr(self, name) for name in names] == [getattr(other, name) for name in names]

    return __eq__


def _hashing(names: tuple[str, ...]) -> Callable[..., int]:
    def __hash__(self: object) -> int:  # noqa: N807 - it becomes one
        return hash(tuple([getattr(self, name) for name in names]))

    return __hash__


def _refuse_set(_self: object, name: str, _value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(_self: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")
