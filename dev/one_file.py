"""Join the modules of the mover into the one file that people download, docs/move_over.py."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parent.parent
MOVER = ROOT / "docs" / "move_over.py"
_OURS = ("dev.", "pytask.")
_HEAD = '''\
# /// script
# requires-python = ">=3.10"
# dependencies = ["ruamel.yaml>=0.18"]
# ///
# Written by `npm run docs` from the modules in dev/mover; change them there.
"""Moves pipelines from Docker@1 or Docker@2 and AzureFunctionAppContainer@1 to FunctionAppContainerDeploy@1.

    uv run move_over.py azure-pipelines.yml             shows the change as a patch, and a report
    uv run move_over.py --check azure-pipelines.yml     only reports
    uv run move_over.py --write azure-pipelines.yml     makes the change; git keeps what was before

`pipx run move_over.py …` does the same, and so does `python move_over.py …` after `pip install ruamel.yaml`.
"""

from __future__ import annotations

'''
_NEEDED = "move_over.py needs ruamel.yaml: pip install ruamel.yaml, or start it with uv run or pipx run\n"


def mover_file() -> str:
    """Return the text of docs/move_over.py."""
    modules = list(_in_order(ROOT / "dev" / "mover" / "command.py", []))
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in modules]
    _confirm_unique(trees)
    parts = (_body(path, tree) for path, tree in zip(modules, trees, strict=True))
    imports = sorted(set(_imports(trees)))
    foreign = [line for line in imports if "ruamel" in line]
    own = "\n".join(line for line in imports if line not in foreign)
    needed = "\n    ".join(["try:", *foreign]) + "\nexcept ImportError:\n    sys.stderr.write(" + repr(_NEEDED)
    return _formatted(f"{_HEAD}{own}\n\n{needed})\n    sys.exit(2)\n\n" + "\n\n".join(parts) + "\n")


def _in_order(path: Path, seen: list[Path]) -> Iterator[Path]:
    """Return the modules that one needs while it runs, each behind those that it needs itself."""
    if path in seen:
        return
    seen.append(path)
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and _is_ours(node):
            yield from _in_order(ROOT / f"{(node.module or '').replace('.', '/')}.py", seen)
    yield path


def _is_ours(node: ast.ImportFrom) -> bool:
    return (node.module or "").startswith(_OURS)


def _imports(trees: Iterable[ast.Module]) -> Iterator[str]:
    for node in (node for tree in trees for node in _with_types(tree)):
        if isinstance(node, ast.Import):
            yield ast.unparse(node)
        if isinstance(node, ast.ImportFrom) and node.module != "__future__" and not _is_ours(node):
            yield from (f"from {node.module} import {name.name}" for name in node.names if name.name != "TYPE_CHECKING")


def _with_types(tree: ast.Module) -> Iterator[ast.stmt]:
    """Return the statements of a module, and those that are for type checkers only: readers' editors need them."""
    for node in tree.body:
        yield node
        yield from node.body if isinstance(node, ast.If) and _is_for_types(node) else ()


def _is_for_types(node: ast.If) -> bool:
    return ast.unparse(node.test) == "TYPE_CHECKING"


def _body(path: Path, tree: ast.Module) -> str:
    """Return a module without its docstring, imports and what is for types only, below a line that names it."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for node in tree.body:
        is_docstring = node is tree.body[0] and isinstance(node, ast.Expr)
        is_import = isinstance(node, ast.Import | ast.ImportFrom)
        is_for_types = isinstance(node, ast.If) and (_is_for_types(node) or path.name != "command.py")
        if is_docstring or is_import or is_for_types:
            lines[node.lineno - 1 : node.end_lineno] = [""] * ((node.end_lineno or node.lineno) - node.lineno + 1)
    about = (ast.get_docstring(tree) or "").splitlines()[0]
    return f"# --- {path.stem}: {about}\n\n" + "\n".join(lines).strip() + "\n"


def _confirm_unique(trees: Iterable[ast.Module]) -> None:
    """Raise ValueError when two modules use one name for two things: in one file they would be one."""
    names = [name for tree in trees for name in _names(tree)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"names that two modules of dev/mover have: {', '.join(twice)}")


def _names(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def _formatted(text: str) -> str:
    """Return the text with the blank lines that ruff puts between parts."""
    command = [sys.executable, "-m", "ruff", "format", "--quiet", "--stdin-filename", str(MOVER), "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True, cwd=ROOT).stdout
