"""What the packed program's records are made by: `dataclass`, with methods that are not compiled in each run.

In the package this is `pytask._records`, and dev/package/records.py has added the `__init__` of each record below.
"""

from __future__ import annotations

from dataclasses import MISSING, FrozenInstanceError, fields  # noqa: F401 - MISSING is for what is added
from dataclasses import dataclass as _dataclass
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

INITS: dict[str, Callable[[dict[str, Any]], Callable[..., None]]] = {}
"""By module and class: what makes its `__init__` from its fields."""
_LATER = {"init": False, "repr": False, "eq": False, "frozen": False}
_set = object.__setattr__


def dataclass(cls: Any = None, /, **flags: Any) -> Any:  # noqa: ANN401 - as dataclasses has it
    """Do what `dataclasses.dataclass` does."""
    if cls is not None:
        return dataclass()(cls)

    def made(cls: Any) -> Any:  # noqa: ANN401 - the same
        make = INITS.get(f"{cls.__module__}.{cls.__qualname__}")
        if make is None:
            return _dataclass(**flags)(cls)
        cls.__doc__ = cls.__doc__ or cls.__name__
        one: Any = _dataclass(**{**flags, **_LATER})(cls)
        _add_methods(one, make(one.__dataclass_fields__), flags)
        return one

    return made


def _add_methods(cls: type, init: Callable[..., None], flags: dict[str, Any]) -> None:
    each: Any = fields(cls)
    compared = [one for one in each if one.compare]
    _add(cls, init)
    if flags.get("repr", True):
        _add(cls, _representing([one.name for one in each if one.repr]))
    if flags.get("eq", True):
        _add(cls, _comparing([one.name for one in compared]))
        _add_hash(cls, [one.name for one in compared if one.hash is not False], frozen=bool(flags.get("frozen")))
    if flags.get("frozen"):
        cls.__setattr__, cls.__delattr__ = _refuse_set, _refuse_delete  # type: ignore[assignment]


def _add(cls: type, method: Callable[..., object]) -> None:
    if method.__name__ not in cls.__dict__:
        method.__qualname__ = f"{cls.__qualname__}.{method.__name__}"
        setattr(cls, method.__name__, method)


def _representing(names: list[str]) -> Callable[..., str]:
    def __repr__(self: object) -> str:  # noqa: N807 - it becomes one
        shown = ", ".join([f"{name}={getattr(self, name)!r}" for name in names])
        return f"{self.__class__.__qualname__}({shown})"

    return __repr__


def _comparing(names: list[str]) -> Callable[..., bool]:
    def __eq__(self: object, other: object) -> bool:  # noqa: N807 - it becomes one
        if other.__class__ is not self.__class__:
            return NotImplemented
        return [getattr(self, name) for name in names] == [getattr(other, name) for name in names]

    return __eq__


def _add_hash(cls: Any, names: list[str], *, frozen: bool) -> None:  # noqa: ANN401 - any class
    def __hash__(self: object) -> int:  # noqa: N807 - it becomes one
        return hash(tuple([getattr(self, name) for name in names]))

    if not frozen:
        cls.__hash__ = None
    elif cls.__dict__.get("__hash__") is None:
        cls.__hash__ = __hash__


def _refuse_set(_self: object, name: str, _value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(_self: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")
