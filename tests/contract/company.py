"""A company's network on loopback: real TLS, an authority of its own, and a proxy that asks who calls."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import trustme

from pytask.model import Network, Proxy, Secret
from tests.local_azure.front.connect_proxy import ConnectProxy
from tests.local_azure.front.loop_thread import LoopThread

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

HOST = "management.contoso.test"
SIGN_IN = "login.contoso.test"
"""Names of .test are never resolved: https://www.rfc-editor.org/rfc/rfc6761#section-6.2"""
CREDENTIALS = "build-agent:p@ss:wörd/%"
EMPTY = b'{"count": 0, "value": []}'


class Server:
    """Answers 200 over TLS, to those whose certificate the context asks for."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.breaks_off = False
        """Whether it hangs up instead of answering."""
        server = self

        class Handler(BaseHTTPRequestHandler):
            def setup(self) -> None:
                try:
                    self.request.do_handshake()
                except ssl.SSLError:
                    # As servers do: a connection that is cut off at once takes what was said last with it.
                    while socket.socket.recv(self.request, 4096):
                        pass
                    raise
                super().setup()

            def do_GET(self) -> None:
                if server.breaks_off:
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(EMPTY)))
                self.end_headers()
                self.wfile.write(EMPTY)

            do_POST = do_GET  # noqa: N815 - the base class's naming
            do_OPTIONS = do_GET  # noqa: N815 - the base class's naming

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                del format, args

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign] # a refused handshake is no news
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


@dataclass(frozen=True, kw_only=True)
class Company:
    """A company's network: one authority that signs everything, one proxy that leads out."""

    authority: trustme.CA
    authorities: Path
    server: Server
    proxy: ConnectProxy

    def network(self, credentials: str = CREDENTIALS) -> Network:
        """Return the way out through the proxy, as whoever calls it."""
        user, _, password = credentials.partition(":")
        address = f"http://127.0.0.1:{self.proxy.port}"
        proxy = Proxy(address=address, user=user, password=Secret(password) if password else None)
        return Network(proxy=proxy, authorities=self.authorities)


def server_context(authority: trustme.CA, *names: str, not_after: dt.datetime | None = None) -> ssl.SSLContext:
    """Return what a server needs to answer under these names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, not_after=not_after).configure_cert(context)
    return context


@contextmanager
def a_company(folder: Path) -> Iterator[Company]:
    """Return a company whose proxy leads to HOST and SIGN_IN."""
    authority = trustme.CA(organization_name="Contoso", organization_unit_name="TLS inspection")
    authorities = folder / "contoso.pem"
    authority.cert_pem.write_to_path(str(authorities))
    server = Server(server_context(authority, HOST, SIGN_IN, "localhost", "127.0.0.1"))
    proxy = ConnectProxy(serves=lambda host: host in {HOST, SIGN_IN}, refused=lambda _: None, credentials=CREDENTIALS)
    loop = LoopThread()
    loop.run(proxy.start(target_port=server.port))
    yield Company(authority=authority, authorities=authorities, server=server, proxy=proxy)
    loop.run(proxy.stop())
    loop.stop()
    server.close()
