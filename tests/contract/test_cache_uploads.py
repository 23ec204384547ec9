"""Writing a build cache into a registry that answers over TLS: what is sent, and what a refusal becomes."""

from __future__ import annotations

from collections import deque
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

import pytest
import trustme

from pytask.agent.network import read_network
from pytask.clock import Timeouts
from pytask.errors import TaskFailure
from pytask.errors.cache import CacheNotWritten
from pytask.model import RegistryLogin, Secret
from pytask.registry.challenge import Challenge
from pytask.registry.session import RegistrySession
from pytask.registry.sign_in import PasswordSignIn
from pytask.registry.uploads import Uploads
from tests.contract.http_clients import an_http_client
from tests.contract.registry_server import RegistryServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

QUICK = Timeouts(http_attempts=2, http_first_wait=0.01, http_longest_wait=0.02)


class Server(RegistryServer):
    """A registry that gives the answers it was told, in order: status and `Location`."""

    def __init__(self, authority: trustme.CA) -> None:
        self.answers: deque[tuple[int, str]] = deque()
        self.seen: list[tuple[str, str, str, bytes]] = []
        """Method, path, media type and body of each call."""
        super().__init__(authority, self._handler())

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                server.seen.append((self.command, self.path, self.headers.get("Content-Type") or "", body))
                status, location = server.answers.popleft()
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_PUT = do_POST  # noqa: N815 - the name that the server calls

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Server, Uploads]]:
    """Return a registry, and what writes into its repository `shop-cache`."""
    authority = trustme.CA()
    bundle = tmp_path / "authorities.pem"
    authority.cert_pem.write_to_path(str(bundle))
    one = Server(authority)
    login = RegistryLogin(host=one.host, user="robot", password=Secret("pw"))
    session = RegistrySession(
        one.host,
        http=an_http_client(QUICK, network=read_network({"REQUESTS_CA_BUNDLE": str(bundle)}, Secret)),
        mask=Secret,
        challenge=Challenge(scheme="basic"),
        sign_in=PasswordSignIn(login),
    )
    yield one, Uploads(session=session, repository="shop-cache")
    one.close()


def test_a_blob_is_put_where_the_registry_says(server: tuple[Server, Uploads]) -> None:
    registry, uploads = server
    registry.answers += [(202, "/v2/shop-cache/blobs/uploads/1?state=x"), (201, "")]
    digest, size = uploads.put_blob(b"cache")
    assert (digest[:7], size) == ("sha256:", 5)
    begun, put = registry.seen
    assert begun[:2] == ("POST", "/v2/shop-cache/blobs/uploads/")
    assert put[0] == "PUT"
    assert put[1] in {
        f"/v2/shop-cache/blobs/uploads/1?state=x&digest={digest}",
        f"/v2/shop-cache/blobs/uploads/1?state=x&digest={digest.replace(':', '%3A')}",
    }
    assert put[3] == b"cache"


def test_a_manifest_is_put_under_its_tag_with_its_type(server: tuple[Server, Uploads]) -> None:
    registry, uploads = server
    registry.answers.append((201, ""))
    uploads.put_manifest("main-1", b"{}", "application/type")
    assert registry.seen == [("PUT", "/v2/shop-cache/manifests/main-1", "application/type", b"{}")]


def test_a_call_that_is_refused_once_for_its_credentials_is_sent_with_new_ones(server: tuple[Server, Uploads]) -> None:
    registry, uploads = server
    registry.answers += [(401, ""), (201, "")]
    uploads.put_manifest("main-1", b"{}", "application/type")
    assert len(registry.seen) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_registry_that_refuses_is_a_failure(server: tuple[Server, Uploads], status: int) -> None:
    registry, uploads = server
    registry.answers += [(status, "")] * 2
    with pytest.raises(TaskFailure):
        uploads.put_manifest("main-1", b"{}", "application/type")


def test_a_body_is_never_sent_to_another_host(server: tuple[Server, Uploads]) -> None:
    registry, uploads = server
    registry.answers.append((202, "https://elsewhere.example/upload"))
    with pytest.raises(CacheNotWritten, match="cache-not-written"):
        uploads.put_blob(b"cache")
    assert len(registry.seen) == 1
