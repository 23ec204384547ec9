"""What a scripted fault does to a call: another answer, none, or one that is damaged on its way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.local_azure.faults import Fault
    from tests.local_azure.front.routes import Room

_LOOK_EVERY = 0.05
_DRIPS = 6_000
"""Bytes until a drip ends by itself: five minutes."""
_SOME = b'{"value": [' + b" " * 2_000


async def meet(
    fault: Fault, room: Room, request: web.Request, answer: Callable[[], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Return what the call is answered; raises ConnectionResetError where the connection is cut instead."""
    done = await answer() if fault.after else None
    usual = await room.refuse(request, fault.status or 503) if fault.status is not None else None
    await _wait(request, fault.delay)
    if fault.drop:
        _cut(request)
        raise ConnectionResetError("cut by a scripted fault")
    if done is not None and done.prepared:
        return done  # a real server behind has answered already
    if usual is not None:
        usual.headers.update(fault.headers)
        if fault.body is not None:
            usual.text = fault.body
    if fault.damage:
        return await _damaged(fault, request, usual or done)
    return usual or done or await answer()


async def _wait(request: web.Request, seconds: float) -> None:
    """Wait, but no longer than the caller does."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while (left := until - loop.time()) > 0 and _is_there(request):  # noqa: ASYNC110 - nobody tells that it is gone
        await asyncio.sleep(min(left, _LOOK_EVERY))


async def _damaged(fault: Fault, request: web.Request, whole: web.StreamResponse | None) -> web.StreamResponse:
    body = whole.body if isinstance(whole, web.Response) and isinstance(whole.body, bytes) else _SOME
    status = whole.status if whole is not None else 200
    kind = whole.content_type if whole is not None else "application/json"
    if fault.damage == "bad gzip":
        return web.Response(
            status=status, body=b"\x1f\x8b" + body, content_type=kind, headers={"Content-Encoding": "gzip"}
        )
    response = web.StreamResponse(status=status, headers={"Content-Type": kind})
    if fault.damage == "drip":
        return await _dripping(request, response)
    response.content_length = len(body) + 1
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()  # what was written is sent first
    raise ConnectionResetError("ended early by a scripted fault")


async def _dripping(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    response.enable_chunked_encoding()
    await response.prepare(request)
    for _ in range(_DRIPS):
        if not _is_there(request):
            break
        await response.write(b" ")
        await asyncio.sleep(_LOOK_EVERY)
    return response


def _is_there(request: web.Request) -> bool:
    return request.transport is not None and not request.transport.is_closing()


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
