"""The way out of an agent without a configuration, read once for all tests: a machine's authorities take their time."""

from __future__ import annotations

from functools import cache

from pytask.model import Network
from pytask.network.route import Route, open_route


@cache
def usual_way_out() -> Route:
    """Return the way out; nothing is sent yet."""
    return open_route(Network(), print)
