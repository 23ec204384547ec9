"""Microsoft's packer takes the extension as it is, and its warnings stop the packaging."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from dev.package.check import opened, problems
from dev.package.extension import pack, stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MANIFEST, TASK = "vss-extension.json", "task/task.json"


def change(file: str, **changes: object) -> Callable[[Path], None]:
    def plant(staged: Path) -> None:
        path = staged / file
        path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}), encoding="utf-8")

    return plant


@pytest.mark.parametrize(
    ("plant", "told"),
    [
        (lambda staged: (staged / "images" / "extension-icon.png").unlink(), "extension-icon.png"),
        (lambda staged: (staged / "task" / "task.json").unlink(), "task.json"),
        (change(MANIFEST, categories=[]), "categories"),
        (change(MANIFEST, id="not an id"), "extensionId"),
        (change(MANIFEST, description="x" * 201), "description"),
        (change(TASK, id="not-a-guid"), "guid|GUID"),
        (change(TASK, friendlyName="x" * 41), "friendlyName"),
        (change(TASK, instanceNameFormat=""), "instanceNameFormat"),
        (change(TASK, execution={"Node20_1": {"target": "main.js"}}), "main.js"),
        (change(TASK, execution={"Node16": {"target": "index.js"}}), "end-of-life"),
    ],
)
def test_what_tfx_refuses_or_warns_of_stops_the_packaging(
    tmp_path: Path, plant: Callable[[Path], None], told: str
) -> None:
    staged = tmp_path / "extension"
    stage(staged, "public")
    plant(staged)
    with pytest.raises(SystemExit, match=told):
        pack(staged, tmp_path)
    assert list(tmp_path.glob("*.vsix")) == []


def test_the_private_variant_can_be_installed_beside_the_public_one(tmp_path: Path) -> None:
    public, private = tmp_path / "public", tmp_path / "private"
    stage(public, "public")
    stage(private, "private")
    assert differences(public / MANIFEST, private / MANIFEST) == {"id", "name", "galleryFlags"}
    assert differences(public / TASK, private / TASK) == {"id", "name", "friendlyName", "helpMarkDown"}
    assert "Public" not in read(private / MANIFEST)["galleryFlags"]
    vsix = pack(private, tmp_path)
    assert {problem.split(" is missing")[0] for problem in problems(opened(vsix))} == {
        "python/source.zip or python/cacert.pem"
    }


def differences(one: Path, other: Path) -> set[str]:
    first, second = read(one), read(other)
    return {key for key in first.keys() | second.keys() if first.get(key) != second.get(key)}


def read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))
