"""Stage the extension's files, and pack them into a VSIX with Microsoft's tfx; for the public and private variants."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from dev.package.compiler import HERE, ROOT, run_python

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MANIFEST = "vss-extension.json"
VARIANTS = HERE / "variants"
_TASK_FILES = ("index.js", "sign.js", "launch.py", "icon.png")


def stage(folder: Path, variant: str) -> None:
    """Write the extension's files into a folder, without the carried libraries: the manifest, its documents, the task.

    A variant is a file of changes to the manifest and to task.json.
    """
    changes = json.loads((VARIANTS / f"{variant}.json").read_text(encoding="utf-8"))
    manifest = {**_json(ROOT / MANIFEST), **changes["manifest"]}
    _write_json(folder / MANIFEST, manifest)
    _write_json(folder / "task" / "task.json", {**_json(ROOT / "task" / "task.json"), **changes["task"]})
    for name in _TASK_FILES:
        shutil.copyfile(ROOT / "task" / name, folder / "task" / name)
    for name in _named(manifest):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)


def pack(folder: Path, target: Path) -> Path:
    """Pack a staged folder with tfx, rewrite the VSIX so that its bytes are always the same, and return it.

    Raises:
        SystemExit: with the output of tfx, when it refuses or warns.
    """
    command = [str(ROOT / "node_modules" / ".bin" / "tfx"), "extension", "create", "--no-color", "--no-prompt"]
    command += ["--root", str(folder), "--manifests", MANIFEST, "--output-path", str(target)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    said = done.stdout + done.stderr
    made = list(target.glob("*.vsix"))
    if done.returncode or "warning" in said.lower():
        for vsix in made:
            vsix.unlink()
        raise SystemExit(f"tfx refused the extension, or warned about it:\n{said}")
    [vsix] = made
    run_python("3.14", HERE / "archive.py", vsix)
    return vsix


def _named(manifest: Mapping[str, Any]) -> set[str]:
    """Return the files that a manifest names, and those in its folders, except the task's."""
    named = [one["path"] for one in (*manifest["content"].values(), *manifest["files"])]
    places = (ROOT / name for name in (*named, *manifest["icons"].values()) if name != "task")
    files = (file for place in places for file in (place.rglob("*") if place.is_dir() else (place,)))
    return {file.relative_to(ROOT).as_posix() for file in files if not file.is_dir()}


def _json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
