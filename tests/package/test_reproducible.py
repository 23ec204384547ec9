"""The same input gives the same bytes, on any machine: neither its Pythons nor its clock have a say."""

from __future__ import annotations

import os
import zipfile
from typing import TYPE_CHECKING

from dev.package import compiler
from dev.package.archive import write_archive
from dev.package.carried import library_sources
from dev.package.compiler import ROOT, compiled, run_python
from dev.package.libraries import install

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_bytecode_is_the_same_every_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "PYTHONS", ("3.14",))
    shelf = install(ROOT / "pyproject.toml", ROOT / "requirements.lock", ROOT / ".cache" / "package")
    sources = library_sources(shelf.folder)
    some = {name: sources[name] for name in sources if name.startswith("jwt/")}
    first, second = ({**_made(some, tmp_path / name)} for name in ("first", "second"))
    assert first == second
    assert set(first["3.14"]) == {f"{name}c" for name in some}


def _made(sources: compiler.Files, cache: Path) -> dict[str, compiler.Files]:
    cache.mkdir()
    return dict(compiled(sources, cache))


def test_an_archive_has_no_dates_no_owners_and_no_order_of_its_own(tmp_path: Path) -> None:
    one, other = tmp_path / "one.zip", tmp_path / "other.zip"
    write_archive(one, {"b/2": b"2" * 1000, "a": b"1"}, compressed=True)
    write_archive(other, {"a": b"1", "b/2": b"2" * 1000}, compressed=True)
    assert one.read_bytes() == other.read_bytes()
    with zipfile.ZipFile(one) as archive:
        assert [entry.filename for entry in archive.infolist()] == ["a", "b/2"]
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_what_tfx_packed_is_written_again_without_its_dates(tmp_path: Path) -> None:
    packed = [tmp_path / "one.vsix", tmp_path / "other.vsix"]
    for number, vsix in enumerate(packed):
        with zipfile.ZipFile(vsix, "w", zipfile.ZIP_DEFLATED, compresslevel=number + 1) as archive:
            archive.writestr(zipfile.ZipInfo("task/", (2020 + number, 1, 1, 0, 0, 0)), b"")
            archive.writestr(zipfile.ZipInfo("task/a", (1990 + number, 1, 1, 0, 0, 0)), os.environ["PATH"] * 50)
        run_python("3.14", ROOT / "dev" / "package" / "archive.py", vsix)
    assert packed[0].read_bytes() == packed[1].read_bytes()
    with zipfile.ZipFile(packed[0]) as archive:
        assert archive.namelist() == ["task/a"]
