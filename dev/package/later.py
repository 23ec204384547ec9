"""Have the libraries import some modules later: when a function first uses them, or never.

A library imports what any of its users may need: a browser for a sign-in, an XML parser, a writer of mail messages.
All of that would load before the first call to Azure of every run. Nothing is taken away: the import is moved.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dev.package.compiler import Files

ON_REQUEST = (
    "azure/core/pipeline/policies/__init__.py",
    "azure/identity/__init__.py",
    "azure/identity/_credentials/__init__.py",
    "azure/identity/_internal/__init__.py",
    "msal/oauth2cli/__init__.py",
)
"""Packages whose names are looked up in their modules when they are asked for (PEP 562)."""
IN_FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    "azure/core/pipeline/transport/_base.py": ("xml.etree.ElementTree",),
    "azure/core/pipeline/policies/_universal.py": ("inspect", "xml.etree.ElementTree"),
    "azure/core/rest/_helpers.py": ("xml.etree.ElementTree",),
    "azure/core/utils/_pipeline_transport_rest_shared.py": ("email.policy",),
    "msal/application.py": (".oauth2cli.authcode",),
    "msal/oauth2cli/oauth2.py": ("inspect", ".authcode"),
    "urllib3/http2/__init__.py": ("importlib.metadata",),
}
"""By module: the imports that move into its functions."""

_LOOKUP = """
def __getattr__(name):
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module
    module, attribute = _LATER[name]
    found = globals()[name] = getattr(import_module(module, __name__), attribute)
    return found
"""


def with_later_imports(sources: Files) -> Files:
    """Return the sources of all libraries with those imports moved.

    Raises:
        ValueError, KeyError: when a library no longer has such an import, or needs it earlier.
    """
    moved = {place: _on_request(place, sources[place]) for place in ON_REQUEST}
    moved |= {place: _in_functions(place, sources[place], names) for place, names in IN_FUNCTIONS.items()}
    return {**sources, **moved}


def _on_request(place: str, source: bytes) -> bytes:
    tree = ast.parse(source)
    early = _used_early(tree.body)
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.level == 1]
    imports = [node for node in imports if not early & _bound(node).keys()]
    later = {bound: (f".{node.module}", alias.name) for node in imports for bound, alias in _bound(node).items()}
    if not later:
        raise ValueError(f"{place} has no names of its modules that could be looked up later")
    kept = [node for node in tree.body if node not in imports]
    return f"{ast.unparse(ast.Module(body=kept, type_ignores=[]))}\n_LATER = {later!r}\n{_LOOKUP}".encode()


def _in_functions(place: str, source: bytes, names: tuple[str, ...]) -> bytes:
    tree = ast.parse(source)
    statements = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    imports = [node for node in statements if set(_modules_of(node)) & set(names)]
    if {name for node in imports for name in _modules_of(node)} != set(names):
        raise ValueError(f"{place} does not import {', '.join(names)}, each in a statement of its own")
    later = {bound: _alone(node, alias) for node in imports for bound, alias in _bound(node).items()}
    tree.body = [node for node in tree.body if node not in imports]
    if early := later.keys() & _used_early(tree.body):
        raise ValueError(f"{place} uses {', '.join(sorted(early))} when it is loaded")
    for function in _functions(tree):
        begin = 1 if ast.get_docstring(function) is not None else 0
        function.body[begin:begin] = [later[name] for name in sorted(later.keys() & _names(function))]
    return ast.unparse(tree).encode()


def _modules_of(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [f"{'.' * node.level}{node.module or ''}"]
    return [alias.name for alias in node.names]


def _bound(node: ast.Import | ast.ImportFrom) -> dict[str, ast.alias]:
    """Return what a statement imports, by the names that it has from then on."""
    return {alias.asname or alias.name.partition(".")[0]: alias for alias in node.names}


def _alone(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> ast.stmt:
    """Return the statement that imports one name only."""
    if isinstance(node, ast.ImportFrom):
        return ast.ImportFrom(module=node.module, names=[alias], level=node.level)
    return ast.Import(names=[alias])


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield the outermost functions: those of the module, and the methods of its classes."""
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        elif isinstance(node, ast.ClassDef | ast.If | ast.Try):
            waiting += [one for one in ast.iter_child_nodes(node) if isinstance(one, ast.stmt)]


def _used_early(body: list[ast.stmt]) -> set[str]:
    """Return the names that are used while the module is loaded, annotations and defaults included."""
    used: set[str] = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            used |= {name for part in (*node.decorator_list, node.args, *_returned(node)) for name in _names(part)}
        elif isinstance(node, ast.ClassDef):
            used |= {name for part in (*node.decorator_list, *node.bases) for name in _names(part)}
            used |= _used_early(node.body)
        else:
            used |= _names(node)
    return used


def _returned(node: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[ast.expr, ...]:
    return (node.returns,) if node.returns else ()


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
