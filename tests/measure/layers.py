"""`npm run measure:layers`: what inspecting an image's layers costs, held against its push, on a local Azure.

Every layer is new, of copies of the base image's own files (programs, libraries, Python sources) or of random bytes,
which is the hardest case: nothing is packed as fast as what cannot be. Push and inspection are the real ones.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.images import BASE, build, push
from tests.local_azure.azure import LocalAzure

from .reading import Figures

if TYPE_CHECKING:
    from tests.local_azure.state.state import Principal, RegistryState

ROOT = Path(__file__).parents[2]
LAYERS = 8
COPY_GIGABYTES = 0.0265
"""What one copy of the base image's files packs to."""
MOST_OF_PUSH = 0.6
MOST_MEGABYTES = 100.0
MOST_FOR_SMALL = 0.1
SECRET = "measured"


class Bench:
    """A registry with a principal that may push, and an engine to push from."""

    def __init__(self, azure: LocalAzure) -> None:
        self._azure = azure
        self.registry: RegistryState = azure.add_registry("contoso")
        self._principal: Principal = azure.add_principal("bench", secret=SECRET, roles={self.registry.id: "AcrPush"})

    def pushed(self, name: str, *instructions: str) -> float:
        """Build an image and push it; give the seconds of the push."""
        reference = f"{self.registry.login_server}/{name}"
        build(self._azure.agent_engine, reference, {"Dockerfile": "\n".join(instructions), "small": name})
        began = time.perf_counter()
        push(self._azure.agent_engine, reference, self._principal)
        return time.perf_counter() - began

    def read(self, name: str, *known: str) -> Figures:
        """Read the layers of an image that are not among `known`."""
        repository, tag = name.split(":")
        access = [self._principal.client_id, SECRET, self.registry.login_server, repository, tag]
        done = subprocess.run(
            [sys.executable, "-m", "tests.measure.reading", *access, *known],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **self._azure.environment},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return Figures(**json.loads(done.stdout))


def main() -> int:
    """Measure; give 1 when a limit was not kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--gigabytes", type=float, default=0.4, help="size of the image, packed (default: 0.4)")
    parser.add_argument("--random", action="store_true", help="layers of random bytes instead of files")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="measure-") as folder,
        LocalAzure(folder=Path(folder), cache=ROOT / ".cache") as azure,
    ):
        return _measured(Bench(azure), _instructions(asked.gigabytes / LAYERS, random=asked.random))


def _measured(bench: Bench, instructions: list[str]) -> int:
    pushing = bench.pushed("measure:large", *instructions)
    large = bench.read("measure:large")
    bench.pushed("measure:small", *instructions, "COPY small /small")
    small = bench.read("measure:small", *large.layers)
    once = set(bench.registry.blob_reads.values()) == {1} and large.read == len(large.layers)
    ratio = large.seconds / pushing
    _say(f"image    {len(large.layers)} layers, {large.bytes_read / 1e9:.2f} GB packed; pushed in {pushing:.1f} s")
    _say(f"all new  inspected in {large.seconds:.2f} s, {ratio:.2f} of the push (limit {MOST_OF_PUSH})")
    _say(f"         {large.megabytes:.0f} MB of memory (limit {MOST_MEGABYTES:.0f}), every layer read once: {once}")
    _say(f"one new  {small.read} layer inspected in {small.seconds:.3f} s (limit {MOST_FOR_SMALL})")
    kept = ratio <= MOST_OF_PUSH and large.megabytes <= MOST_MEGABYTES and small.seconds <= MOST_FOR_SMALL
    return 0 if kept and once else 1


def _instructions(gigabytes: float, *, random: bool) -> list[str]:
    """Return a Dockerfile whose every layer has that size, packed."""
    layers = [f"RUN {_random(gigabytes) if random else _copies(gigabytes)} # {number}" for number in range(LAYERS)]
    return [f"FROM {BASE}", *layers]


def _copies(gigabytes: float) -> str:
    copies = max(1, round(gigabytes / COPY_GIGABYTES))
    folder = "folder=/data/$(cat /proc/sys/kernel/random/uuid) && mkdir -p $folder"
    return f"{folder} && for number in $(seq {copies}); do cp -r /usr $folder/$number; done"


def _random(gigabytes: float) -> str:
    return f"mkdir -p /data && head -c {round(gigabytes * 1e9)} /dev/urandom >/data/$(cat /proc/sys/kernel/random/uuid)"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
