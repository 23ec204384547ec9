"""The HTTP client as a run opens it, on an agent without a proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.clock import Clock
from pytask.cloud.http import HttpClient, open_http_client
from pytask.network.route import open_route
from tests.way_out import usual_way_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.clock import Timeouts
    from pytask.model import Network


def an_http_client(
    timeouts: Timeouts, say: Callable[[str], None] = print, *, network: Network | None = None
) -> HttpClient:
    """Return an HTTP client; nothing is sent yet."""
    route = open_route(network, say) if network else usual_way_out()
    return open_http_client(route, clock=Clock(), timeouts=timeouts, say=say)
