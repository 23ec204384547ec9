"""`npm run measure:packing`: how long the build context for ACR Tasks takes to pack, held against Python's tarfile.

30,000 files as a `node_modules` has them, warm in the system's cache, with an ignore file as templates of .NET have it.
tarfile packs all of them, without rules; the best of three of each counts.
"""

from __future__ import annotations

import io
import random
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pytask.builders.acr.archive import packed

if TYPE_CHECKING:
    from collections.abc import Callable

FILES, TIMES = 30_000, 3
MOST = 1.5
"""Of what tarfile takes, with the same compression."""
LEVEL = 1
_TEXT = b"export function thing(a, b) { return a + b; } // words and more words\n"
_IGNORED = """\
**/.classpath
**/.dockerignore
**/.env
**/.git
**/.gitignore
**/.project
**/.settings
**/.toolstarget
**/.vs
**/.vscode
**/*.*proj.user
**/*.dbmdl
**/*.jfm
**/azds.yaml
**/bin
**/charts
**/docker-compose*
**/Dockerfile*
**/obj
**/secrets.dev.yaml
**/values.dev.yaml
LICENSE
!**/README.md
"""


def main() -> int:
    """Print the figures; return 1 where packing takes longer than it may."""
    with tempfile.TemporaryDirectory(prefix="packing-") as folder:
        root = Path(folder)
        _write(root)
        ours = _best(lambda: _pack(root))
        bare = _best(lambda: _tar(root, "w:gz", compresslevel=LEVEL))
        plain = _best(lambda: _tar(root, "w"))
    _say(f"{FILES:,} files: packed in {ours:.2f} s with {len(_IGNORED.splitlines())} patterns")
    _say(f"tarfile alone, compressed alike: {bare:.2f} s, so {ours / bare:.2f} of it (at most {MOST})")
    _say(f"tarfile alone, not compressed: {plain:.2f} s, so {ours / plain:.2f} of it")
    return int(ours > MOST * min(bare, plain))


def _write(root: Path) -> None:
    chance = random.Random(1)  # noqa: S311 - the same files each time
    for number in range(FILES):
        folder = root / "node_modules" / f"package-{number // 60}" / f"lib{number % 7}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"file{number}.js").write_bytes(_TEXT * chance.randint(1, 80))
    (root / "Dockerfile").write_text("FROM scratch\n")
    (root / ".dockerignore").write_text(_IGNORED)


def _pack(root: Path) -> None:
    for _ in packed(root, root / "Dockerfile"):
        pass


def _tar(root: Path, mode: str, **options: int) -> None:
    with tarfile.open(fileobj=io.BytesIO(), mode=mode, **options) as archive:  # type: ignore[call-overload] # a mode
        archive.add(root, arcname=".")


def _best(work: Callable[[], None]) -> float:
    seconds = []
    for _ in range(TIMES):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - this is its output


if __name__ == "__main__":
    sys.exit(main())
