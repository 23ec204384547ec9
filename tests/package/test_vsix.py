"""The extension is whole and clean, and what would make it otherwise is seen."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from dev.package.check import MOST_BYTES, problems
from dev.package.compiler import ROOT
from dev.package.libraries import install, needed

if TYPE_CHECKING:
    from collections.abc import Callable

    from dev.package.check import Extension

    Plant = Callable[[Extension], Extension]

OPEN_LICENSES = {"MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MPL-2.0", "PSF-2.0"}
"""Those that somebody has looked at: they let the library be carried along when its license stands beside it."""


def test_nothing_is_wrong_with_the_extension(extension: Extension) -> None:
    assert problems(extension) == []


def test_the_task_is_a_handful_of_files(extension: Extension) -> None:
    of_task = {name.removeprefix("task/") for name in extension.files if name.startswith("task/")}
    each = {f"python/cpython-3{minor}.{kind}" for minor in range(10, 15) for kind in ("zip", "index")}
    archives = each | {"python/source.zip", "python/cacert.pem"}
    papers = {"THIRD-PARTY-NOTICES.txt", "sbom.cdx.json"}
    assert of_task == archives | papers | {"index.js", "sign.js", "launch.py", "task.json", "icon.png"}


def of_task(**changes: object) -> Plant:
    return lambda extension: replace(extension, task=extension.task | changes)


def file(name: str, content: bytes | None = b"") -> Plant:
    """Put a file in, or with None leave one out."""

    def plant(extension: Extension) -> Extension:
        files = {**extension.files, name: content or b""}
        return replace(extension, files={one: files[one] for one in files if one != name or content is not None})

    return plant


def in_archive(name: str, content: bytes | None, archive: str = "task/python/cpython-312.zip") -> Plant:
    """Put a file into one of the archives, or with None leave one out."""

    def plant(extension: Extension) -> Extension:
        with zipfile.ZipFile(io.BytesIO(extension.files[archive])) as old:
            files = {one: old.read(one) for one in old.namelist()} | {name: content or b""}
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as new:
            for one in files:
                if one != name or content is not None:
                    new.writestr(one, files[one])
        return file(archive, buffer.getvalue())(extension)

    return plant


def with_binding(**changes: object) -> Plant:
    def plant(extension: Extension) -> Extension:
        [first, *others] = extension.task["dataSourceBindings"]
        return of_task(dataSourceBindings=[{**first, **changes}, *others])(extension)

    return plant


PYTHON_312 = (3531).to_bytes(2, "little") + b"\r\n"


@pytest.mark.parametrize(
    ("plant", "told"),
    [
        (with_binding(target="rlotName"), "asks for rlotName, which is not an input"),
        (with_binding(parameters={"App": "$(apName)"}), "asks for apName, which is not an input"),
        (file("images/extension-icon.png", None), "the extension has no icon"),
        (file("task/icon.png", None), "the task has no icon"),
        (file("task/icon.png", b"GIF89a"), "the task's icon is not a PNG of 32 x 32"),
        (file("docs/pictures/flow.png", None), "overview.md shows docs/pictures/flow.png, which does not exist"),
        (file("overview.md", b"[the recipes](docs/recipes.md)"), "overview.md links to docs/recipes.md"),
        (of_task(version={"Major": 1, "Minor": 0}), "task.json's version is 1.0.?"),
        (of_task(version={"Major": 1, "Minor": 0, "Patch": 77}), "task.json is version 1.0.77, the extension is"),
        (of_task(id="not-a-guid"), "task.json's id is not a GUID"),
        (of_task(friendlyName="x" * 41), "friendlyName has more than 40 characters"),
        (of_task(instanceNameFormat=""), "task.json has no instanceNameFormat"),
        (of_task(execution={"Node20_1": {"target": "main.js"}}), "Node20_1 starts main.js, which does not exist"),
        (file("task/__pycache__/launch.cpython-311.pyc"), "__pycache__/launch.cpython-311.pyc does not belong"),
        (file("task/tests/test_x.py"), "task/tests/test_x.py does not belong"),
        (file("task/.DS_Store/x"), "does not belong"),
        (in_archive("azure/core/__pycache__/x.pyc", b""), "does not belong"),
        (in_archive("idna/idna.pyi", b""), "idna/idna.pyi does not belong"),
        (in_archive("idna-3.20.dist-info/RECORD", b""), "idna-3.20.dist-info/RECORD does not belong"),
        (in_archive("idna/core.bin", b"\x7fELF\2\1"), "idna/core.bin is native code for Linux"),
        (file("task/tool", b"MZ\x90"), "task/tool is native code for Windows"),
        (file("task/tool", b"\xcf\xfa\xed\xfe"), "task/tool is native code for macOS"),
        (file("task/python/cpython-310.zip", None), "python/cpython-310.zip is missing"),
        (file("task/python/cpython-311.index", None), "cpython-311.index does not have the places"),
        (in_archive("idna/core.pyc", PYTHON_312 + bytes(12)), "cpython-312.index does not have the places"),
        (file("task/python/cacert.pem", None), "cacert.pem is missing"),
        (in_archive("idna/core.pyc", None), "cpython-312.zip: idna/core.py is not compiled"),
        (in_archive("idna/core.pyc", b"\xa7\x0d\r\n\1\0\0\0"), "idna/core.pyc is not bytecode of Python 3.12"),
        (in_archive("idna/core.pyc", PYTHON_312 + bytes(4)), "idna/core.pyc is not bytecode of Python 3.12, or is ch"),
        (lambda extension: replace(extension, size=MOST_BYTES + 1), "more than 15000000"),
        (lambda extension: replace(extension, files=extension.files | {f"task/{n}": b"" for n in range(20)}), "files"),
    ],
)
def test_a_planted_defect_is_seen(extension: Extension, plant: Plant, told: str) -> None:
    found = problems(plant(extension))
    assert any(told in problem for problem in found), found


def test_all_that_is_carried_has_an_open_license_whose_text_stands_beside_it(extension: Extension) -> None:
    told = (extension.in_task("THIRD-PARTY-NOTICES.txt") or b"").decode()
    shelf = install(ROOT / "pyproject.toml", ROOT / "requirements.lock", ROOT / ".cache" / "package")
    assert {library.license for library in shelf.libraries} <= OPEN_LICENSES
    for library in shelf.libraries:
        assert f"\n{library.name} {library.version}\n{library.license}\n" in told
        assert library.texts
        assert all(text in told for text in library.texts)


def test_the_bill_of_materials_is_one_by_its_schema_and_names_what_is_carried(extension: Extension) -> None:
    text = (extension.in_task("sbom.cdx.json") or b"").decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    told: dict[str, Any] = json.loads(text)
    named = {part["purl"].removeprefix("pkg:pypi/").split("@")[0] for part in told["components"]}
    assert named == needed(ROOT / "pyproject.toml")
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for part in told["components"]:
        assert f"--hash=sha256:{part['hashes'][0]['content']}" in lock


def test_no_path_of_the_machine_is_in_the_extension(extension: Extension, vsix: Path) -> None:
    for name, content in extension.files.items():
        for path in (str(ROOT), str(vsix.parent), f"{Path.home()}/"):
            assert path.encode() not in content, f"{path} in {name}"
