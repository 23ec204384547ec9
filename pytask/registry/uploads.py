"""Writing what is no image into the registry: the build cache's own configuration and manifest.

Images are pushed by whoever built them. Source:
https://github.com/opencontainers/distribution-spec/blob/main/spec.md#push
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from pytask.cloud.http import Call, request
from pytask.cloud.transport import only
from pytask.errors.cache import CacheNotWritten
from pytask.network.place import place_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from azure.core.rest import HttpResponse

    from pytask.registry.session import RegistrySession

_ACTIONS = "pull,push"
_DOING = "write the build cache"
_REFUSALS = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}


@dataclass(frozen=True, kw_only=True, slots=True)
class Uploads:
    """One repository, for writing."""

    session: RegistrySession
    repository: str

    def put_blob(self, content: bytes) -> tuple[str, int]:
        """Put a small blob there, and return its digest and size.

        Raises:
            TaskFailure: why the registry does not accept it.
        """
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        answer = self._sent("POST", self.session.url(self.repository, "blobs/uploads/"), {HTTPStatus.ACCEPTED})
        begun = urljoin(answer.request.url, answer.headers.get("Location", ""))
        if place_of(begun) != place_of(answer.request.url):
            raise self._failed(f"the registry expects the upload at another host ({place_of(begun)})")
        url = f"{begun}{'&' if '?' in begun else '?'}digest={digest}"
        self._sent("PUT", url, {HTTPStatus.CREATED}, content, "application/octet-stream")
        return digest, len(content)

    def put_manifest(self, tag: str, manifest: bytes, media_type: str) -> None:
        """Put a manifest there under a tag, which then means it and nothing else.

        Raises:
            TaskFailure: why the registry does not accept it.
        """
        url = self.session.url(self.repository, f"manifests/{tag}")
        self._sent("PUT", url, {HTTPStatus.CREATED}, manifest, media_type)

    def _sent(
        self, method: str, url: str, accept: AbstractSet[int], content: bytes | None = None, media_type: str = ""
    ) -> HttpResponse:
        answer = self._answered(method, url, accept, content, media_type)
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            self.session.forget()
            answer = self._answered(method, url, accept, content, media_type)
        if answer.status_code in accept:
            return answer
        if answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise self.session.refusal(answer)
        raise self._failed(f"the registry answered {answer.status_code}")

    def _answered(
        self, method: str, url: str, accept: AbstractSet[int], content: bytes | None, media_type: str
    ) -> HttpResponse:
        asked = request(method, url, headers=self._headers(media_type), content=content)
        return self.session.http.send(Call(request=asked, doing=_DOING, accept=accept | _REFUSALS, only_to=only(url)))

    def _headers(self, media_type: str) -> Mapping[str, str]:
        authorization = self.session.authorization(self.repository, _ACTIONS)
        given = {"Authorization": authorization, "Content-Type": media_type}
        return {name: value for name, value in given.items() if value}

    def _failed(self, detail: str) -> CacheNotWritten:
        return CacheNotWritten(reference=f"{self.session.host}/{self.repository}", detail=detail)
