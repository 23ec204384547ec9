"""The Python part of the task folder: the program and its libraries, in one archive for each version of Python."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from dev.package.archive import index, write_archive
from dev.package.compiler import PYTHONS, ROOT, compiled, tag
from dev.package.later import with_later_imports
from dev.package.reach import reachable
from dev.package.records import RECORDS, with_records
from dev.package.shake import shaken

if TYPE_CHECKING:
    from pathlib import Path

    from dev.package.compiler import Files

STAND_INS = ROOT / "dev" / "package" / "stand_ins"
PROGRAM = ROOT / "pytask"
CERTIFICATES = "cacert.pem"
_DOCS = b'\nDOCS = "docs"\n'
_NEVER_SHOWN = ("pytask/errors/", RECORDS)
_MODELS = "azure/mgmt/web/models/"


def write_carried(libraries: Path, target: Path, cache: Path, docs: str) -> None:
    """Write the archives and the certificates into the folder `target`.

    Each archive has the bytecode of one version, and an index beside it; `source.zip` is for all other versions. All
    archives contain the program's sources, so that a traceback can show their lines, but not those that have only
    texts and what is made for the package. `docs` is the address of the pages about failures.
    """
    target.mkdir(parents=True)
    program, others = program_sources(docs), library_sources(libraries)
    of_program, of_others = compiled(program, cache), compiled(others, cache)
    shown = {place: source for place, source in program.items() if not place.startswith(_NEVER_SHOWN)}
    for python in PYTHONS:
        content = {**shown, **of_program[python], **of_others[python]}
        archive = target / f"{tag(python)}.zip"
        write_archive(archive, content, compressed=False)
        archive.with_suffix(".index").write_text(index(archive), encoding="ascii")
    write_archive(target / "source.zip", {**program, **others}, compressed=False)
    (target / CERTIFICATES).write_bytes((libraries / "certifi" / CERTIFICATES).read_bytes())


def program_sources(docs: str) -> Files:
    """Return the modules of the program, which name `docs` as the place of the pages about failures.

    Raises:
        ValueError: when the program has no place for that.
    """
    sources = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in PROGRAM.rglob("*.py")}
    here = sources["pytask/__init__.py"]
    if here.count(_DOCS) != 1:
        raise ValueError(f"pytask/__init__.py does not have {_DOCS.decode()} once")
    return with_records({**sources, "pytask/__init__.py": here.replace(_DOCS, f"\nDOCS = {docs!r}\n".encode())})


def library_sources(libraries: Path) -> Files:
    """Return the modules of the libraries that the program can load."""
    found = reachable(PROGRAM, [STAND_INS, libraries])
    sources = {place: file.read_bytes() for place, file in found.items()}
    return with_later_imports({**_packages(sources), **sources, **_needed_models(sources)})


def _packages(sources: Files) -> Files:
    """Return an empty `__init__.py` for every folder without one: Python finds no plain folders in an archive."""
    folders = {parent for place in sources for parent in _parents(place)}
    return {f"{folder}/__init__.py": b"" for folder in folders if f"{folder}/__init__.py" not in sources}


def _parents(place: str) -> list[str]:
    parts = place.split("/")[:-1]
    return ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]


def _needed_models(sources: Files) -> Files:
    modules = {place: text.decode() for place, text in sources.items() if place.startswith(_MODELS)}
    return {place: text.encode() for place, text in shaken(modules, _asked_of("azure.mgmt.web.models")).items()}


def _asked_of(module: str) -> set[str]:
    """Return the names that the program imports from a module."""
    trees = (ast.parse(path.read_bytes()) for path in PROGRAM.rglob("*.py"))
    imports = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return {alias.name for node in imports if node.module == module for alias in node.names}
