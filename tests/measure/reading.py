"""What `layers` measures, in a process of its own, as the task is one: reads an image's layers, prints figures as JSON.

The arguments are a client ID, its secret, a login server, a repository, a tag, and digests of layers to pass over.
"""

from __future__ import annotations

import json
import re
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from pytask import stages
from pytask.inspection.contents import read_image
from pytask.inspection.layers import inspect

from .connection import repository_for

stages.load()  # for its size only: a run of the task has all of its libraries in memory


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What reading cost."""

    seconds: float
    """From the manifest to the last layer's end; the task is signed in since the push."""
    megabytes: float
    """The most memory this process ever had."""
    layers: list[str]
    """Digests of the image's layers."""
    read: int
    bytes_read: int


def main(client_id: str, secret: str, login_server: str, name: str, tag: str, *known: str) -> None:
    """Read and print."""
    repository = repository_for(client_id, secret, login_server=login_server, name=name)
    began = time.perf_counter()
    image = read_image(repository, tag)
    seen = inspect(repository, image, frozenset(known))
    figures = Figures(
        seconds=time.perf_counter() - began,
        megabytes=most_memory(),
        layers=[layer.digest for layer in image.layers],
        read=seen.read,
        bytes_read=seen.bytes_read,
    )
    sys.stdout.write(json.dumps(asdict(figures)))


def most_memory() -> float:
    """Return the most memory that this process ever had, in megabytes."""
    # Not getrusage's figure: that begins with what the parent process had.
    # https://www.kernel.org/doc/html/latest/filesystems/proc.html
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 / 1_000_000 if found else 0.0


if __name__ == "__main__":
    main(*sys.argv[1:])
