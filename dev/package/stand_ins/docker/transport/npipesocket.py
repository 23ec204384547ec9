"""Stand in for docker's named pipe to an engine on Windows, which needs pywin32 and so native code for each Python.

Windows opens a named pipe like a file, and HTTP sends and receives in turns, so plain reading and writing is enough.
But such a file has no timeout: if an engine never answers, the task waits until the step is canceled.
https://learn.microsoft.com/windows/win32/ipc/named-pipe-client
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import IO, BinaryIO, Protocol

ATTEMPTS = 10
SECONDS_BETWEEN = 0.5


class _Pipe(Protocol):
    def write(self, data: memoryview, /) -> int | None: ...

    def fileno(self) -> int: ...

    def close(self) -> None: ...


class NpipeSocket:
    """The part of a socket that urllib3 uses."""

    _pipe: _Pipe

    def settimeout(self, _seconds: float | None) -> None:
        """Do nothing: see above."""

    def connect(self, address: str) -> None:
        """Open the pipe. If all of its instances are busy, wait for one."""
        for _ in range(ATTEMPTS):
            with suppress(_BusyError):
                self._pipe = _opened(address)
                return
            time.sleep(SECONDS_BETWEEN)
        self._pipe = _opened(address)

    def sendall(self, data: bytes) -> None:
        """Write all."""
        left = memoryview(data).cast("B")
        while left:
            left = left[self._pipe.write(left) or 0 :]

    def makefile(self, _mode: str, _buffering: int | None = None) -> IO[bytes]:
        """Return a file to read from, which stays open when this end is closed."""
        reader: BinaryIO = os.fdopen(os.dup(self._pipe.fileno()), "rb")
        return reader

    def close(self) -> None:
        """Close this end."""
        self._pipe.close()


class _BusyError(OSError):
    """All instances of the pipe are busy."""


def _opened(address: str) -> _Pipe:
    try:
        return open(address, "r+b", buffering=0)  # noqa: PTH123 - whoever asked for it closes it
    except (FileNotFoundError, PermissionError):
        raise
    except OSError as error:
        raise _BusyError(*error.args) from error
