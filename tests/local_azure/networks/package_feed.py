"""A private package feed for pip: a real server on this machine that gives nothing without its token.

Sources: https://packaging.python.org/en/latest/specifications/simple-repository-api/ and, for user and token,
https://learn.microsoft.com/azure/devops/artifacts/quickstarts/python-packages
"""

from __future__ import annotations

import base64
import hashlib
import io
import threading
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WHEEL = "greeting-1.0-py3-none-any.whl"
USER = "VssSessionToken"


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageFeed:
    """A feed with one package, `greeting`, whose module says `hello from the feed`."""

    port: int
    token: str

    @property
    def url(self) -> str:
        """The address of the feed's one package."""
        return f"http://127.0.0.1:{self.port}/simple/greeting/"

    @property
    def pip_configuration(self) -> str:
        """A `pip.conf` for the feed, with user and token in the address, as PipAuthenticate@1 writes it."""
        return f"[global]\nindex-url = http://{USER}:{self.token}@127.0.0.1:{self.port}/simple/\n"


@contextmanager
def a_package_feed(token: str) -> Iterator[PackageFeed]:
    """Return a feed that answers for the time of the block."""
    expected = "Basic " + base64.b64encode(f"{USER}:{token}".encode()).decode()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(expected))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield PackageFeed(port=server.server_port, token=token)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(expected: str) -> type[BaseHTTPRequestHandler]:
    wheel = _wheel()
    link = f'<a href="/files/{WHEEL}#sha256={hashlib.sha256(wheel).hexdigest()}">{WHEEL}</a>'
    pages = {"/simple/greeting/": ("text/html", link.encode()), f"/files/{WHEEL}": ("application/zip", wheel)}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.headers.get("Authorization") != expected:
                self._answer(HTTPStatus.UNAUTHORIZED, "text/plain", b"", {"WWW-Authenticate": 'Basic realm="feed"'})
            elif self.path in pages:
                self._answer(HTTPStatus.OK, *pages[self.path])
            else:
                self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _answer(self, status: int, kind: str, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    return Handler


def _wheel() -> bytes:
    """Return the package: https://packaging.python.org/en/latest/specifications/binary-distribution-format/."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("greeting.py", "TEXT = 'hello from the feed'\n")
        about = "greeting-1.0.dist-info"
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    return packed.getvalue()
