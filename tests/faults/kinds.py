"""The faults: what one call meets, from some point of a run on or once."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from tests.faults.paper_azure import ELSEWHERE
from tests.local_azure.refusals import IIS_PAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_JSON = {"Content-Type": "application/json"}
_PAGE = {"Content-Type": "text/html; charset=utf-8"}
_EXPIRED = json.dumps(
    {"error": {"code": "ExpiredAuthenticationToken", "message": "The access token expiry UTC time is earlier."}}
)
_WRONG_TYPES = json.dumps(
    {
        **dict.fromkeys(("properties", "value", "identity", "name", "id", "type", "kind", "location"), 7),
        **{name: [1e18, None] for name in ("access_token", "refresh_token", "oidcToken", "token", "expires_in")},
        **{name: {"a": 1} for name in ("schemaVersion", "config", "layers", "manifests", "state", "passwords")},
    }
)
_NESTED = "[" * 20_000 + "]" * 20_000


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One fault."""

    name: str
    script: Callable[[], Mapping[str, Any]]
    """Returns how it is scripted now (`Faults.script`)."""
    once: bool = False
    """Whether it passes after one call, and the next is answered as ever."""
    passes: bool = field(default=False)
    """Whether a run survives it as if nothing had been."""
    of_writes: bool = False
    """Whether it differs from another one only where the call changes something."""


def _answer(status: int, body: str | None = None, **headers: str) -> Callable[[], Mapping[str, Any]]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: {"status": status, "headers": {**_JSON, **named} if body is not None else named, "body": body}


def _as(**scripted: Any) -> Callable[[], Mapping[str, Any]]:  # noqa: ANN401 - passed on
    return lambda: scripted


def _at_a_date() -> Mapping[str, Any]:
    later = datetime.now(timezone.utc) + timedelta(seconds=3)
    return {"status": 429, "headers": {"Retry-After": format_datetime(later, usegmt=True)}}


_STALL = {"status": None, "delay": 60.0}
KINDS = (
    Kind(name="429 with seconds", script=_answer(429, Retry_After="2")),
    Kind(name="429 with seconds, once", script=_answer(429, Retry_After="2"), once=True, passes=True),
    Kind(name="429 with a date", script=_at_a_date, once=True, passes=True),
    Kind(name="429 with a huge wait", script=_answer(429, Retry_After="86400")),
    Kind(name="429 without", script=_answer(429)),
    Kind(name="408", script=_answer(408), once=True, passes=True),
    Kind(name="409", script=_answer(409)),
    Kind(name="500", script=_answer(500)),
    Kind(name="502", script=_answer(502)),
    Kind(name="503", script=_answer(503)),
    Kind(name="503, once", script=_answer(503), once=True, passes=True),
    Kind(name="503 after the write, once", script=_as(status=503, after=True), once=True, passes=True, of_writes=True),
    Kind(name="504 after the write", script=_as(status=504, after=True)),
    Kind(name="507", script=_answer(507)),
    Kind(name="drop", script=_as(drop=True)),
    Kind(name="drop, once", script=_as(drop=True), once=True, passes=True),
    Kind(name="drop after the write", script=_as(drop=True, after=True), of_writes=True),
    Kind(
        name="drop after the write, once",
        script=_as(drop=True, after=True),
        once=True,
        passes=True,
        of_writes=True,
    ),
    Kind(name="stall", script=_as(**_STALL)),
    Kind(name="stall after the write, once", script=_as(**_STALL, after=True), once=True, passes=True),
    Kind(name="drip", script=_as(status=None, damage="drip")),
    Kind(name="drip after the write", script=_as(status=None, damage="drip", after=True), of_writes=True),
    Kind(name="truncated", script=_as(status=None, damage="truncated", after=True)),
    Kind(name="bad gzip", script=_as(status=None, damage="bad gzip")),
    Kind(name="bad gzip after the write", script=_as(status=None, damage="bad gzip", after=True), of_writes=True),
    Kind(name="HTML", script=_as(status=200, body=IIS_PAGE, headers=_PAGE)),
    Kind(
        name="HTML after the write",
        script=_as(status=200, body=IIS_PAGE, headers=_PAGE, after=True),
        of_writes=True,
    ),
    Kind(name="empty", script=_answer(200, "")),
    Kind(name="204", script=_answer(204, "")),
    Kind(name="{}", script=_answer(200, "{}")),
    Kind(name="{}, after the write", script=_as(status=200, body="{}", headers=_JSON, after=True), of_writes=True),
    Kind(name="wrong types", script=_answer(200, _WRONG_TYPES)),
    Kind(name="nested", script=_answer(200, _NESTED)),
    Kind(name="expired token", script=_answer(401, _EXPIRED)),
    Kind(name="expired token, once", script=_answer(401, _EXPIRED), once=True),
    Kind(name="redirect", script=_answer(307, "", Location=f"https://{ELSEWHERE}/path?query=1")),
    Kind(name="redirect by 302", script=_answer(302, "", Location=f"https://{ELSEWHERE}/path?query=1")),
)
