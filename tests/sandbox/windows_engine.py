"""The little that an engine for Windows containers has to say before anybody knows better than to build with it.

Docker's own command asks it. Source: https://docs.docker.com/reference/api/engine/version/v1.44/#tag/System
"""

from __future__ import annotations

import json
import socketserver
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERSION = {
    "Version": "29.1.5",
    "ApiVersion": "1.52",
    "MinAPIVersion": "1.24",
    "Os": "windows",
    "Arch": "amd64",
    "KernelVersion": "10.0 26100 (26100.1.amd64fre.ge_release.240331-1435)",
    "GoVersion": "go1.25",
    "GitCommit": "3b01d64",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowsEngine:
    """An engine that answers; `asked` are the paths of what it was asked, in order."""

    url: str
    asked: list[str]


@contextmanager
def a_windows_engine(path: Path) -> Iterator[WindowsEngine]:
    """Have such an engine listen on a socket at `path`, for the time of the block."""
    engine = WindowsEngine(url=f"unix://{path}", asked=[])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            engine.asked.append(self.path)
            known = self.path == "/_ping" or self.path.endswith("/version")
            body = (b"OK" if self.path == "/_ping" else json.dumps(VERSION).encode()) if known else b"{}"
            self.send_response(200 if known else 501)
            headers = {"Api-Version": "1.52", "Ostype": "windows", "Docker-Experimental": "false"}
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 - the base class's naming
        do_POST = do_GET  # noqa: N815 - the base class's naming

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            del format, args

        def address_string(self) -> str:
            return "a client"

    with socketserver.ThreadingUnixStreamServer(str(path), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield engine
        server.shutdown()
