"""The CONNECT proxy: leads every connection to an Azure name to one port of ours, and no other anywhere.

As a company's it may ask who calls, and forbid hosts: https://www.rfc-editor.org/rfc/rfc9110#section-15.5.8
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_TURNS = 5
"""Of the loop, in which a connection that was just accepted begins, and a closed one closes its socket."""
_CHUNK = 256 * 1024


class ConnectProxy:
    """An HTTP proxy on a free port that knows CONNECT only.

    With `credentials` (`user:password`) it leads nobody else; to the `forbidden` hosts it leads nobody at all.
    """

    def __init__(self, *, serves: Callable[[str], bool], refused: Callable[[str], None], credentials: str = "") -> None:
        self.credentials = credentials
        self.forbidden: set[str] = set()
        self.led: list[str] = []
        """The hosts that it led to, in order."""
        self._serves = serves
        self._refused = refused
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._target_port = 0
        self.port = 0

    async def start(self, *, target_port: int, address: str = "127.0.0.1") -> None:
        """Listen; served names are led to `target_port` on loopback."""
        self._target_port = target_port
        self._server = await asyncio.start_server(self._accept, address, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port and every connection."""
        if self._server is not None:
            self._server.close()
        for _ in range(_TURNS):
            for connection in self._connections:
                connection.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)
            await asyncio.sleep(0)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._lead(reader, writer)
        writer.close()

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, authority = head.split(b" ", 2)[:2]
        host, _, port = authority.decode("ascii", "replace").lower().rpartition(":")
        refusal = self._refusal(head, host)
        if not refusal and (method != b"CONNECT" or port != "443" or not self._serves(host)):
            self._refused(authority.decode("ascii", "replace"))
            refusal = b"502 Bad Gateway"
        if refusal:
            writer.write(b"HTTP/1.1 " + refusal + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            return
        self.led.append(host)
        target_reader, target_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            await asyncio.gather(_copy(reader, target_writer), _copy(target_reader, writer))
        finally:
            target_writer.close()

    def _refusal(self, head: bytes, host: str) -> bytes:
        shown = f"Proxy-Authorization: Basic {base64.b64encode(self.credentials.encode()).decode()}\r\n"
        if self.credentials and shown.encode() not in head:
            return b'407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="company"'
        return b"403 Forbidden" if host in self.forbidden else b""


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
