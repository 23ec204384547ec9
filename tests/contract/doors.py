"""The HTTP door as a run opens it, on an agent without a proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.clock import Clock
from pytask.cloud.http import Door, open_door
from pytask.network.route import open_route
from tests.way_out import usual_way_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.clock import Patience
    from pytask.model import Network


def a_door(patience: Patience, say: Callable[[str], None] = print, *, network: Network | None = None) -> Door:
    """Give a door; nothing is sent yet."""
    route = open_route(network, say) if network else usual_way_out()
    return open_door(route, clock=Clock(), patience=patience, say=say)
