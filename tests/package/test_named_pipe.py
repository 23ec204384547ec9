"""Docker's named pipe on Windows without pywin32: here a terminal is the thing with a path that carries both ways."""

from __future__ import annotations

import os
import pty
import socket
import subprocess
import threading
import tty
from typing import TYPE_CHECKING

from tests.package.pythons import pythons

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.local_azure.azure import LocalAzure

PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
import requests
from docker.transport import NpipeHTTPAdapter
session = requests.Session()
session.mount("http+docker://", NpipeHTTPAdapter("npipe://" + sys.argv[2]))
for _ in range(2):
    print(session.get("http+docker://localnpipe/version").json()["Version"])
body = b'{"Image": "no-such-image", "Labels": {"much": "' + b"x" * 100_000 + b'"}}'
print(session.post("http+docker://localnpipe/containers/create", data=body,
                   headers={"Content-Type": "application/json"}).status_code)
"""


def test_an_engine_behind_a_named_pipe_is_spoken_to(azure: LocalAzure, task: Path) -> None:
    engine = socket.socket(socket.AF_UNIX)
    engine.connect(azure.agent_engine.url.removeprefix("unix://"))
    here, there = pty.openpty()
    tty.setraw(there)
    for pump in (threading.Thread(target=_pump, args=ends, daemon=True) for ends in _both_ways(here, engine)):
        pump.start()
    version, python = next(iter(pythons().items()))
    archive = task / "python" / f"cpython-{version.replace('.', '')}.zip"
    command = [str(python), "-I", "-S", "-c", PROGRAM, str(archive), os.ttyname(there)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    engine.close()
    told = done.stdout.split()
    assert told[0] == told[1] != ""
    assert told[2] == "404"


def _both_ways(terminal: int, engine: socket.socket) -> Iterator[tuple[int, int]]:
    return iter(((terminal, engine.fileno()), (engine.fileno(), terminal)))


def _pump(source: int, target: int) -> None:
    try:
        while data := os.read(source, 65536):
            while data:
                data = data[os.write(target, data) :]
    except OSError:
        return
