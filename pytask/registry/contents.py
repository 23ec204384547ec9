"""The contents of the registry: manifests by HEAD and GET, blobs as a stream. Read only.

Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

from __future__ import annotations

import hashlib
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from pytask.cloud.answers import correlation_id
from pytask.cloud.download import pieces
from pytask.cloud.http import Call, request
from pytask.cloud.transport import only
from pytask.errors.foreign import beginning
from pytask.errors.image import ImageUnreadable
from pytask.errors.network import ResponseTooLarge
from pytask.errors.registry import ManifestMissing
from pytask.model.reference import Digest, NotAReference, digest_of
from pytask.network.place import is_address, is_inner_address, place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from azure.core.rest import HttpResponse

    from pytask.cloud.http import HttpClient
    from pytask.errors import TaskFailure
    from pytask.registry.session import RegistrySession

MANIFEST_TYPES = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)
_REDIRECTS = frozenset(
    {
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.SEE_OTHER,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }
)
_MOST_REDIRECTS = 3
_MORE = 64 << 10
"""Bytes read beyond a blob's size: a slightly longer blob has another digest, which makes a better error message."""
_AS_IT_IS = {"Accept-Encoding": "identity"}
"""A digest covers the bytes that the registry stores, so nothing in between may compress them again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """The manifest or index that a tag or digest points at."""

    digest: Digest
    """Of an index or a manifest, if the registry says which of the two."""
    media_type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """One repository, for reading."""

    session: RegistrySession
    name: str

    def manifest(self, tag_or_digest: str) -> Manifest:
        """Return digest and media type, as the registry reports them.

        Raises:
            ManifestMissing: when there is no such image.
        """
        asked, accept = partial(Call, doing="look up the image"), {"Accept": ", ".join(MANIFEST_TYPES)}
        answer = self._asked("HEAD", f"manifests/{tag_or_digest}", asked, accept)
        # Not every registry sends this header.
        digest = answer.headers.get("Docker-Content-Digest") or _digest(self.manifest_text(tag_or_digest))
        media_type = answer.headers.get("Content-Type", "").partition(";")[0]
        try:
            return Manifest(digest=digest_of(digest, media_type), media_type=media_type)
        except NotAReference as error:
            raise self.ruined(tag_or_digest, str(error)) from error

    def manifest_text(self, tag_or_digest: str) -> bytes:
        """Return the manifest itself, byte for byte; its digest is that of these bytes.

        Raises:
            ManifestMissing: when there is no such image.
            ImageUnreadable: when a digest was asked for and the bytes have another.
        """
        accept = {"Accept": ", ".join(MANIFEST_TYPES), **_AS_IT_IS}
        asked = partial(Call, doing="read the image's manifest")
        text = self._asked("GET", f"manifests/{tag_or_digest}", asked, accept).content
        if tag_or_digest.startswith("sha256:") and _digest(text) != tag_or_digest:
            raise self.ruined(tag_or_digest, f"its bytes have the digest {_digest(text)}")
        return text

    @contextmanager
    def blob(self, digest: str, size: int) -> Iterator[Iterator[bytes]]:
        """Return a blob of `size` bytes in chunks, without keeping any. Reading it to the end verifies its digest.

        Raises:
            ManifestMissing: when there is no such blob.
            ImageUnreadable: when there are more bytes, or at the end, when they have another digest.
            NetworkFailure: when the blob cannot be read to its end; its `host` may be the registry's storage.
        """
        with closing(self._confirmed(digest, size)) as confirmed:
            yield confirmed

    @property
    def http(self) -> HttpClient:
        """The HTTP client for the registry, with this run's clock and timeouts."""
        return self.session.http

    @property
    def host(self) -> str:
        """The name of the registry's own host; layers may be stored elsewhere."""
        return urlsplit(self.session.url(self.name, "")).hostname or ""

    def ruined(self, digest: str, detail: str) -> ImageUnreadable:
        """Return the failure for a manifest, layer or configuration that is damaged or invalid."""
        return ImageUnreadable(reference=f"{self.session.host}/{self.name}", part=digest, detail=detail)

    def _confirmed(self, digest: str, size: int) -> Generator[bytes, None, None]:
        checksum = hashlib.sha256()
        with closing(pieces(self.http, lambda offset: self._stored(digest, size, offset))) as body:
            try:
                for piece in body:
                    checksum.update(piece)
                    yield piece
            except ResponseTooLarge as error:
                raise self.ruined(digest, f"it is longer than the {size} bytes in its manifest") from error
        if f"sha256:{checksum.hexdigest()}" != digest:
            raise self.ruined(digest, f"its bytes have the digest sha256:{checksum.hexdigest()}")

    def _stored(self, digest: str, size: int, offset: int) -> HttpResponse:
        """Return an open response with a blob from a byte offset on, wherever the registry stores it.

        Azure Container Registry redirects to a storage account, with a signature in the URL. The registry's own token
        must not be sent there, and the storage refuses it. No layer is downloaded without TLS.
        Sources: https://learn.microsoft.com/azure/container-registry/container-registry-dedicated-data-endpoints,
        https://github.com/Azure/acr/issues/217
        """
        doing, wanted = "read a layer", HTTPStatus.PARTIAL_CONTENT if offset else HTTPStatus.OK
        headers = {**_AS_IT_IS, **({"Range": f"bytes={offset}-"} if offset else {})}
        accept = {wanted, *_REDIRECTS}
        left = max(0, size - offset)
        seconds = self.http.timeouts.http_total + left / self.http.timeouts.slowest_blob
        asked = partial(Call, doing=doing, most_bytes=left + _MORE, seconds=seconds)
        answer = self._asked("GET", f"blobs/{digest}", asked, headers, accept=accept, stream=True)
        for _ in range(_MOST_REDIRECTS):
            if answer.status_code == wanted:
                return answer
            address = self._elsewhere(digest, answer)
            call = asked(request=request("GET", address, headers=headers), accept=accept)
            answer = self.http.send(call, stream=True)
        if answer.status_code != wanted:
            answer.close()
            raise self.ruined(digest, f"it is redirected more than {_MOST_REDIRECTS} times")
        return answer

    def _elsewhere(self, digest: str, answer: HttpResponse) -> str:
        """Return the URL that a redirect leads to.

        Whatever answers as the registry must not make this agent call services in its own network, so an IP address in
        the URL must be a public one.
        """
        self.http.read(answer)  # to its end, so that the connection can be reused for the next layer
        told = answer.headers.get("Location", "")
        address = urljoin(answer.request.url, told) if is_address(told) else told
        place = place_of(address)
        if place is None:
            raise self.ruined(digest, f"it is redirected to an address without TLS ({beginning(address, 200)})")
        if is_inner_address(place.host) and place != place_of(answer.request.url):
            raise self.ruined(digest, f"it is redirected into this agent's own network ({place})")
        self.session.mask(urlsplit(address).query)
        return address

    def _asked(
        self,
        method: str,
        path: str,
        asked: Callable[..., Call],
        headers: Mapping[str, str],
        *,
        accept: AbstractSet[int] = frozenset({HTTPStatus.OK}),
        stream: bool = False,
    ) -> HttpResponse:
        url = self.session.url(self.name, path)
        answers = {*accept, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}

        def sent() -> HttpResponse:
            authorization = self.session.authorization(self.name)
            signed = {"Authorization": authorization, **headers} if authorization else headers
            call = asked(request=request(method, url, headers=signed), accept=answers, only_to=only(url))
            return self.http.send(call, stream=stream)

        answer = sent()
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            answer.close()
            self.session.forget()
            answer = sent()
        if answer.status_code not in accept:
            raise self._refusal(path, self.http.read(answer))
        return answer

    def _refusal(self, path: str, answer: HttpResponse) -> TaskFailure:
        if answer.status_code != HTTPStatus.NOT_FOUND:
            return self.session.refusal(answer)
        reference = f"{self.session.host}/{self.name} ({path})"
        return ManifestMissing(reference=reference, correlation_id=correlation_id(answer))


def _digest(text: bytes) -> str:
    return f"sha256:{hashlib.sha256(text).hexdigest()}"
