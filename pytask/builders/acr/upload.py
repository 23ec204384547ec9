"""Uploading a build context while it is packed. The address carries its own signature, and no credential goes there.

Source: https://learn.microsoft.com/rest/api/storageservices/put-blob, …/put-block and …/put-block-list
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlsplit

from pytask.background import Background
from pytask.builders.acr.archive import Packed, packed
from pytask.cloud.answers import correlation_id
from pytask.cloud.http import Call, request
from pytask.cloud.transport import only
from pytask.errors.acr_build import AcrUploadRefused
from pytask.errors.foreign import beginning, without_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from azure.core.rest import HttpResponse

    from pytask.builders.builder import Machine
    from pytask.cloud.http import HttpClient
    from pytask.model import Recipe

_DOING = "upload the build context"
_AT_ONCE = 8 << 20
"""Bytes of a block; a context below that is sent in one call, as `az acr build` does."""
_VERSION = {"x-ms-version": "2021-12-02"}
_MEGABYTE = 1_000_000
_REFUSED = frozenset({400, 401, 403, 404, 405, 409, 411, 412, 413})
_LONGEST = 500


def mask_signature(machine: Machine, url: str) -> None:
    """Keep the signature of an address out of the log, as it is written there and as it is meant."""
    for name, value in parse_qsl(urlsplit(url).query):
        if name == "sig":
            for written in dict.fromkeys((value, quote(value, safe=""))):
                machine.console.secret(written)


@dataclass(kw_only=True, slots=True)
class Upload:
    """A blob that is written block by block, each while the next one is packed."""

    http: HttpClient
    url: str
    sent: int = 0
    """Bytes."""
    _blocks: int = 0
    _sending: Background[HttpResponse] | None = None

    def add(self, block: bytes) -> None:
        """Send a block, once the one before it is there.

        Raises:
            TaskFailure: why the storage did not take an earlier block.
        """
        self._wait()
        name, self._blocks = self._name(self._blocks), self._blocks + 1
        query = f"&comp=block&blockid={quote(name, safe='')}"
        self._sending = Background(lambda: self._put(query, block, {}))
        self.sent += len(block)

    def finish(self, last: bytes) -> None:
        """Send what is left, and make all of it one blob.

        Raises:
            TaskFailure: why the storage did not take it.
        """
        if not self._blocks:
            self._put("", last, {"x-ms-blob-type": "BlockBlob"})
            self.sent += len(last)
            return
        self.add(last)
        self._wait()
        names = "".join(f"<Latest>{self._name(number)}</Latest>" for number in range(self._blocks))
        listed = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{names}</BlockList>'
        self._put("&comp=blocklist", listed.encode(), {"Content-Type": "application/xml"})

    def _wait(self) -> None:
        if self._sending:
            self._sending.result()
            self._sending = None

    def _name(self, number: int) -> str:
        return base64.b64encode(f"{number:06}".encode()).decode()

    def _put(self, query: str, content: bytes, headers: Mapping[str, str]) -> HttpResponse:
        timeouts = self.http.timeouts
        asked = request("PUT", self.url + query, headers={**_VERSION, **headers}, content=content)
        seconds = timeouts.http_total + len(content) / timeouts.slowest_blob
        accept = frozenset({HTTPStatus.CREATED, *_REFUSED})
        answer = self.http.send(
            Call(request=asked, doing=_DOING, accept=accept, only_to=only(self.url), seconds=seconds)
        )
        if answer.status_code != HTTPStatus.CREATED:
            said = beginning(without_page(answer.text()), _LONGEST) or answer.reason
            raise AcrUploadRefused(detail=f"{answer.status_code} {said}", correlation_id=correlation_id(answer))
        return answer


def upload_context(
    machine: Machine, http: HttpClient, url: str, recipe: Recipe, *, confirm: Callable[[], object]
) -> None:
    """Pack the build context and upload it; `confirm` is called from time to time, and raises when it is of no use.

    Raises:
        TaskFailure: why the context could not be packed or uploaded.
    """
    clock, began = machine.clock, machine.clock.monotonic()
    due, upload, so_far = began + machine.timeouts.progress, Upload(http=http, url=url), Packed()
    for block, so_far, is_last in _blocks(packed(recipe.context, recipe.dockerfile)):
        confirm()
        if is_last:
            upload.finish(block)
        elif block:
            upload.add(block)
        if clock.monotonic() >= due:
            machine.console.line(f"  {so_far.files:,} files packed, {upload.sent / _MEGABYTE:.1f} MB uploaded")
            due = clock.monotonic() + machine.timeouts.progress
    size, sent = so_far.size / _MEGABYTE, upload.sent / _MEGABYTE
    told = f"{so_far.files:,} files, {size:.1f} MB, compressed to {sent:.1f} MB"
    machine.console.line(f"Build context uploaded in {clock.monotonic() - began:.1f} s: {told}")


def _blocks(pieces: Iterator[tuple[bytes, Packed]]) -> Iterator[tuple[bytes, Packed, bool]]:
    """Yield pieces as blocks of one size, the last one marked; an empty block says how far it is in between."""
    gathered, so_far = bytearray(), Packed()
    for piece, so_far in pieces:
        gathered += piece
        while len(gathered) >= _AT_ONCE:
            yield bytes(gathered[:_AT_ONCE]), so_far, False
            del gathered[:_AT_ONCE]
        yield b"", so_far, False
    yield bytes(gathered), so_far, True
