"""What the records of a program do, as JSON: run with the program's folder; nothing else may be on the path."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(sys.argv[1])
sys.path.insert(0, str(ROOT))


class Value:
    """A value of a field that has nothing but its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<{self.name}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Value) and other.name == self.name

    def __hash__(self) -> int:
        return 7


def told(do: Callable[[], object]) -> str:
    """Return what a call returns, or the exception it ends with."""
    try:
        return re.sub(r" at 0x[0-9a-f]+", "", str(do()))
    except Exception as error:  # noqa: BLE001 - whichever it is
        return f"{type(error).__name__}: {error}"


def behavior(one: Any) -> list[object]:  # noqa: ANN401 - any record
    """Return all that can be seen of a record."""
    fields = dataclasses.fields(one)
    parameters = [
        (name, str(parameter.kind), parameter.default is parameter.empty)
        for name, parameter in inspect.signature(one).parameters.items()
    ]

    def made(**changes: object) -> Any:  # noqa: ANN401 - an instance of it
        return one(**{**{field.name: Value(field.name) for field in fields if field.init}, **changes})

    needed = {field.name: Value(field.name) for field in fields if field.init}
    least = {
        field.name: Value(field.name)
        for field in fields
        if field.init and field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    return [
        parameters,
        [(field.name, field.repr, field.compare, field.hash, field.init) for field in fields],
        getattr(one, "__match_args__", None),
        getattr(one, "__slots__", None),
        told(lambda: repr(made())),
        told(lambda: repr(one(**least))),
        told(lambda: made() == made()),
        [told(lambda name=name: made() == made(**{name: Value("other")})) for name in needed],  # type: ignore[misc]
        told(lambda: made() == 1),
        told(lambda: hash(made()) == hash(made())),
        [told(lambda name=name: setattr(made(), name, 1)) for name in needed],  # type: ignore[misc]
        [told(lambda name=name: delattr(made(), name)) for name in needed],  # type: ignore[misc]
        [told(lambda name=name: dataclasses.replace(made(), **{name: 1})) for name in needed],  # type: ignore[misc]
        told(lambda: one(unknown=1)).split("(")[0],
    ]


def main() -> None:
    """Print."""
    files = sorted(ROOT.glob("pytask/**/*.py"))
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in files]
    seen: dict[str, list[object]] = {}
    for name in names:
        if name.endswith("__main__") or name == "pytask._records":
            continue
        for one in list(vars(importlib.import_module(name)).values()):
            if isinstance(one, type) and one.__module__ == name and "__dataclass_fields__" in vars(one):
                seen[f"{name}.{one.__qualname__}"] = behavior(one)
    json.dump(seen, sys.stdout)


main()
