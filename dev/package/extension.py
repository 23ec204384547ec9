"""Stage the extension's files, and pack them into a VSIX with Microsoft's tfx; for the public and private variants."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from dev.package.compiler import HERE, ROOT, run_python

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MANIFEST = "vss-extension.json"
VARIANTS = HERE / "variants"
_INTO_REPOSITORY = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?://|#)([^)\s]+)\)")
_TASK_FILES = ("index.js", "sign.js", "launch.py", "icon.png")


def stage(folder: Path, variant: str) -> None:
    """Write the extension's files into a folder, without the carried libraries: the manifest, its documents, the task.

    A variant is a file of changes to the manifest and to task.json.
    """
    changes = json.loads((VARIANTS / f"{variant}.json").read_text(encoding="utf-8"))
    manifest = with_addresses({**_json(ROOT / MANIFEST), **changes["manifest"]})
    _write_json(folder / MANIFEST, manifest)
    help_link = {"helpMarkDown": f"[Learn more about this task]({store_page(manifest)})"}
    _write_json(folder / "task" / "task.json", {**_json(ROOT / "task" / "task.json"), **changes["task"], **help_link})
    for name in _TASK_FILES:
        shutil.copyfile(ROOT / "task" / name, folder / "task" / name)
    for name in _named(manifest):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    page = folder / manifest["content"]["details"]["path"]
    page.write_text(linked(page.read_text(encoding="utf-8"), pages(manifest)), encoding="utf-8")


def pages(manifest: Mapping[str, Any]) -> str:
    """Return the address below which the repository's files of this version are; empty when it has no address yet."""
    address = manifest.get("repository", {}).get("uri", "")
    return f"{address}/blob/v{manifest['version']}" if address else ""


def store_page(manifest: Mapping[str, Any]) -> str:
    """Return the address of the extension's page in the Marketplace."""
    return f"https://marketplace.visualstudio.com/items?itemName={manifest['publisher']}.{manifest['id']}"


def with_addresses(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest with all links to the repository, or without any when it has no address yet.

    Source of the keys: https://learn.microsoft.com/azure/devops/extend/develop/manifest#discovery-attributes
    """
    base = pages(manifest)
    if not base:
        return {name: value for name, value in manifest.items() if name != "repository"}
    files = {"getstarted": "README.md", "support": "SUPPORT.md", "license": "LICENSE", "privacypolicy": "PRIVACY.md"}
    links = {name: {"uri": f"{base}/{file}"} for name, file in files.items()}
    return {**manifest, "links": {**manifest["links"], **links}}


def linked(text: str, base: str) -> str:
    """Return a page with links into the repository led to `base`, or without these links when that is empty.

    The Marketplace has only this one page, so a relative link would lead nowhere.
    """
    return _INTO_REPOSITORY.sub(rf"[\g<1>]({base}/\g<2>)" if base else r"\g<1>", text)


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
