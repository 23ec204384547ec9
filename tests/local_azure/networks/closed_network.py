"""A network that leads to one machine only: a namespace of the kernel's, joined to this machine by a pair of wires.

What runs inside has loopback of its own and reaches this machine under one address. There is no way on: every other
address is unreachable at once, and no name can be resolved.
Source: https://man7.org/linux/man-pages/man7/network_namespaces.7.html
"""

from __future__ import annotations

import secrets
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.local_azure.engine.engine import free_networks

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECONDS_TO_START = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ClosedNetwork:
    """A closed network; `address` is this machine as it is seen from inside."""

    enter: tuple[str, ...]
    """Put before a command, it runs inside; it stays the same process."""
    address: str


@contextmanager
def a_closed_network() -> Iterator[ClosedNetwork]:
    """Return a closed network for the time of the block; takes root.

    The namespace ends with its one process, and the wires end with the namespace, also when this process is killed: its
    end of the pipe closes then.
    """
    inside = subprocess.Popen(
        ["unshare", "--net", "cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _wait_for_namespace(inside.pid)
        enter = ("nsenter", f"--net=/proc/{inside.pid}/ns/net")
        yield ClosedNetwork(enter=enter, address=_wired(inside.pid, enter))
    finally:
        if inside.stdin:
            inside.stdin.close()
        inside.wait()


def _wait_for_namespace(process: int) -> None:
    own, deadline = Path("/proc/self/ns/net").readlink(), time.monotonic() + _SECONDS_TO_START
    while Path(f"/proc/{process}/ns/net").readlink() == own:
        if time.monotonic() > deadline:
            raise TimeoutError("no network namespace")
        time.sleep(0.01)


def _wired(process: int, enter: tuple[str, ...]) -> str:
    """Join both networks; give this machine's address."""
    wire = f"wire{secrets.token_hex(4)}"  # at most 15 characters, IFNAMSIZ
    network = free_networks()[0].removesuffix(".0/24")
    here, there = f"{network}.1", f"{network}.2"
    _ip("link", "add", wire, "type", "veth", "peer", "name", "outside", "netns", str(process))
    _ip("address", "add", f"{here}/30", "dev", wire)
    _ip("link", "set", wire, "up")
    for words in (("link", "set", "lo", "up"), ("address", "add", f"{there}/30", "dev", "outside")):
        _ip(*words, enter=enter)
    _ip("link", "set", "outside", "up", enter=enter)
    return here


def _ip(*words: str, enter: tuple[str, ...] = ()) -> None:
    subprocess.run([*enter, "ip", *words], check=True, capture_output=True)
