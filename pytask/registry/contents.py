"""What the registry holds: manifests by HEAD and GET, blobs as a stream. Read only.

Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.cloud.answers import correlation_id
from pytask.cloud.http import Call, request
from pytask.errors.registry import ManifestMissing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure.core.rest import HttpResponse

    from pytask.model import Secret
    from pytask.registry.tokens import RegistrySession

MANIFEST_TYPES = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)
_FOUND_OR_NOT = frozenset({200, 404})
_NOT_FOUND = 404


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """What a tag or digest stands for."""

    digest: str
    media_type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Repository:
    """One repository, open for reading."""

    session: RegistrySession
    name: str
    token: Secret

    def manifest(self, tag_or_digest: str) -> Manifest:
        """Give digest and media type, as the registry itself states them.

        Raises:
            ManifestMissing: when there is no such image.
        """
        answer = self._asked(
            "HEAD", f"manifests/{tag_or_digest}", "look up the image", {"Accept": ", ".join(MANIFEST_TYPES)}
        )
        return Manifest(
            digest=answer.headers["Docker-Content-Digest"],
            media_type=answer.headers.get("Content-Type", "").partition(";")[0],
        )

    @contextmanager
    def blob(self, digest: str) -> Iterator[Iterator[bytes]]:
        """Give a blob piece by piece; nothing of it is kept.

        Raises:
            ManifestMissing: when there is no such blob.
        """
        answer = self._asked("GET", f"blobs/{digest}", "read a layer", {}, stream=True)
        try:
            yield answer.iter_raw()
        finally:
            answer.close()

    def _asked(
        self, method: str, path: str, doing: str, headers: dict[str, str], *, stream: bool = False
    ) -> HttpResponse:
        url = f"https://{self.session.login_server}/v2/{self.name}/{path}"
        bearer = {"Authorization": f"Bearer {self.token.reveal()}", **headers}
        call = Call(request=request(method, url, headers=bearer), doing=doing, accept=_FOUND_OR_NOT)
        answer = self.session.azure.door.send(call, stream=stream)
        if answer.status_code == _NOT_FOUND:
            reference = f"{self.session.login_server}/{self.name} ({path})"
            raise ManifestMissing(reference=reference, correlation_id=correlation_id(answer))
        return answer


def open_repository(session: RegistrySession, name: str) -> Repository:
    """Give a repository of the registry one is signed in to."""
    return Repository(session=session, name=name, token=session.access_token(name))
