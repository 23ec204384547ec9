"""Where a URL leads: the host and port that the HTTP client will connect to."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from requests import Request
from requests.adapters import HTTPAdapter
from requests.exceptions import RequestException

_READER = HTTPAdapter()


class Place(NamedTuple):
    """A host name and port for TLS connections."""

    host: str
    port: int

    def __str__(self) -> str:
        return self.host if self.port == _HTTPS else f"{self.host}:{self.port}"


_HTTPS = 443


def is_address(text: str) -> bool:
    """Tell whether a text, such as a header's value, can be parsed as a URL or a path."""
    try:
        return bool(urlsplit(text))
    except ValueError:
        return False


def place_of(url: str) -> Place | None:
    r"""Return the place that a URL leads to; None when it is not an `https` URL.

    The client's own parsing counts: like browsers, it reads `https://evil.com\.azurecr.io/` as `evil.com`.
    """
    try:
        prepared = Request("GET", url).prepare()
        dialed, _ = _READER.build_connection_pool_key_attributes(prepared, verify=True)
    except (RequestException, ValueError):
        return None
    if dialed["scheme"] != "https" or not dialed["host"]:
        return None
    return Place(dialed["host"].lower(), int(dialed["port"] or _HTTPS))
