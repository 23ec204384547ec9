"""What a run was answered: each exchange as a line of JSON, in the order of the answers."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

KEPT_HEADERS = frozenset(
    {
        *("azure-asyncoperation", "content-type", "date", "docker-content-digest", "link", "location", "retry-after"),
        *("www-authenticate", "x-ms-error-code"),
    }
)
"""The headers of an answer that the program may read."""
MACHINE_IDENTITY = "/metadata/identity/oauth2/token"
"""The path of the endpoint that gives the tokens of a machine's identity, at whatever address it is.
https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token"""
MOST_BYTES = 1_000_000
"""The largest body that is kept: enough for a layer of an example, and for the longest log."""
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ASKED = ("resource", "scope", "service", "skiptoken", "tab")
"""The parts of a query that say what is asked for; the others vary from run to run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """One request and its answer."""

    asked: str
    """When the request was sent, in UTC."""
    at: str
    """When the answer was complete."""
    method: str
    url: str
    status: int
    headers: Mapping[str, str]
    text: str = ""
    base64: str = ""
    """The body, where it is no text."""
    left_out: bool = False
    """Whether the body was larger than what is kept."""

    @property
    def key(self) -> str:
        """What was asked for, without what varies from run to run."""
        return key_of(self.method, self.url)

    @property
    def time(self) -> datetime:
        """When the answer was complete."""
        return datetime.fromisoformat(self.at)

    @property
    def body(self) -> bytes:
        """Return the body as it came."""
        return base64.b64decode(self.base64) if self.base64 else self.text.encode()


def key_of(method: str, url: str) -> str:
    """Return what a request asks for: ids that a run invents, and the order and times in a query, do not count."""
    parts = urlsplit(url)
    asked = {name: values for name, values in parse_qs(parts.query).items() if name.lower() in _ASKED}
    host = "" if parts.path == MACHINE_IDENTITY else parts.netloc
    path = _GUID.sub("{id}", parts.path) if "/roleassignments/" in parts.path.lower() else parts.path
    return f"{method} {host}{path}{json.dumps(asked, sort_keys=True) if asked else ''}".lower()


def exchange_of(
    *, asked: datetime, at: datetime, method: str, url: str, status: int, headers: Mapping[str, str], body: bytes
) -> Exchange:
    """Return an exchange as it is kept."""
    kept = {name: value for name, value in headers.items() if name.lower() in KEPT_HEADERS}
    common = {
        "asked": asked.isoformat(),
        "at": at.isoformat(),
        "method": method,
        "url": url,
        "status": status,
        "headers": kept,
    }
    if len(body) > MOST_BYTES:
        return Exchange(**common, left_out=True)  # type: ignore[arg-type] # each by its name
    try:
        return Exchange(**common, text=body.decode())  # type: ignore[arg-type] # the same
    except UnicodeDecodeError:
        return Exchange(**common, base64=base64.b64encode(body).decode())  # type: ignore[arg-type] # the same


def write(path: Path, exchanges: Iterable[Exchange]) -> None:
    """Write exchanges to a file."""
    lines = (json.dumps(asdict(one), ensure_ascii=False) for one in exchanges)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def read(path: Path) -> tuple[Exchange, ...]:
    """Return the exchanges of a file; none when there is no file. Raises ValueError, KeyError or TypeError."""
    if not path.exists():
        return ()
    return tuple(Exchange(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line)
