"""Passing a request on to a real server behind the front, byte by byte, with every repeated header kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, web
from multidict import CIMultiDict
from yarl import URL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    },
)
"""Headers that end at each hop. Source: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1"""

_CHUNK = 256 * 1024


def upstream_session() -> ClientSession:
    """Return a client that passes bytes on as they are: no decoding, no cookies, no proxy."""
    return ClientSession(
        connector=TCPConnector(limit=0),
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,
        timeout=ClientTimeout(total=None),
        trust_env=False,
    )


async def pass_on(
    request: web.Request,
    session: ClientSession,
    server: str,
    *,
    reword: Callable[[int], str | None] = lambda _status: None,
) -> web.StreamResponse:
    """Have `server` (a base URL) answer this request, both bodies streamed; raises aiohttp.ClientError.

    The host asked for stays in the Host header, so that the server's own links lead back to the front.
    `reword` may give another JSON body for an answer with some status.
    """
    async with session.request(
        request.method,
        URL(server + request.raw_path, encoded=True),
        headers=_end_to_end(request.headers),
        data=request.content if request.can_read_body else None,
        allow_redirects=False,
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
    ) as upstream:
        if (other := reword(upstream.status)) is not None:
            return _reworded(upstream, other)
        response = web.StreamResponse(status=upstream.status, headers=_end_to_end(upstream.headers))
        await response.prepare(request)
        async for chunk in upstream.content.iter_chunked(_CHUNK):
            await response.write(chunk)
        await response.write_eof()
        return response


def _reworded(upstream: ClientResponse, body: str) -> web.Response:
    kept = {name: value for name, value in upstream.headers.items() if name.lower() in {"www-authenticate", "date"}}
    return web.Response(status=upstream.status, headers=kept, text=body, content_type="application/json")


def _end_to_end(headers: Mapping[str, str]) -> CIMultiDict[str]:
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in _HOP_BY_HOP)
