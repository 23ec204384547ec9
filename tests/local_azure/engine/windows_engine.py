"""The little that an engine has to say before anybody knows better than to build with it: for Windows, or podman's.

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
    from collections.abc import Iterator, Mapping
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


# As podman's service answers: https://github.com/containers/podman/blob/main/pkg/api/handlers/compat/version.go
PODMANS_VERSION = {
    "Platform": {"Name": "linux/amd64/debian-unknown"},
    "Components": [
        {"Name": "Podman Engine", "Version": "5.8.6", "Details": {"APIVersion": "5.8.6", "Os": "linux"}},
        {"Name": "Conmon", "Version": "conmon version 2.1.13, commit: unknown", "Details": {"Package": "conmon"}},
        {"Name": "OCI Runtime (crun)", "Version": "crun version 1.24", "Details": {"Package": "crun"}},
    ],
    "Version": "5.8.6",
    "ApiVersion": "1.41",
    "MinAPIVersion": "1.24",
    "GitCommit": "",
    "GoVersion": "go1.25",
    "Os": "linux",
    "Arch": "amd64",
    "KernelVersion": "6.12.0",
}


_UNKNOWN = b'{"message":"there is no such thing here"}'


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowsEngine:
    """An engine that answers; `asked` are the paths of what it was asked, in order."""

    url: str
    asked: list[str]


@contextmanager
def a_windows_engine(
    path: Path, version: Mapping[str, object] = VERSION, *, images: int = 501
) -> Iterator[WindowsEngine]:
    """Have such an engine listen on a socket at `path`, for the time of the block.

    `version` is what it says it is, `images` the status for who asks for an image.
    """
    engine = WindowsEngine(url=f"unix://{path}", asked=[])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # engines keep connections open; Docker's SSH may lose the end of closed ones

        def do_GET(self) -> None:
            engine.asked.append(self.path)
            known = self.path.endswith(("/_ping", "/version"))
            body = (b"OK" if self.path.endswith("/_ping") else json.dumps(version).encode()) if known else _UNKNOWN
            self.send_response(200 if known else images if "/images/" in self.path else 501)
            headers = {
                "Api-Version": str(version["ApiVersion"]),
                "Ostype": str(version["Os"]),
                "Docker-Experimental": "false",
            }
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
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield engine
        server.shutdown()
