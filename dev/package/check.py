"""Find problems in a VSIX that would appear only later, in the Marketplace or on somebody's agent."""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from dev.editor.rules import problems as rule_problems
from dev.package.archive import index
from dev.package.compiler import PYTHONS, tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MOST_BYTES = 15_000_000
"""The VSIX's size limit: an agent downloads it before the task's first line."""
MOST_FILES = 20
"""In the task's folder: an agent needs about a millisecond to unpack each file."""
ICON = (32, 32)
STORE_ICON = (128, 128)

_STRAY = re.compile(
    r"(^|/)(__pycache__|tests?|testing|\.[^/]+)/|\.(pyi|so|pyd|dll|dylib|exe|map|orig|log)$|\.(dist|egg)-info/"
)
_MAGIC = {"3.10": 3439, "3.11": 3495, "3.12": 3531, "3.13": 3571, "3.14": 3627}
"""The magic number at the start of bytecode, for each version of Python: Include/internal/pycore_magic_number.h of
https://github.com/python/cpython, up to 3.13 Lib/importlib/_bootstrap_external.py."""
_NATIVE = {b"\x7fELF": "Linux", b"MZ": "Windows", b"\xcf\xfa\xed\xfe": "macOS", b"\xca\xfe\xba\xbe": "macOS"}
_REQUIRED = ("id", "name", "friendlyName", "instanceNameFormat", "version", "execution")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LONGEST_NAME = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Extension:
    """An opened VSIX."""

    size: int
    files: dict[str, bytes]
    manifest: ET.Element
    task_folder: str
    task: dict[str, Any]

    def in_task(self, name: str) -> bytes | None:
        """Return a file of the task's folder."""
        return self.files.get(f"{self.task_folder}/{name}")


def problems(extension: Extension) -> list[str]:
    """Return the problems, one sentence each."""
    checks: tuple[Callable[[Extension], Iterator[str]], ...] = (
        _size, _versions, _icons, _overview, _definition, _bindings, _stray_files, _native_files, _archives,
    )  # fmt: skip
    return [problem for check in checks for problem in check(extension)]


def opened(vsix: Path) -> Extension:
    """Return the contents of a VSIX."""
    with zipfile.ZipFile(vsix) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    contributions = json.loads(files["extension.vsomanifest"])["contributions"]
    [folder] = (one["properties"]["name"] for one in contributions if one["type"] == "ms.vss-distributed-task.task")
    return Extension(
        size=vsix.stat().st_size,
        files=files,
        manifest=ET.fromstring(files["extension.vsixmanifest"]),  # noqa: S314 - our own
        task_folder=folder,
        task=json.loads(files[f"{folder}/task.json"]),
    )


def _size(extension: Extension) -> Iterator[str]:
    if extension.size > MOST_BYTES:
        yield f"the VSIX has {extension.size} bytes, more than {MOST_BYTES}"
    count = sum(name.startswith(f"{extension.task_folder}/") for name in extension.files)
    if count > MOST_FILES:
        yield f"the task's folder has {count} files, more than {MOST_FILES}"


def _versions(extension: Extension) -> Iterator[str]:
    told = extension.task.get("version", {})
    of_task = ".".join(str(told.get(part, "?")) for part in ("Major", "Minor", "Patch"))
    of_extension = next(one.get("Version", "") for one in extension.manifest.iter() if one.tag.endswith("Identity"))
    if not re.fullmatch(r"\d+\.\d+\.\d+", of_task):
        yield f"task.json's version is {of_task}: an agent requires three numbers"
    if of_task != of_extension:
        yield f"task.json is version {of_task}, the extension is {of_extension}: agents cache tasks by version"


def _icons(extension: Extension) -> Iterator[str]:
    assets = [one for one in extension.manifest.iter() if one.get("Type", "").endswith("Icons.Default")]
    store = extension.files.get(assets[0].get("Path", "")) if assets else None
    for name, content, size in (
        ("the extension", store, STORE_ICON),
        ("the task", extension.in_task("icon.png"), ICON),
    ):
        if content is None:
            yield f"{name} has no icon"
        elif _size_of_png(content) != size:
            yield f"{name}'s icon is not a PNG of {size[0]} x {size[1]}"


def _overview(extension: Extension) -> Iterator[str]:
    """Find pictures that the store page cannot show, and links that do not work there."""
    assets = {one.get("Path", ""): one for one in extension.manifest.iter() if one.tag.endswith("Asset")}
    [page] = (name for name, one in assets.items() if one.get("Type", "").endswith("Content.Details"))
    text = extension.files[page].decode()
    for link in re.findall(r"(?<!!)\[[^\]]*\]\((?!https://|#)([^)\s]+)\)", text):
        yield f"{page} links to {link}: the Marketplace has only this page"
    for picture in re.findall(r"!\[[^\]]*\]\(([^)\s]+)\)", text):
        if picture not in extension.files or assets[picture].get("Addressable") != "true":
            yield f"{page} shows {picture}, which does not exist or is not addressable"
        elif picture.endswith(".svg"):
            yield f"{page} shows {picture}: the Marketplace shows no SVG"


def _size_of_png(content: bytes) -> tuple[int, ...]:
    """https://www.w3.org/TR/png-3/#5PNG-file-signature."""
    return struct.unpack(">II", content[16:24]) if content.startswith(b"\x89PNG\r\n\x1a\n") else ()


def _definition(extension: Extension) -> Iterator[str]:
    task = extension.task
    yield from (f"task.json has no {name}" for name in _REQUIRED if not task.get(name))
    if not _GUID.fullmatch(task.get("id", "")):
        yield f"task.json's id is not a GUID: {task.get('id')}"
    if len(task.get("friendlyName", "")) > _LONGEST_NAME:
        yield f"task.json's friendlyName has more than {_LONGEST_NAME} characters"
    yield from rule_problems(task)
    for handler, told in task.get("execution", {}).items():
        if extension.in_task(told["target"]) is None:
            yield f"{handler} starts {told['target']}, which does not exist"


def _bindings(extension: Extension) -> Iterator[str]:
    """Find names that are not inputs: they leave a drop-down of the classic editor empty, without any error."""
    inputs = {one["name"] for one in extension.task.get("inputs", [])}
    for binding in extension.task.get("dataSourceBindings", []):
        named = {binding["target"], *re.findall(r"\$\((\w+)\)", json.dumps(binding))}
        yield from (
            f"the list of {binding['target']} asks for {name}, which is not an input" for name in named - inputs
        )


def _stray_files(extension: Extension) -> Iterator[str]:
    for place, files in _everywhere(extension):
        for name in files:
            if _STRAY.search(name) or (name.endswith(".pyc") and not place):
                yield f"{place}{name} does not belong in the package"


def _native_files(extension: Extension) -> Iterator[str]:
    for place, files in _everywhere(extension):
        for name, content in files.items():
            for start, system in _NATIVE.items():
                if content.startswith(start):
                    yield f"{place}{name} is native code for {system}"


def _everywhere(extension: Extension) -> Iterator[tuple[str, dict[str, bytes]]]:
    yield "", extension.files
    for name, content in extension.files.items():
        if name.endswith(".zip"):
            yield f"{name}/", _unpacked(content)


def _unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _archives(extension: Extension) -> Iterator[str]:
    """Check that each version's archive has all modules as its own bytecode, which is not checked at the start."""
    sources = extension.in_task("python/source.zip")
    if sources is None or extension.in_task("python/cacert.pem") is None:
        yield "python/source.zip or python/cacert.pem is missing"
        return
    modules = {name for name in _unpacked(sources) if name.endswith(".py")}
    for python in PYTHONS:
        name = f"python/{tag(python)}.zip"
        content = extension.in_task(name)
        if content is None:
            yield f"{name} is missing"
        else:
            yield from (f"{name}: {problem}" for problem in _bytecode(_unpacked(content), modules, python))
            if extension.in_task(f"python/{tag(python)}.index") != index(io.BytesIO(content)).encode():
                yield f"python/{tag(python)}.index does not have the places of the modules in {name}"


def _bytecode(files: dict[str, bytes], modules: set[str], python: str) -> Iterator[str]:
    yield from (f"{module} is not compiled" for module in sorted(modules) if f"{module}c" not in files)
    expected = _MAGIC[python].to_bytes(2, "little") + b"\r\n" + (1).to_bytes(4, "little")
    for name, content in files.items():
        if name.endswith(".pyc") and not content.startswith(expected):
            yield f"{name} is not bytecode of Python {python}, or is checked against its source"
