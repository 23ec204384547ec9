"""Where a URL leads: the host and port that the HTTP client will connect to."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from requests import Request
from requests.adapters import HTTPAdapter
from requests.exceptions import RequestException

_READER = HTTPAdapter()


class Place(NamedTuple):
    """A host name and port."""

    host: str
    port: int

    def __str__(self) -> str:
        return self.host if self.port == _HTTPS else f"{self.host}:{self.port}"


_HTTP, _HTTPS = 80, 443
_OF_THE_PLATFORM = IPv4Network("168.63.129.16/32")
"""Azure's own address, reachable from every virtual machine.
https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16"""
_WITH_ANOTHER_WITHIN = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("::/96"))
"""Prefixes of addresses that translate to the IPv4 address in their last 32 bits.
https://www.rfc-editor.org/rfc/rfc6052#section-2.1"""


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
    scheme, place = _dialed(url)
    return place if scheme == "https" else None


def place_of_any(url: str) -> Place | None:
    """Return the place that a URL leads to, with or without TLS; None when it leads nowhere."""
    return _dialed(url)[1]


def is_inner_address(host: str) -> bool:
    """Tell whether a host is an address of this machine or of its network, in any notation.

    A host name never is, whatever it resolves to: with a private endpoint, names of Azure resolve to private addresses.
    Sources: https://learn.microsoft.com/azure/container-registry/container-registry-private-link, https://www.iana.org/assignments/iana-ipv4-special-registry
    """
    address = _address(host.strip("[]").partition("%")[0].rstrip("."))
    return address is not None and _is_inner(address)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        # Resolvers read 127.1, 0x7f000001, 017700000001 and 2130706433 as addresses too.
        return None if set(host) - set("0123456789abcdefxABCDEFX.") else IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def _is_inner(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        within = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if within is None and any(address in prefix for prefix in _WITH_ANOTHER_WITHIN):
            within = IPv4Address(int(address) & 0xFFFFFFFF)
        if within is not None:
            return _is_inner(within)
        if address.is_site_local:  # deprecated; Python still counts it as global
            return True
    elif address in _OF_THE_PLATFORM:
        return True
    return not address.is_global or address.is_multicast


def _dialed(url: str) -> tuple[str, Place | None]:
    try:
        prepared = Request("GET", url).prepare()
        dialed, _ = _READER.build_connection_pool_key_attributes(prepared, verify=True)
    except (RequestException, ValueError):
        return "", None
    scheme, host = dialed["scheme"], dialed["host"]
    usual = _HTTPS if scheme == "https" else _HTTP
    return scheme, Place(host.lower(), int(dialed["port"] or usual)) if host else None
