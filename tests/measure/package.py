"""`npm run measure:package`: what the package costs an agent before any work: bytes, unpacking, loading, memory.

For each Python of the machine, processes of their own take turns; the table has medians, with the least in brackets.
`cold` is the first start after unpacking with none of the task's files in memory.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from statistics import median

from tests.package.pythons import pythons
from tests.package.unpacked import packed, unpacked

LOAD = """
import json, runpy, sys, time
began = time.perf_counter()
if sys.argv[1].endswith("launch.py"):
    runpy.run_path(sys.argv[1])["find_program"]()
else:
    sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    __import__(name)
seconds = time.perf_counter() - began
[most] = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(json.dumps([seconds, int(most) / 1000]))
"""
UNTIL_THE_BUILD = ("pytask.edge",)
ALL = ("pytask.edge", "pytask.stages")


def main() -> int:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(prog="npm run measure:package --", description=__doc__)
    parser.add_argument("--turns", type=int, default=9)
    turns = parser.parse_args().turns
    with tempfile.TemporaryDirectory(prefix="measure-") as scratch:
        vsix = packed(Path(scratch))
        task = unpacked(vsix, Path(scratch) / "unpacked")
        _tell_size(vsix)
        _tell("unpacking", [seconds_to_unpack(vsix, task.parent) for _ in range(turns)])
        for version, python in pythons().items():
            _tell_loading(task, version, python, turns)
    return 0


def _tell_size(vsix: Path) -> None:
    with zipfile.ZipFile(vsix) as archive:
        entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    print(f"VSIX {vsix.stat().st_size / 1e6:.1f} MB, unpacked {unpacked / 1e6:.1f} MB in {len(entries)} files\n")


def seconds_to_unpack(vsix: Path, folder: Path) -> float:
    """Return how long it takes to unpack a VSIX over what is there already."""
    began = time.perf_counter()
    unpacked(vsix, folder)
    return time.perf_counter() - began


def _tell_loading(task: Path, version: str, python: Path, turns: int) -> None:
    places = {"package": task / "launch.py", "sources": task / "python" / "source.zip"}
    rows: dict[str, list[list[float]]] = {}
    for _ in range(turns):
        for kind, place in places.items():
            for part, names in (("until docker build", UNTIL_THE_BUILD), ("everything", ALL)):
                rows.setdefault(f"{kind}, {part}", []).append(_load(python, place, names))
        forget(task)
        rows.setdefault("package, everything, cold", []).append(_load(python, places["package"], ALL))
    print(f"\nPython {version}")
    for row, figures in rows.items():
        _tell(row, [seconds for seconds, _ in figures], memory=max(memory for _, memory in figures))


def _load(python: Path, place: Path, names: tuple[str, ...]) -> list[float]:
    """Return the seconds of loading, without Python's own start, and the megabytes of memory.

    `place` is the task's launch.py, or an archive that Python's own zipimport reads.
    """
    command = [str(python), "-I", "-S", "-c", LOAD, str(place), *names]
    return list(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))


def forget(folder: Path) -> None:
    """Let the system forget what it has read of the files in a folder."""
    for file in (path for path in folder.rglob("*") if path.is_file()):
        descriptor = os.open(file, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def _tell(row: str, seconds: list[float], memory: float | None = None) -> None:
    told = f"{row:<32} {1000 * median(seconds):5.0f} ms [{1000 * min(seconds):4.0f}]"
    print(told + (f"  {memory:3.0f} MB" if memory else ""), flush=True)


if __name__ == "__main__":
    sys.exit(main())
