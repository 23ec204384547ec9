"""Find the library modules that the program can load: every module that an import statement leads to, at any depth.

Nothing is run. Imports inside functions and conditions count; imports only for type checkers do not. So no module that
a statement could load is left out. A module that is loaded by a computed name would be; the package tests detect that.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


def reachable(program: Path, shelves: Iterable[Path]) -> Mapping[str, Path]:
    """Return the files of the modules that `program` leads to, by their place (`azure/core/__init__.py`).

    A module is taken from the first shelf that has it. Its submodules never come from a later shelf.
    """
    found: dict[str, Path] = {}
    shelves_for: dict[str, tuple[Path, ...]] = {"": tuple(shelves)}
    waiting = [name for file in program.rglob("*.py") for name in _imported(file, "", is_package=False)]
    seen: set[str] = set()
    while waiting:
        for name in _with_parents(waiting.pop()):
            if name in seen:
                continue
            seen.add(name)
            allowed = shelves_for[name] = shelves_for[name.rpartition(".")[0]]
            for shelf, place in _places(name, allowed):
                found[place] = file = shelf / place
                shelves_for[name] = allowed[: allowed.index(shelf) + 1]
                waiting += _imported(file, name, is_package=file.name == "__init__.py")
    return found


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[:length]) for length in range(1, len(parts) + 1))


def _places(name: str, shelves: Iterable[Path]) -> list[tuple[Path, str]]:
    """Return where a module is, if any shelf has it."""
    path = name.replace(".", "/")
    places = ((shelf, place) for shelf in shelves for place in (f"{path}/__init__.py", f"{path}.py"))
    return [(shelf, place) for shelf, place in places if (shelf / place).is_file()][:1]


def _imported(file: Path, module: str, *, is_package: bool) -> Iterator[str]:
    """Return what a file may import: modules, and names that may be modules."""
    tree = ast.parse(file.read_bytes())
    unseen = {id(node) for block in _for_type_checkers(tree) for node in ast.walk(block)}
    for node in ast.walk(tree):
        if id(node) in unseen:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = _absolute(node, module, is_package=is_package)
            yield from (f"{source}.{alias.name}" for alias in node.names)


def _absolute(node: ast.ImportFrom, module: str, *, is_package: bool) -> str:
    """https://docs.python.org/3/reference/import.html#package-relative-imports."""
    if not node.level:
        return node.module or ""
    up = node.level - is_package
    base = module.split(".")[: -up or None]
    return ".".join([*base, *([node.module] if node.module else [])])


def _for_type_checkers(tree: ast.AST) -> Iterator[ast.stmt]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
            yield from node.body
