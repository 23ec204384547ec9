"""What the records of a program do, as JSON: run with the program's folder; nothing else may be on the path."""

from __future__ import annotations

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
PACKED = "pytask._records"
replace = importlib.import_module(
    PACKED if (ROOT / f"{PACKED.replace('.', '/')}.py").exists() else "dataclasses"
).replace


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
    given = inspect.signature(one).parameters
    parameters = [
        (name, str(parameter.kind), parameter.default is parameter.empty) for name, parameter in given.items()
    ]
    needed = {name: Value(name) for name in given}
    least = {name: Value(name) for name, parameter in given.items() if parameter.default is parameter.empty}

    def made(**changes: object) -> Any:  # noqa: ANN401 - an instance of it
        return one(**{**needed, **changes})

    return [
        parameters,
        sorted(name for name in dir(one) if not name.startswith("__")),
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
        [told(lambda name=name: replace(made(), **{name: 1})) for name in needed],  # type: ignore[misc]
        told(lambda: one(unknown=1)).split("(")[0],
        told(lambda: replace(made(), unknown=1)).split("(")[0],
        told(lambda: made().unknown),
    ]


def main() -> None:
    """Print."""
    files = sorted(ROOT.glob("pytask/**/*.py"))
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in files]
    seen: dict[str, list[object]] = {}
    for name in names:
        if name.endswith("__main__") or name == PACKED:
            continue
        for one in list(vars(importlib.import_module(name)).values()):
            if (
                isinstance(one, type)
                and one.__module__ == name
                and vars(one).keys() & {"__dataclass_fields__", "__record__"}
            ):
                seen[f"{name}.{one.__qualname__}"] = behavior(one)
    json.dump(seen, sys.stdout)


main()
