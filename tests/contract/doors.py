"""The HTTP door as a run opens it, on an agent without a proxy."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pytask.clock import Clock
from pytask.cloud.http import Door, open_door
from pytask.model import Network
from pytask.network.route import open_route

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.clock import Patience
    from pytask.network.route import Route


def a_door(patience: Patience, say: Callable[[str], None] = print, *, network: Network | None = None) -> Door:
    """Give a door; nothing is sent yet."""
    route = open_route(network, say) if network else _usual_route()
    return open_door(route, clock=Clock(), patience=patience, say=say)


@cache
def _usual_route() -> Route:
    """Give the way out of an agent without a configuration; to read the authorities of a machine takes its time."""
    return open_route(Network(), print)
