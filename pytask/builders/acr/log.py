"""The log of a run: a blob that grows, read from where the last read ended.

Source: https://learn.microsoft.com/rest/api/storageservices/get-blob; its end is in the blob's metadata, as in
https://github.com/Azure/azure-cli/blob/dev/src/azure-cli/azure/cli/command_modules/acr/_stream_utils.py
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from pytask.cloud.http import Call, request
from pytask.cloud.poll import NotAllowed, Seen
from pytask.cloud.transport import only
from pytask.errors import TaskFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.core.rest import HttpResponse

    from pytask.cloud.http import HttpClient
    from pytask.cloud.poll import Reading

_AT_ONCE = 4 << 20
"""Bytes."""
_LONGEST_LINE = 64 << 10
"""Characters; a longer line is shown in parts."""
_NOT_THERE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE})
_EXPIRED = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED})
_UTF_8 = codecs.getincrementaldecoder("utf-8")
_COMPLETE = "x-ms-meta-complete"


@dataclass(kw_only=True, slots=True)
class RunLog:
    """A log, and how far it was read."""

    http: HttpClient
    ask_address: Callable[[], Reading[str]]
    mask: Callable[[str], None]
    """Keeps the signature of an address out of our own log."""
    ended: str = ""
    """How the run ended, as the log says; empty until it does."""
    offset: int = 0
    """Bytes read."""
    refused: bool = False
    """Whether Azure has refused to tell the address."""
    _address: str = ""
    _ask_at: float = 0.0
    _rest: str = ""
    _decoder: codecs.IncrementalDecoder = field(default_factory=lambda: _UTF_8("replace"))

    def read(self) -> list[str]:
        """Return the lines since the last read; none when there is no log yet, or it cannot be read now."""
        try:
            return self._read()
        except TaskFailure:
            return []

    def rest(self) -> list[str]:
        """Return what is left of the last line, which has no end."""
        left, self._rest = self._rest, ""
        return [left] if left else []

    def _read(self) -> list[str]:
        if not self._address and not self._find():
            return []
        head = self._asked("HEAD", {})
        if head.status_code != HTTPStatus.OK:
            return []
        length = head.headers.get("Content-Length", "")
        new = b""
        if length.isdecimal() and int(length) > self.offset:
            until = min(int(length), self.offset + _AT_ONCE) - 1
            answer = self._asked("GET", {"Range": f"bytes={self.offset}-{until}"})
            new = _from(answer, self.offset)
        self.offset += len(new)
        if length.isdecimal() and self.offset >= int(length):
            self.ended = head.headers.get(_COMPLETE, "").lower()
        return self._lines(self._decoder.decode(new))

    def _find(self) -> bool:
        """Ask for an address, and tell whether there is one; after a refusal not at once again."""
        now = self.http.clock.monotonic()
        address = self.ask_address() if now >= self._ask_at else None
        if isinstance(address, NotAllowed):
            self._ask_at, self.refused = now + self.http.timeouts.longest_poll, True
        if not isinstance(address, Seen):
            return False
        self._address = address.value
        self.mask(self._address)
        return True

    def _asked(self, method: str, headers: dict[str, str]) -> HttpResponse:
        accept = frozenset({HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT, *_NOT_THERE, *_EXPIRED})
        asked = request(method, self._address, headers={"Accept-Encoding": "identity", **headers})
        call = partial(Call, doing="read the build's log", accept=accept, attempts=self.http.timeouts.poll_attempts)
        answer = self.http.send(call(request=asked, only_to=only(self._address), most_bytes=_AT_ONCE))
        if answer.status_code in _EXPIRED:
            self._address = ""
        return answer

    def _lines(self, text: str) -> list[str]:
        *lines, self._rest = (self._rest + text).replace("\r\n", "\n").split("\n")
        while len(self._rest) > _LONGEST_LINE:
            lines.append(self._rest[:_LONGEST_LINE])
            self._rest = self._rest[_LONGEST_LINE:]
        return [line.rstrip("\r") for line in lines]


def _from(answer: HttpResponse, offset: int) -> bytes:
    """Return the bytes from an offset on; a server that does not know ranges has sent those before it too."""
    if answer.status_code == HTTPStatus.PARTIAL_CONTENT:
        return answer.content
    return answer.content[offset:] if answer.status_code == HTTPStatus.OK else b""
