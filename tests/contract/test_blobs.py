"""Reading blobs from a real server over TLS: where they lie elsewhere, break off, are damaged, or take long."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import signal
import tarfile
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

import pytest
import trustme

from pytask.agent.network import read_network
from pytask.clock import Timeouts
from pytask.errors import Cancelled
from pytask.errors.image import ImageUnreadable
from pytask.errors.network import ResponseTooSlow, Unreachable
from pytask.errors.registry import ManifestMissing
from pytask.inspection.contents import ImageContents, Layer
from pytask.inspection.layers import inspect
from pytask.model import RegistryLogin, Secret
from pytask.registry.challenge import Challenge
from pytask.registry.contents import Repository
from pytask.registry.session import RegistrySession
from pytask.registry.sign_in import PasswordSignIn
from tests.contract.http_clients import an_http_client
from tests.contract.registry_server import RegistryServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

QUICK = Timeouts(http_attempts=3, http_first_wait=0.01, http_longest_wait=0.05, progress=0.05)
CONTENT = os.urandom(300_000)


@dataclass(kw_only=True)
class Answer:
    """What the server answers once; of a body only what was asked for."""

    status: int = 200
    body: bytes = CONTENT
    headers: dict[str, str] = field(default_factory=dict)
    drips: bool = False
    """Send a byte every 50 ms instead, for ever."""
    cut: int = 0
    """Close the connection in the middle, after so many bytes; 0 does not."""
    held: threading.Event | None = None
    """Send the second half only when this is set."""


class Server(RegistryServer):
    """A registry and a storage in one: answers what it was told, and remembers the headers it was asked with."""

    def __init__(self, authority: trustme.CA) -> None:
        self.answers: deque[Answer] = deque()
        self.blobs: dict[str, Answer] = {}
        """What blobs are answered with, by digest; everything else in the order of `answers`."""
        self.asked: list[tuple[str, dict[str, str]]] = []
        super().__init__(authority, self._handler())

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append((self.path, dict(self.headers)))
                answer = server.blobs.get(self.path.rpartition("/")[2]) or server.answers.popleft()
                offset = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
                body = answer.body[offset:]
                self.send_response(206 if offset and answer.status == 200 else answer.status)
                for name, value in {"Content-Length": str(len(body)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                while answer.drips:
                    self.wfile.write(b"x")
                    time.sleep(0.05)
                middle = answer.cut or len(body) // 2
                self.wfile.write(body[:middle])
                if answer.cut:
                    self.close_connection = True
                    return
                if answer.held:
                    answer.held.wait(10)
                self.wfile.write(body[middle:])

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                del format, args

        return Handler


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    authority = trustme.CA()
    bundle = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    monkeypatch.setenv("NO_PROXY", "localhost")
    one = Server(authority)
    yield one
    one.close()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def repository(server: Server, said: list[str]) -> Repository:
    return a_repository(server, said, QUICK)


def a_repository(server: Server, said: list[str], timeouts: Timeouts) -> Repository:
    http = an_http_client(timeouts, said.append, network=read_network(os.environ, Secret))
    login = RegistryLogin(host=server.host, user="me", password=Secret("the password"))
    session = RegistrySession(
        server.host,
        http=http,
        mask=Secret,
        challenge=Challenge(scheme="basic", realm="registry"),
        sign_in=PasswordSignIn(login),
    )
    return Repository(session=session, name="app")


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def read(repository: Repository, wanted: str = digest(CONTENT)) -> bytes:
    with repository.blob(wanted, len(CONTENT)) as pieces:
        return b"".join(pieces)


def test_a_blob_that_lies_elsewhere_is_fetched_there_without_the_registrys_credentials(
    server: Server, repository: Repository
) -> None:
    server.answers += [
        Answer(status=307, body=b"", headers={"Location": f"https://{server.host}/blobs/data?sig=a%2Bb"}),
        Answer(),
    ]
    assert read(repository) == CONTENT
    (first, with_password), (second, without) = server.asked
    assert first == f"/v2/app/blobs/{digest(CONTENT)}"
    assert with_password["Authorization"] == "Basic bWU6dGhlIHBhc3N3b3Jk"
    assert second == "/blobs/data?sig=a%2Bb"
    assert "Authorization" not in without


def test_a_blob_that_breaks_off_is_read_on_from_there(server: Server, repository: Repository, said: list[str]) -> None:
    elsewhere = Answer(status=307, body=b"", headers={"Location": "/blobs/data"})
    server.answers += [elsewhere, Answer(cut=200_000), elsewhere, Answer()]
    assert read(repository) == CONTENT
    ranges = [headers.get("Range") for _, headers in server.asked]
    assert ranges[:2] == [None, None]
    assert ranges[2] == ranges[3]
    assert 0 < int(str(ranges[3])[len("bytes=") : -1]) <= 200_000
    assert said == ["the connection to localhost was interrupted; resuming in 0 s"]


def test_a_blob_that_always_breaks_off_is_given_up(server: Server, repository: Repository) -> None:
    server.answers += [Answer(cut=1000)] * QUICK.http_attempts
    with pytest.raises(Unreachable, match="localhost"):
        read(repository)
    assert not server.answers


def test_a_blob_with_other_bytes_than_its_digest_says_is_damaged(server: Server, repository: Repository) -> None:
    server.answers.append(Answer(body=CONTENT[:-1] + b"?"))
    with pytest.raises(ImageUnreadable) as caught:
        read(repository)
    assert caught.value.part == digest(CONTENT)
    assert "its bytes have the digest sha256:" in caught.value.detail


def test_a_blob_that_is_longer_than_its_manifest_says_is_not_read_to_its_end(
    server: Server, repository: Repository, said: list[str]
) -> None:
    server.answers.append(Answer(body=CONTENT * 100))
    with pytest.raises(ImageUnreadable) as caught:
        read(repository)
    assert caught.value.detail == "it is longer than the 300000 bytes in its manifest"
    assert said == []


def test_a_blob_that_drips_is_given_up(server: Server, said: list[str]) -> None:
    slow = Timeouts(http_attempts=2, http_first_wait=0.01, http_total=0.2, slowest_blob=3_000_000)
    server.answers += [Answer(drips=True), Answer(drips=True)]
    began = time.monotonic()
    with pytest.raises(ResponseTooSlow) as caught:
        read(a_repository(server, said, slow))
    assert 0.5 < time.monotonic() - began < 10, "0.3 s for each, which is 0.2 s and what its size takes"
    assert caught.value.detail.startswith("not complete after 0.")


def test_a_blob_that_is_not_there_is_told(server: Server, repository: Repository) -> None:
    server.answers.append(Answer(status=404, body=b"{}"))
    with pytest.raises(ManifestMissing):
        read(repository)


def test_a_manifest_that_is_not_what_its_digest_says_is_damaged(server: Server, repository: Repository) -> None:
    server.answers.append(Answer(body=b"{}"))
    with pytest.raises(ImageUnreadable):
        repository.manifest_text(digest(b"another"))


def a_layer(*, size: int = 0) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        entry = tarfile.TarInfo("file")
        entry.size = size
        archive.addfile(entry, io.BytesIO(os.urandom(size)))
    return gzip.compress(written.getvalue())


def an_image(*blobs: bytes) -> ImageContents:
    """Return an image of these layers."""
    media_type = "application/vnd.oci.image.layer.v1.tar+gzip"
    layers = tuple(
        Layer(digest=digest(blob), size_bytes=len(blob), media_type=media_type, instruction="COPY . /")
        for blob in blobs
    )
    return ImageContents(reference="app:1", digest=digest(b"app"), layers=layers, user="", platform="linux/amd64")


def test_layers_in_a_storage_out_of_reach_are_told_as_unread_and_asked_for_once(
    server: Server, repository: Repository
) -> None:
    # Names of .test are never resolved: https://www.rfc-editor.org/rfc/rfc6761#section-6.2
    server.answers += [Answer(status=307, body=b"", headers={"Location": "https://storage.contoso.test/data"})] * 6
    seen = inspect(repository, an_image(*(a_layer(size=size) for size in range(6))), frozenset())
    assert (seen.read, seen.bytes_read, len(seen.unread)) == (0, 0, 6)
    assert {reason for _, reason in seen.unread} == {"this agent cannot read from storage.contoso.test"}
    assert len(server.asked) <= 2  # one for each reader


def test_the_largest_layers_are_begun_with(server: Server, repository: Repository) -> None:
    blobs = [a_layer(size=size) for size in (10, 20_000, 30_000, 40)]
    held = threading.Event()  # until both readers have asked: else one might be done before the other begins
    server.blobs |= {digest(blob): Answer(body=blob, held=held) for blob in blobs}
    threading.Timer(0.3, held.set).start()
    assert inspect(repository, an_image(*blobs), frozenset()).bytes_read == sum(map(len, blobs))
    first = {path.rpartition("/")[2] for path, _ in server.asked[:2]}
    assert first == {digest(blobs[1]), digest(blobs[2])}


def test_a_registry_that_breaks_off_is_a_failure(server: Server, repository: Repository) -> None:
    blob = a_layer(size=50_000)
    server.answers += [Answer(body=blob, cut=1000)] * QUICK.http_attempts
    with pytest.raises(Unreachable):
        inspect(repository, an_image(blob), frozenset())


def test_a_layer_is_read_to_its_last_byte_though_the_archive_in_it_ends_before(
    server: Server, repository: Repository
) -> None:
    blob = a_layer()
    server.answers.append(Answer(body=blob + b"more than was pushed"))
    with pytest.raises(ImageUnreadable) as caught:
        inspect(repository, an_image(blob), frozenset())
    assert "its bytes have the digest" in caught.value.detail


def test_a_layer_that_takes_long_is_no_silence(server: Server, repository: Repository, said: list[str]) -> None:
    held = threading.Event()
    quick, slow = a_layer(), a_layer(size=400_000)
    server.answers += [Answer(body=slow, held=held)]
    threading.Timer(0.2, held.set).start()
    inspect(repository, an_image(quick, slow), frozenset({digest(quick)}))
    assert said[0].startswith("0 of 1 layers inspected, 0 MB read")


def test_a_cancellation_ends_the_reading_and_its_threads(server: Server, repository: Repository) -> None:
    def cancel(_signal: int, _frame: FrameType | None) -> None:
        raise Cancelled

    held = threading.Event()
    blobs = [a_layer(size=400_000 + number) for number in range(5)]
    server.blobs |= {digest(blob): Answer(body=blob, held=held) for blob in blobs}
    before = signal.signal(signal.SIGUSR1, cancel)
    try:
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            inspect(repository, an_image(*blobs), frozenset())
        assert time.monotonic() - began < 45
    finally:
        signal.signal(signal.SIGUSR1, before)
        held.set()
    for thread in threading.enumerate():
        if thread.name == "inspect":
            thread.join(5)
            assert not thread.is_alive()
    assert len(server.asked) <= 2, "another layer was begun after the end"
