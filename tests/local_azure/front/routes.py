"""What a room of the local Azure serves: routes by method and path, and the refusal of everything else."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import web

JSON = dict[str, Any]
"""A JSON object as it travels."""

Handler = Callable[[web.Request, Mapping[str, str]], Awaitable[web.StreamResponse]]
"""Answers a request; gets the values of the path's variables."""


class NotServedError(Exception):
    """The local Azure does not know this call: answered 501 and recorded, so that a test cannot miss it."""


class Room(Protocol):
    """One service of the local Azure, met under names of its own."""

    def serves(self, host: str) -> bool:
        """Say whether this service answers at `host` (lower case)."""

    async def answer(self, request: web.Request, host: str) -> web.StreamResponse:
        """Answer the call; raises NotServedError for one it does not know."""

    async def refuse(self, request: web.Request, status: int) -> web.Response:
        """Return this service's usual error answer with that status; for scripted faults."""


@dataclass(frozen=True, slots=True)
class Routes:
    """Paths with `{variables}`, matched without regard to case, as ARM and Azure DevOps do."""

    _routes: list[tuple[str, re.Pattern[str], Handler]] = field(default_factory=list)

    def add(self, method: str, template: str, handler: Handler) -> None:
        """Serve `method` on every path of the form `template`."""
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template))
        self._routes.append((method, re.compile(pattern, re.IGNORECASE), handler))

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer by the first route that fits; raises NotServedError where none does."""
        for method, pattern, handler in self._routes:
            match = pattern.fullmatch(request.path)
            if match and method == request.method:
                return await handler(request, match.groupdict())
        raise NotServedError(f"no route for {request.method} {request.path}")
