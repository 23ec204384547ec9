"""A registry at localhost, over TLS, that says what a test has it say."""

from __future__ import annotations

import ssl
import threading
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING

from pytask.model import RegistryHost

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

    import trustme


class RegistryServer:
    """Listens at `host` until it is closed, and hands each call to a handler."""

    def __init__(self, authority: trustme.CA, handler: type[BaseHTTPRequestHandler]) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.host = RegistryHost("localhost", self._server.server_port)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
