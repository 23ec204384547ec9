"""The storage account behind ACR Tasks: contexts that are uploaded, and logs that grow.

Sources: https://learn.microsoft.com/rest/api/storageservices/put-blob, …/put-block, …/put-block-list, …/get-blob
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aiohttp import web

from tests.local_azure.front.routes import NotServedError

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST = "weuacrtaskprod064.blob.core.windows.net"
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"
_LIFETIMES = {"cw": timedelta(minutes=60), "r": timedelta(minutes=70)}
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_ERROR = (
    '<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{text}\nRequestId:{id}</Message></Error>'
)
_BAD_SIGNATURE = "Server failed to authenticate the request. Make sure the value of Authorization header is correct."


@dataclass
class Blob:
    """One blob: a context, or a log."""

    content: bytearray = field(default_factory=bytearray)
    metadata: dict[str, str] = field(default_factory=dict)
    blocks: dict[str, bytes] = field(default_factory=dict)
    """Those that no list has named yet."""


class TasksStorage:
    """One account for all registries; whoever shows a good signature gets at one blob."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self.blobs: dict[str, Blob] = {}
        """By path."""

    def serves(self, host: str) -> bool:
        """Answer under the account's one name."""
        return host == HOST

    def address(self, path: str, permissions: str) -> str:
        """Return the signed address of a blob, to write it (`cw`) or to read it (`r`)."""
        until = f"{datetime.now(timezone.utc) + _LIFETIMES[permissions]:{_MOMENT}}"
        signature = self._signature(path, until, permissions)
        given = {"sv": "2023-01-03", "se": until, "sr": "b", "sp": permissions, "sig": signature}
        return f"https://{HOST}{path}?{urlencode(given)}"

    async def answer(self, request: web.Request, host: str) -> web.StreamResponse:  # noqa: ARG002 - Room's form
        """Write or read one blob."""
        if "Authorization" in request.headers:
            return _refusal(400, "InvalidAuthenticationInfo", "Authentication information is not given correctly.")
        needed = "w" if request.method == "PUT" else "r"
        if not self._lets(request, needed):
            return _refusal(403, "AuthenticationFailed", _BAD_SIGNATURE)
        match request.method, request.query.get("comp", ""):
            case "PUT", "" | "block" | "blocklist" as part:
                return await self._put(request, part)
            case "HEAD" | "GET", "":
                return self._read(request)
            case other:
                raise NotServedError(f"{other} of a blob")

    async def refuse(self, request: web.Request, status: int) -> web.Response:  # noqa: ARG002 - Room's form
        """Return an error in the shape of Azure Storage."""
        return _refusal(status, "ServerBusy", "The server is currently unable to receive requests.")

    async def _put(self, request: web.Request, part: str) -> web.Response:
        blob = self.blobs.setdefault(request.path, Blob())
        content = await request.read()
        if part == "block":
            blob.blocks[request.query["blockid"]] = content
        elif part == "blocklist":
            names = re.findall(r"<Latest>([^<]+)</Latest>", content.decode())
            if any(name not in blob.blocks for name in names):
                return _refusal(400, "InvalidBlockList", "The specified block list is invalid.")
            blob.content[:] = b"".join(blob.blocks[name] for name in names)
        elif request.headers.get("x-ms-blob-type") != "BlockBlob":
            return _refusal(400, "MissingRequiredHeader", "x-ms-blob-type is missing.")
        else:
            blob.content[:] = content
        digest = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        return web.Response(status=201, headers={"Content-MD5": digest, "x-ms-request-server-encrypted": "true"})

    def _read(self, request: web.Request) -> web.Response:
        blob = self.blobs.get(request.path)
        if blob is None:
            return _refusal(404, "BlobNotFound", "The specified blob does not exist.", head=request.method == "HEAD")
        headers = {f"x-ms-meta-{name}": value for name, value in blob.metadata.items()}
        headers |= {"x-ms-blob-type": "AppendBlob", "Accept-Ranges": "bytes"}
        content = bytes(blob.content)
        if request.method == "HEAD":
            return web.Response(headers={**headers, "Content-Length": str(len(content))})
        asked = _RANGE.fullmatch(request.headers.get("Range", ""))
        if asked is None:
            return web.Response(body=content, headers=headers)
        first, last = int(asked[1]), min(int(asked[2] or len(content)), len(content) - 1)
        if first >= len(content):
            return _refusal(416, "InvalidRange", "The range specified is invalid.")
        told = {"Content-Range": f"bytes {first}-{last}/{len(content)}"}
        return web.Response(status=206, body=content[first : last + 1], headers={**headers, **told})

    def _lets(self, request: web.Request, needed: str) -> bool:
        query: Mapping[str, str] = request.query
        until, permissions = query.get("se", ""), query.get("sp", "")
        good = self._signature(request.path, until, permissions)
        in_time = until >= f"{datetime.now(timezone.utc):{_MOMENT}}"
        return needed in permissions and in_time and hmac.compare_digest(good, query.get("sig", ""))

    def _signature(self, path: str, until: str, permissions: str) -> str:
        told = f"{path}\n{until}\n{permissions}".encode()
        return base64.b64encode(hmac.new(self._key, told, hashlib.sha256).digest()).decode()


def _refusal(status: int, code: str, text: str, *, head: bool = False) -> web.Response:
    body = None if head else _ERROR.format(code=code, text=text, id=uuid.uuid4())
    return web.Response(status=status, text=body, content_type="application/xml", headers={"x-ms-error-code": code})
