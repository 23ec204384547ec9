"""`npm run package`: build a VSIX from a checkout. Read this module from top to bottom."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from typing import TYPE_CHECKING

from dev.package.carried import write_carried
from dev.package.check import opened, problems
from dev.package.compiler import ROOT
from dev.package.extension import MANIFEST, VARIANTS, pack, pages, stage
from dev.package.libraries import install
from dev.package.papers import bill_of_materials, notices
from dev.package.settled import unsettled

if TYPE_CHECKING:
    from pathlib import Path

BUILD = ROOT / "build"
CACHE = ROOT / ".cache" / "package"


def main() -> int:
    """Write the VSIX into build/, print its size and any problem, and return the exit code."""
    arguments = argparse.ArgumentParser(prog="npm run package --", description=__doc__)
    variants = sorted(file.stem for file in VARIANTS.glob("*.json"))
    arguments.add_argument("--variant", choices=variants, default="private")
    started, variant = time.monotonic(), arguments.parse_args().variant
    if variant == "public" and (refused := unsettled()):
        print("\n".join(["the public variant cannot be built yet (docs/releasing.md):", *refused]))
        return 1
    vsix = build(variant)
    found = problems(opened(vsix))
    for problem in found:
        print(f"wrong: {problem}")
    print(f"{vsix.relative_to(ROOT)}: {vsix.stat().st_size / 1e6:.1f} MB in {time.monotonic() - started:.0f} s")
    return 1 if found else 0


def build(variant: str, target: Path = BUILD) -> Path:
    """Build a variant in a folder that is emptied first, and return the VSIX."""
    CACHE.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    staged = target / "extension"
    stage(staged, variant)
    shelf = install(ROOT / "pyproject.toml", ROOT / "requirements.lock", CACHE)
    manifest = json.loads((staged / MANIFEST).read_text(encoding="utf-8"))
    version, base = manifest["version"], pages(manifest)
    write_carried(shelf.folder, staged / "task" / "python", CACHE, f"{base}/docs" if base else "docs")
    (staged / "task" / "THIRD-PARTY-NOTICES.txt").write_text(notices(shelf.libraries), encoding="utf-8")
    (staged / "task" / "sbom.cdx.json").write_text(bill_of_materials(version, shelf.libraries), encoding="utf-8")
    return pack(staged, target)


if __name__ == "__main__":
    sys.exit(main())
