"""`npm run measure:memory`: the most memory of Python, and the time, with the largest answers and outputs.

Each case runs in a process of its own. Azure and the engine answer from this one. No Docker is needed.
The checkout's libraries are larger than those that the extension carries, so what counts is the memory beyond that of a
process that has loaded them and does nothing: the packed task has 47 MB then (`npm run measure:package`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING

from tests.agent.under_test import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PACKED = 47
"""Megabytes of the packed task that has loaded everything."""
MOST_MEGABYTES, MOST_WITH_A_LOG = 80 - PACKED, 150 - PACKED
"""Megabytes beyond that."""
FUNCTIONS, SETTINGS, ENTRIES = 10_000, 5_000, 30_000
_SECONDS = 300
_SIZE = 100_000_000
_PIECE = 120_000
_READY = (
    b"2026-11-27T12:00:01.100Z INFO  - Pulling image: contoso.azurecr.io/shop:7\n"
    b"2026-11-27T12:00:01.300Z INFO  - docker run -d --name shop_1_0a1b2c3d contoso.azurecr.io/shop:7\n"
    b"2026-11-27T12:00:04.000Z INFO  - Container shop_1_0a1b2c3d for site shop initialized successfully and is ready\n"
)
_LOGS = {
    "of nine digits": b"2026-11-27T12:00:09.123456789Z info: Host.Triggers.Warmup[0] the app says this for ever\n",
    "of seven digits": b"2026-11-27T12:00:09.1234567Z info: Host.Triggers.Warmup[0] the app says this for ever\n",
    "of the platform's words": b"2026-11-27T12:00:09.1234567Z Container start method called.\n",
    "of empty lines": b"\n",
    "in one line": b"",
}
_DOCKER = """#!/bin/sh
case "$1" in
  version) echo '{{"Client":{{"Version":"28.0.4"}},"Server":{{"Version":"28.0.4","Os":"linux","ApiVersion":"1.44"}}}}';;
  buildx) echo buildx v0.29;;
  build) {prints} | head -c {size}; echo; exit 1;;
esac
"""
_BUILDS = {"in lines": "yes '#7 0.52 npm WARN deprecated some-package@1.0.0'", "in one line": "tr '\\0' x < /dev/zero"}
_VERSION = b'{"ApiVersion":"1.44"}'


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What one case took."""

    name: str
    megabytes: float
    seconds: float
    most: int

    def beyond(self, idle: Figures) -> float:
        """Return the megabytes that it took beyond those of a process that does nothing."""
        return self.megabytes - idle.megabytes

    def row(self, idle: Figures) -> str:
        """Return its row of the table."""
        memory = f"{self.megabytes:>6.0f} MB{self.beyond(idle):>8.0f} MB{self.most:>6} MB"
        return f"{self.name:<50}{memory}{self.seconds:>7.1f} s{'  too much' if self.beyond(idle) > self.most else ''}"


def log(line: bytes) -> Iterable[bytes]:
    """Return a log of 100 MB in pieces: a start, and one line again and again, or one line without an end."""
    piece = line * (_PIECE // len(line)) if line else b"x" * _PIECE
    return chain([_READY], repeat(piece, _SIZE // len(piece)))


def functions() -> Iterable[bytes]:
    """Return Azure's list of functions, each with what it has: https://learn.microsoft.com/rest/api/appservice/web-apps/list-functions."""
    bindings = [{"type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "function"}]
    yield b'{"value":['
    for number in range(FUNCTIONS):
        name, host = f"Function{number:05}", "https://shop.azurewebsites.net"
        hrefs = {f"{one}_href": f"{host}/admin/vfs/home/site/wwwroot/{name}/{one}" for one in ("script", "config")}
        properties = {"name": name, "invoke_url_template": f"{host}/api/{name}", "config": {"bindings": bindings}}
        item = {"id": f"/subscriptions/s/x/{name}", "name": f"shop/{name}", "properties": {**properties, **hrefs}}
        yield (b"," if number else b"") + json.dumps(item).encode()
    yield b"]}"


def settings() -> Iterable[bytes]:
    """Return many app settings."""
    yield json.dumps({"properties": {f"Section__Name{number}": "value " * 10 for number in range(SETTINGS)}}).encode()


def pushed() -> Iterable[bytes]:
    """Return what an engine tells of a push of an hour: progress of a layer, half a million times."""
    one = b'{"status":"Pushing","progressDetail":{"current":512,"total":99},"id":"5f70bf18a086"}\r\n'
    return chain(repeat(one * 100, 5_000), [b'{"status":"7: digest: sha256:%s size: 5"}\r\n' % (b"b" * 64)])


@contextmanager
def answering(body: Callable[[], Iterable[bytes]]) -> Iterator[str]:
    """Yield the address of a server whose every answer has this body, in chunks."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in [_VERSION] if self.path.endswith("/version") else body():
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")

        do_POST = do_GET  # noqa: N815 - the base class's naming

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def measured(name: str, case: str, body: Callable[[], Iterable[bytes]], *, most: int = MOST_MEGABYTES) -> Figures:
    """Run a case to which the parent gives this answer."""
    with answering(body) as url:
        address = url.replace("http://", "tcp://") if case == "push" else url
        return _run(name, case, address, {}, most)


def built(name: str, prints: str) -> Figures:
    """Run a whole task whose docker command prints 100 MB and fails."""
    with tempfile.TemporaryDirectory() as folder:
        docker = Path(folder, "docker")
        docker.write_text(_DOCKER.format(prints=prints, size=_SIZE), encoding="utf-8")
        docker.chmod(0o755)
        Path(folder, "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
        inputs = {
            "INPUT_COMMAND": "build",
            "INPUT_IMAGENAME": "shop",
            "BUILD_BUILDID": "7",
            "AGENT_TEMPDIRECTORY": folder,
        }
        inputs |= {"BUILD_SOURCESDIRECTORY": folder, "SYSTEM_DEFAULTWORKINGDIRECTORY": folder}
        with answering(list) as url:
            return _run(name, "build", url.replace("http://", "tcp://"), inputs, MOST_MEGABYTES)


def _run(name: str, case: str, address: str, environment: dict[str, str], most: int) -> Figures:
    reading, writing = os.pipe()  # the task takes the end of its input for the end of the shim
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "tests.measure.shortages", case, address],
        check=True, cwd=ROOT, env={**os.environ, **environment}, stdin=reading, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, timeout=_SECONDS,
    )  # fmt: skip
    os.close(reading)
    os.close(writing)
    return Figures(name=name, megabytes=float(done.stderr or 0), seconds=time.monotonic() - began, most=most)


def cases() -> Iterator[Figures]:
    """Run the cases, one after the other."""
    yield measured("30,000 files in a layer", "layer", list)
    yield measured("10,000 functions", "functions", functions)
    yield measured("5,000 app settings", "settings", settings)
    yield measured("500,000 events of a push", "push", pushed)
    for name, prints in _BUILDS.items():
        yield built(f"100 MB of build output {name}", prints)
    for name, line in _LOGS.items():
        yield measured(f"100 MB of platform log {name}", "log", partial(log, line), most=MOST_WITH_A_LOG)


def main() -> None:
    """Measure and print; exit with 1 when a case takes too much."""
    sys.stdout.write(f"{'case':<50}{'peak':>9}{'beyond':>11}{'limit':>9}{'time':>9}\n")
    idle = measured("everything loaded, nothing done", "idle", list)
    too_much = False
    for one in chain([idle], cases()):
        sys.stdout.write(f"{one.row(idle)}\n")
        sys.stdout.flush()
        too_much |= one.beyond(idle) > one.most
    sys.exit(1 if too_much else 0)


if __name__ == "__main__":
    main()
