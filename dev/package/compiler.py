"""Bytecode for every Python that the task supports, independent of the Pythons on this machine."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PREFIX = "FunctionAppContainerDeploy/"
"""The prefix of file names in tracebacks."""
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")

Files = dict[str, bytes]


def tag(python: str) -> str:
    """Return the name that a version of Python uses for its bytecode: `sys.implementation.cache_tag`."""
    return f"cpython-{python.replace('.', '')}"


def compiled(sources: Files, cache: Path) -> Mapping[str, Files]:
    """Return the bytecode of `sources` by version of Python, from `cache` if it was compiled before.

    Raises:
        subprocess.CalledProcessError: when a source does not compile.
    """
    with ThreadPoolExecutor(2) as pool:
        made = pool.map(lambda python: _compiled_by(python, sources, cache), PYTHONS)
        return dict(zip(PYTHONS, made, strict=True))


def run_python(python: str, script: Path, *arguments: Path | str) -> None:
    """Run a script with the CPython of cpython.mjs, which does not follow links that point outside a folder."""
    given = [str(one.resolve()) if isinstance(one, Path) else one for one in arguments]
    subprocess.run(["node", str(HERE / "cpython.mjs"), python, str(script), *given], check=True)


def _compiled_by(python: str, sources: Files, cache: Path) -> Files:
    kept = cache / f"{tag(python)}-{_fingerprint(python, sources)}"
    if not kept.exists():
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            folder = Path(scratch)
            put(sources, folder / "sources")
            run_python(python, HERE / "bytecode.py", folder / "sources", folder / "made", PREFIX)
            keep(folder / "made", kept)
    return take(kept)


def _fingerprint(python: str, sources: Files) -> str:
    """Return a short hash of everything that the bytecode depends on."""
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256(json.dumps(lock["packages"][f"node_modules/cpython-{python}"]).encode())
    for part in (HERE / "bytecode.py", HERE / "cpython.mjs"):
        digest.update(part.read_bytes())
    for name in sorted(sources):
        digest.update(f"\0{name}\0{len(sources[name])}\0".encode() + sources[name])
    return digest.hexdigest()[:16]


def keep(made: Path, place: Path) -> None:
    """Move a finished folder into place, unless another run has put the same one there meanwhile."""
    try:
        made.rename(place)
    except OSError:
        if not place.exists():
            raise


def put(files: Files, folder: Path) -> None:
    """Write files below a folder, by name."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def take(folder: Path) -> Files:
    """Return all files below a folder, by name."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
