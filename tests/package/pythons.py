"""The Pythons of this machine that the task may meet: one of each version from 3.10 on, no virtual environments."""

from __future__ import annotations

import glob
import os
import subprocess
from functools import cache
from pathlib import Path

PLACES = (
    *(f"{folder}/python3.*" for folder in os.environ["PATH"].split(os.pathsep) if "shims" not in folder),
    str(Path.home() / ".pyenv" / "versions" / "*" / "bin" / "python3.*"),
    "/opt/hostedtoolcache/Python/*/x64/bin/python3.*",
)
_TELL = "import sys, ssl; print(*sys.version_info[:2], sys.prefix == sys.base_prefix, sep='.')"


@cache
def pythons() -> dict[str, Path]:
    """Return the interpreters by version: `3.12`."""
    files = (Path(file) for place in PLACES for file in sorted(glob.glob(place)))  # noqa: PTH207 - PLACES are absolute
    found = {_version(file): file for file in files if file.name.removeprefix("python3.").isdigit()}
    return {version: found[version] for version in sorted(found.keys() - {""}, key=lambda one: int(one.split(".")[1]))}


def _version(file: Path) -> str:
    """Return a Python's version, or nothing when it will not do."""
    told = subprocess.run([file, "-I", "-c", _TELL], check=False, capture_output=True, text=True).stdout.strip()
    major_minor, _, usable = told.rpartition(".")
    recent = usable == "True" and int(major_minor.split(".")[1]) >= 10
    return major_minor if recent else ""
