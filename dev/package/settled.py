"""What must be settled before the public variant is built, by the owner of the project or of a fork.

The Marketplace refuses an id that another publisher has; an organization refuses two tasks with one GUID, and a
pipeline cannot tell two tasks of one name apart. `origin.json` has the values that a fork finds, and the publisher of
the project that they belong to; only that publisher may keep them.
"""

from __future__ import annotations

import json
import re
from functools import reduce
from typing import TYPE_CHECKING, Any

from dev.package.compiler import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ORIGIN = "dev/package/origin.json"
_MANIFEST, _TASK = "vss-extension.json", "task/task.json"
_PLACEHOLDERS = {
    (_MANIFEST, "publisher"): "function-app-container-deploy",
    (_TASK, "author"): "FunctionAppContainerDeploy",
}
"""Values that nobody can keep: there is no such publisher."""
_REPOSITORY = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+")


def unsettled(root: Path = ROOT) -> list[str]:
    """Return what keeps the public variant from being built, one sentence each, with the file and the name in it."""
    return [*_placeholders(root), *_address(root), *_of_the_origin(root)]


def _placeholders(root: Path) -> Iterator[str]:
    for (file, name), value in _PLACEHOLDERS.items():
        if _value(root, file, name) in {value, ""}:
            yield f"{file}: {name} is {value}, which is only a placeholder; enter your own"


def _address(root: Path) -> Iterator[str]:
    address = _value(root, _MANIFEST, "repository.uri")
    if not _REPOSITORY.fullmatch(address):
        told = f"is {address}" if address else "is empty"
        yield (
            f"{_MANIFEST}: repository.uri {told}; enter the repository's address, https://github.com/OWNER/NAME: the "
            "links of the store page and of every failure lead there"
        )


def _of_the_origin(root: Path) -> Iterator[str]:
    """Yield the values that belong to the project that this one was copied from."""
    origin = _json(root, ORIGIN)
    if origin["publisher"] and origin["publisher"] == _value(root, _MANIFEST, "publisher"):
        return
    for file, names in origin.items():
        for name, value in names.items() if isinstance(names, dict) else ():
            if _value(root, file, name) == value:
                yield (
                    f"{file}: {name} is {value}, as in the original; a fork needs its own (if the original is yours, "
                    f"enter your publisher in {ORIGIN})"
                )


def _value(root: Path, file: str, name: str) -> str:
    """Return a value by its path in a JSON file; empty when there is none."""
    found: Any = reduce(lambda part, key: part.get(key, {}), name.split("."), _json(root, file))
    return found if isinstance(found, str) else ""


def _json(root: Path, file: str) -> dict[str, Any]:
    return dict(json.loads((root / file).read_text(encoding="utf-8")))
