"""Loads all modules of an archive: `load_all.py ARCHIVE`.

Reports as JSON which modules failed and where the others came from. An archive with an index is read as the task's
launch.py reads it, which lies in the folder above.

Native code that is not Python's own is refused, so that what loads here loads on any system. Run by the Python to be
tried, isolated from everything else; needs nothing but the standard library.
"""

from __future__ import annotations

import importlib
import json
import runpy
import sys
import zipfile
from importlib.machinery import ExtensionFileLoader
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NATIVE = frozenset({"_cffi_backend", "cffi", "cryptography.hazmat.bindings", "charset_normalizer.md__mypyc", "_rust"})


class Refuse:
    """Refuses the names under which libraries have native code."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        """Find nothing, and let nobody else find what is refused."""
        if name in NATIVE:
            raise ImportError(f"{name} is native code", name=name)


def main(archive: str) -> None:
    """Load all, and tell."""
    _find_in(Path(archive))
    sys.meta_path.insert(0, Refuse())
    names = sorted(_modules(archive))
    failed: dict[str, str] = {}
    for name in names:
        _load(name, failed)
    loaded = {name: str(sys.modules[name].__file__) for name in names if name in sys.modules}
    told = {
        "failed": failed,
        "loaded": sorted(loaded),
        "elsewhere": sorted(name for name, file in loaded.items() if not file.startswith(archive)),
        "native": sorted(name for name in sys.modules if _is_native(name)),
    }
    sys.stdout.write(f"{json.dumps(told)}\n")


def _find_in(archive: Path) -> None:
    index = archive.with_suffix(".index")
    if index.exists():
        launch = runpy.run_path(str(archive.parents[1] / "launch.py"))
        sys.meta_path.insert(0, launch["Archive"](str(archive), str(index)))
    else:
        sys.path.insert(0, str(archive))


def _load(name: str, failed: dict[str, str]) -> None:
    try:
        importlib.import_module(name)
    except (ImportError, OSError, AttributeError) as error:
        failed[name] = getattr(error, "name", None) or str(error)


def _modules(archive: str) -> Iterator[str]:
    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            place, _, kind = name.rpartition(".")
            if kind in {"py", "pyc"}:
                yield place.replace("/", ".").removesuffix(".__init__")


def _is_native(name: str) -> bool:
    spec = getattr(sys.modules[name], "__spec__", None)
    native = isinstance(getattr(spec, "loader", None), ExtensionFileLoader)
    return native and name.split(".", maxsplit=1)[0] not in sys.stdlib_module_names


main(sys.argv[1])
