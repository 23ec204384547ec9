"""A connection to the engine through the docker command, for engines that only the command can reach.

`docker system dial-stdio` connects its input and output to the engine: over SSH, through the current context, or
through a wrapper. Docker's own SSH connections run the same command on the other machine.
Source: https://github.com/docker/cli/blob/master/cli/command/system/dial_stdio.go
"""

from __future__ import annotations

import socket
import subprocess
from typing import TYPE_CHECKING

from docker import APIClient
from docker.constants import DEFAULT_DOCKER_API_VERSION
from docker.transport import UnixHTTPAdapter
from docker.transport.unixconn import UnixHTTPConnection, UnixHTTPConnectionPool

from pytask.builders.docker.process import end

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NOWHERE = "unix:///dev/null"
"""A placeholder address that the SDK requires; never dialed."""
_SECONDS_TO_END = 2.0


def client_through(cli: str, environment: Mapping[str, str], *, api: str, seconds: int) -> APIClient:
    """Return a client for the engine that a docker command reaches; nothing is sent yet.

    `api` is the engine's API version, as the command reported it; `seconds` is how long the engine may take to answer.
    """

    def start(far_end: int) -> subprocess.Popen[bytes]:
        command, given = [cli, "system", "dial-stdio"], dict(environment)
        return subprocess.Popen(
            command, stdin=far_end, stdout=far_end, stderr=subprocess.DEVNULL, env=given, start_new_session=True
        )

    client = APIClient(base_url=_NOWHERE, version=api or DEFAULT_DOCKER_API_VERSION, timeout=seconds)
    client.mount("http+docker://", _Adapter(start, seconds))
    return client


class _Adapter(UnixHTTPAdapter):
    def __init__(self, start: Callable[[int], subprocess.Popen[bytes]], seconds: int) -> None:
        super().__init__(f"http+{_NOWHERE}", seconds)
        self.pools[_NOWHERE] = self._pool = _Pool(start, seconds)

    def get_connection(self, url: bytes | str, proxies: object = None) -> _Pool:
        """Return the pool of connections to the only engine."""
        del url, proxies
        return self._pool


class _Pool(UnixHTTPConnectionPool):
    def __init__(self, start: Callable[[int], subprocess.Popen[bytes]], seconds: int) -> None:
        super().__init__(_NOWHERE, _NOWHERE, seconds)
        self._start, self._seconds = start, seconds

    def _new_conn(self) -> _Connection:  # type: ignore[override] # like the SDK's, which the stubs do not type
        return _Connection(self._start, self._seconds)


class _Connection(UnixHTTPConnection):
    """A connection whose other end is a program's input and output.

    The program ends by itself when the near end closes, even because this process has ended.
    """

    def __init__(self, start: Callable[[int], subprocess.Popen[bytes]], seconds: int) -> None:
        super().__init__(_NOWHERE, _NOWHERE, seconds)
        self._start, self._seconds = start, seconds
        self._program: subprocess.Popen[bytes] | None = None

    def connect(self) -> None:
        near, far = socket.socketpair()
        with far:
            self._program = self._start(far.fileno())
        near.settimeout(self._seconds)
        self.sock = near

    def close(self) -> None:
        super().close()
        if self._program:
            end(self._program, _SECONDS_TO_END)
