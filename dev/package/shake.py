"""Remove the unused classes from a generated library: azure-mgmt-web has 520 models, and the program uses two.

A class stays if it is requested by name, or if a class that stays names it: as a base, in an annotation, or in a text.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NAME = re.compile(r"[A-Za-z_]\w*")


def shaken(modules: dict[str, str], wanted: Iterable[str]) -> dict[str, str]:
    """Return the modules of one package with only the classes that `wanted` leads to.

    `modules` are sources by module name. Imports and lists of names are adjusted.
    """
    trees = {name: ast.parse(source) for name, source in modules.items()}
    classes = {node.name: node for tree in trees.values() for node in tree.body if isinstance(node, ast.ClassDef)}
    dropped = classes.keys() - _closure(set(wanted) & classes.keys(), classes)
    return {name: _without(tree, dropped) for name, tree in trees.items()}


def _closure(kept: set[str], classes: dict[str, ast.ClassDef]) -> set[str]:
    waiting = list(kept)
    while waiting:
        new = (_named_in(classes[waiting.pop()]) & classes.keys()) - kept
        kept |= new
        waiting += new
    return kept


def _named_in(node: ast.ClassDef) -> set[str]:
    """Return every word of a class, except those of its documentation."""
    return {word for text in _texts(node) for word in _NAME.findall(text)}


def _texts(tree: ast.AST) -> Iterator[str]:
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.value


def _without(tree: ast.Module, dropped: set[str]) -> str:
    body: list[ast.stmt] = []
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            node.names = [alias for alias in node.names if alias.name not in dropped]
            if not node.names:
                continue
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.List):
            node.value.elts = [one for one in node.value.elts if not _names(one, dropped)]
        elif isinstance(node, ast.ClassDef) and node.name in dropped:
            continue
        body.append(node)
    tree.body = body
    return ast.unparse(tree) + "\n"


def _names(node: ast.expr, dropped: set[str]) -> bool:
    return isinstance(node, ast.Constant) and node.value in dropped
