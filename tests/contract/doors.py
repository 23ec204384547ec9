"""The HTTP door as a run opens it, on an agent without a proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.clock import Clock
from pytask.cloud.http import Door, open_door
from pytask.model import Network
from pytask.network.route import open_route

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.clock import Patience


def a_door(patience: Patience, say: Callable[[str], None] = print, *, network: Network | None = None) -> Door:
    """Give a door; nothing is sent yet."""
    return open_door(open_route(network or Network(), say), clock=Clock(), patience=patience, say=say)
