"""The libraries that the task carries: those in pyproject.toml and their dependencies, as locked in requirements.lock.

Only wheels for every platform are used, so that the package cannot contain native code. pip checks the lock's hashes.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dev.package.compiler import PYTHONS, keep

if TYPE_CHECKING:
    from collections.abc import Mapping

NOT_CARRIED = {
    "cryptography": "native code; Node signs instead (dev/package/stand_ins)",
    "requests-oauthlib": "0.9 MB for a sign-in that the task does not use (dev/package/stand_ins)",
    "pywin32": "native code; docker needs it for named pipes only",
}
"""Dependencies that are left out, together with their own dependencies, and the reason."""

_SYSTEMS = (("linux", "Linux"), ("win32", "Windows"), ("darwin", "Darwin"))
_LICENSE = re.compile(r"(licen[cs]e|copying|notice)[^/]*$", re.IGNORECASE)
_SPDX = {"MIT License": "MIT", "BSD License": "BSD-3-Clause", "ISC License (ISCL)": "ISC"}
"""The https://spdx.org/licenses/ identifier for a license that a library names in words. We have read each text."""
_LONGEST_NAME = 40
_HOMES = ("source", "source code", "repository", "code", "homepage")


@dataclass(frozen=True, kw_only=True, slots=True)
class Library:
    """One installed library."""

    name: str
    version: str
    sha256: str
    """Of the wheel."""
    license: str
    """An SPDX expression, or the library's own words if it has none."""
    texts: tuple[str, ...]
    """The license and its notices."""
    home: str
    """The address of its source."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shelf:
    """A folder with libraries."""

    folder: Path
    libraries: tuple[Library, ...]


def install(project: Path, lock: Path, cache: Path) -> Shelf:
    """Return the carried libraries. Install them below `cache`, unless they are installed there already.

    Raises:
        SystemExit: when pip cannot install them.
        KeyError: when the lock lacks one.
    """
    locked = _blocks(lock)
    wanted = "".join(locked[name] for name in sorted(needed(project)))
    shelf = cache / f"libraries-{hashlib.sha256(wanted.encode()).hexdigest()[:16]}"
    if not shelf.exists():
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            made = Path(scratch, "made")
            made.mkdir()
            _pip_install(wanted, made)
            keep(made, shelf)
    return Shelf(folder=shelf / "site", libraries=_installed(shelf))


def needed(project: Path) -> set[str]:
    """Return the names of all libraries that the program needs, on any system with any Python it supports."""
    asked = tomli.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"]
    waiting = [(Requirement(text), "") for text in asked]
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement, extra = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in NOT_CARRIED or not _applies(requirement, extra):
            continue
        for with_extra in ("", *requirement.extras):
            if (name, with_extra) not in seen:
                seen.add((name, with_extra))
                waiting += [(Requirement(text), with_extra) for text in metadata.requires(name) or ()]
    return {name for name, _ in seen}


def _applies(requirement: Requirement, extra: str) -> bool:
    marker = requirement.marker
    return marker is None or any(
        marker.evaluate(
            {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": system,
             "platform_system": name, "extra": extra}
        )
        for python in PYTHONS
        for system, name in _SYSTEMS
    )  # fmt: skip


def _blocks(lock: Path) -> dict[str, str]:
    """Return a lock's requirements with their hashes by name, without the environment markers."""
    found = re.findall(
        r"^([\w.-]+)(==\S+)[^\\\n]*((?:\\\n +--hash=\S+ ?)+)$", lock.read_text(encoding="utf-8"), re.MULTILINE
    )
    blocks: dict[str, str] = {}
    for name, version, hashes in found:
        if blocks.setdefault(canonicalize_name(name), f"{name}{version} {hashes}\n") != f"{name}{version} {hashes}\n":
            blocks[canonicalize_name(name)] += f"{name}{version} {hashes}\n"
    return blocks


def _pip_install(wanted: str, target: Path) -> None:
    requirements = target / "requirements.txt"
    requirements.write_text(wanted, encoding="utf-8")
    # Installs all at once: a second `--target` run would replace the folder `azure`, which many libraries share.
    arguments = [
            sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-input",
            "--require-hashes", "--no-deps", "--no-compile", "--only-binary=:all:",
            "--platform=any", "--implementation=py", "--abi=none", f"--python-version={PYTHONS[0]}",
            f"--target={target / 'site'}", f"--report={target / 'report.json'}", f"--requirement={requirements}",
    ]  # fmt: skip
    done = subprocess.run(arguments, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"pip could not install the libraries that the task carries:\n{done.stderr}")


def _installed(shelf: Path) -> tuple[Library, ...]:
    hashes = _hashes(json.loads((shelf / "report.json").read_text(encoding="utf-8")))
    found = metadata.distributions(path=[str(shelf / "site")])
    libraries = [_library(one, hashes[canonicalize_name(one.name)]) for one in found]
    return tuple(sorted(libraries, key=lambda one: one.name.lower()))


def _hashes(report: Any) -> dict[str, str]:  # noqa: ANN401 - pip's own: https://pip.pypa.io/en/stable/reference/installation-report/
    return {
        canonicalize_name(item["metadata"]["name"]): item["download_info"]["archive_info"]["hashes"]["sha256"]
        for item in report["install"]
    }


def _library(distribution: metadata.Distribution, sha256: str) -> Library:
    files = sorted(distribution.files or [], key=str)
    texts = (
        file.read_text(encoding="utf-8").strip()
        for file in files
        if ".dist-info/" in str(file) and _LICENSE.search(str(file))
    )
    told: dict[str, Any] = distribution.metadata.json
    return Library(
        name=distribution.name,
        version=distribution.version,
        sha256=sha256,
        license=_license(told),
        texts=tuple(dict.fromkeys(texts)),
        home=_home(told),
    )


def _license(told: Mapping[str, Any]) -> str:
    """Return the license, from the classifiers if the field contains a whole license text."""
    if "license_expression" in told:
        return str(told["license_expression"])
    words = str(told.get("license", ""))
    if not words or len(words) > _LONGEST_NAME:
        named = (line.rsplit(" :: ", 1) for line in told.get("classifier", []) if line.startswith("License :: "))
        words = " AND ".join(name for _, name in named)
    return _SPDX.get(words, words)


def _home(told: Mapping[str, Any]) -> str:
    pairs = (line.split(", ", 1) for line in told.get("project_url", []))
    homes = {label.lower(): url for label, url in pairs}
    likely = [homes[label] for label in _HOMES if label in homes]
    found = (*likely, told.get("home_page"), *homes.values())
    return next((str(url) for url in found if url), "")
