"""A world on loopback: hosts that answer as scripted, and a foreign server behind every other name.

Every connection ends here, whatever name is dialed, and every name has a certificate that is trusted: nothing but the
product's own care keeps a credential from the foreign server.
"""

from __future__ import annotations

import json
import os
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import trustme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import pytest

    Answer = tuple[int, dict[str, str], object]

_LOOPBACK = "127.0.0.1"
ENTRA, ARM, REGISTRY = "login.microsoftonline.com", "management.azure.com", "contoso.azurecr.io"
SECRETS = ("the-client-secret", "the-password", "entra-token", "refresh-token", "registry-token")
"""Each credential of these runs holds one of these words."""
_GIVEN = "what-the-foreign-server-gave"
"""It may have back what it gave itself."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request, as a server got it."""

    host: str
    port: int
    line: str
    headers: Mapping[str, str]
    body: str

    def has_credentials(self) -> bool:
        """Whether anything secret came with it, in whatever form."""
        told = f"{self.line}\n{dict(self.headers)}\n{self.body}"
        own = {name: value for name, value in self.headers.items() if value != f"Bearer {_GIVEN}"}
        return any(name.lower() in {"authorization", "cookie"} for name in own) or any(one in told for one in SECRETS)


@dataclass
class World:
    """What is asked of whom."""

    answers: dict[str, Callable[[Asked], Answer]] = field(default_factory=dict)
    """By host, at its usual port; every other place is the foreign server's."""
    asked: list[Asked] = field(default_factory=list)
    strange: list[Asked] = field(default_factory=list)
    """What the foreign server got."""
    dialed: list[tuple[str, int]] = field(default_factory=list)
    """Every place that a connection was opened to."""

    def answer(self, asked: Asked) -> Answer:
        """Answer one request."""
        if asked.port == 443 and asked.host in self.answers:
            self.asked.append(asked)
            return self.answers[asked.host](asked)
        self.strange.append(asked)
        return _greedy(asked)

    def foreign_places(self) -> set[tuple[str, int]]:
        """Return the places that were dialed and are none of the scripted ones."""
        return {place for place in self.dialed if place[1] != 443 or place[0] not in self.answers}


def _greedy(asked: Asked) -> Answer:
    """Answer as somebody who would have everything: a challenge that leads home, tokens for every question."""
    if asked.line.split()[1].startswith("/v2/"):
        here = f"{asked.host}:{asked.port}"
        return 401, {"WWW-Authenticate": f'Bearer realm="https://{here}/oauth2/token",service="{here}"'}, {}
    return 200, {}, {**dict.fromkeys(("access_token", "refresh_token", "token"), _GIVEN), "value": []}


@contextmanager
def a_world(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[World]:
    """Return a world that the HTTP client of this process is in; Entra ID answers there."""
    world, authority = World(answers={ENTRA: entra}), _authority()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(folder / "ca.pem"))
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    places: dict[int, tuple[str, int]] = {}
    server = _server(world, authority, places)

    def connect(address: tuple[str, int], *_: object, **__: object) -> socket.socket:
        if address[0] == _LOOPBACK:
            return socket.create_connection(address)  # a server that a test has besides
        world.dialed.append(address)
        connection = socket.socket()
        connection.bind((_LOOPBACK, 0))
        places[connection.getsockname()[1]] = address
        try:
            connection.connect((_LOOPBACK, server.server_port))
        except OSError:  # the run is over, and some thread of it goes on
            connection.close()
            raise
        return connection

    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield world
    server.shutdown()
    server.server_close()


def _server(world: World, authority: trustme.CA, places: Mapping[int, tuple[str, int]]) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            host, port = places[self.client_address[1]]
            length = int(self.headers.get("Content-Length") or 0)
            asked = Asked(
                host=host,
                port=port,
                line=self.requestline,
                headers=dict(self.headers),
                body=self.rfile.read(length).decode(errors="replace"),
            )
            status, headers, body = world.answer(asked)
            sent = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {
                "Content-Length": str(len(sent)),
                "Content-Type": "application/json",
                **headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(sent)

        do_HEAD = do_POST = do_PATCH = do_PUT = do_OPTIONS = do_GET  # noqa: N815 - the base class's naming

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            del format, args

    class Server(ThreadingHTTPServer):
        def get_request(self) -> tuple[Any, Any]:
            connection, address = super().get_request()
            return _greeted(connection, authority), address

        def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base class's
            del request, client_address

    return Server((_LOOPBACK, 0), Handler)


def _greeted(connection: socket.socket, authority: trustme.CA) -> socket.socket:
    """Speak TLS as whoever was meant; without TLS the request is read as it is."""
    if connection.recv(1, socket.MSG_PEEK) != b"\x16":
        return connection
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    def meant(secured: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with suppress(ValueError):  # of a name that nobody could have there is no certificate
            _certificate(authority, name or "localhost").configure_cert(own)
            secured.context = own

    _certificate(authority, "localhost").configure_cert(context)
    context.sni_callback = meant
    with suppress(OSError):
        return context.wrap_socket(connection, server_side=True)
    return connection


@cache
def _authority() -> trustme.CA:
    return trustme.CA()


@cache
def _certificate(authority: trustme.CA, name: str) -> trustme.LeafCert:
    return authority.issue_cert(name)


def entra(asked: Asked) -> Answer:
    """Answer as Entra ID: every tenant is there, and every secret is right."""
    if "openid-configuration" in asked.line:
        base = f"https://{ENTRA}/tenant"
        found = {"authorization_endpoint": f"{base}/authorize", "token_endpoint": f"{base}/oauth2/v2.0/token"}
        return 200, {}, {**found, "issuer": f"{base}/v2.0"}
    return 200, {}, {"access_token": "entra-token", "expires_in": 3600, "token_type": "Bearer"}


def registry(realm: str = f"https://{REGISTRY}/oauth2/token") -> Callable[[Asked], Answer]:
    """Answer as a registry of Azure with a realm; it gives whatever it is asked for."""

    def answer(asked: Asked) -> Answer:
        path = asked.line.split()[1]
        if path == "/v2/":
            return 401, {"WWW-Authenticate": f'Bearer realm="{realm}",service="{REGISTRY}"'}, {}
        if path.startswith("/oauth2/"):
            return 200, {}, {"refresh_token": "refresh-token", "access_token": "registry-token"}
        return 200, {"Docker-Content-Digest": f"sha256:{'a' * 64}"}, {}

    return answer
