"""How calls leave this agent: its proxy and certificates. Every HTTP client of a run uses this route.

Clients differ in how a proxy and certificates are configured, but all of them send through a `requests` session. So
the route is an adapter of the session, which overrides whatever else a client configures.
"""

from __future__ import annotations

import socket
import ssl
import warnings
from dataclasses import dataclass, field
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies, select_proxy
from urllib3.connection import HTTPConnection
from urllib3.exceptions import InsecureRequestWarning
from urllib3.util.ssltransport import SSLTransport

from pytask.model import Proxy, is_local
from pytask.network.issuer import issuer_of
from pytask.network.limits import POOLS, Limits, hold, limited
from pytask.network.proxy import proxy_headers
from pytask.network.trust import tls_context, unverified_context
from pytask.network.tunnel import ProxyAnswer, led

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.model import Network

_SECONDS_TO_LOOK = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """The network route of this agent."""

    network: Network
    context: ssl.SSLContext
    proxies_found: dict[str, str | None] = field(default_factory=dict, compare=False)
    """The proxy that the machine has for each host that was called; finding it reads the whole environment."""

    def new_session(self) -> requests.Session:
        """Return a session that uses this route."""
        session = requests.Session()
        self.take(session)
        return session

    def take(self, session: requests.Session) -> None:
        """Make a session use this route; a second call does nothing."""
        # Otherwise requests reads ~/.netrc and would replace our tokens with credentials from there.
        session.trust_env = False
        # No call needs a cookie, and some hosts share their domain with strangers' (azurewebsites.net).
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        if not isinstance(session.adapters.get("https://"), _Adapter):
            adapter = _Adapter(self)
            session.mount("https://", adapter)
            session.mount("http://", adapter)

    def proxy_for(self, url: str) -> Proxy | None:
        """Return the proxy for a URL: the agent's own, or else the machine's as `requests` finds it."""
        if self.network.proxy or is_local(url):
            return self.network.own_proxy_for(url)
        parts = urlsplit(url)
        host = f"{parts.scheme}://{parts.netloc}"
        if host not in self.proxies_found:
            self.proxies_found[host] = select_proxy(url, get_environ_proxies(url))
        written = self.proxies_found[host]
        if not written:
            return None
        return self.network.machine_proxies.get(written) or Proxy(address=written)

    def issuer(self, url: str) -> str:
        """Return the issuer of the certificate that was refused on the way to a host; empty when it cannot be read.

        The certificate is the host's, or that of a proxy over TLS. An unverified server gets nothing but the handshake,
        and the proxy's password goes only to the proxy itself, as in any call; a proxy with an https address is
        verified first.
        """
        proxy, parts = self.proxy_for(url), urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
        try:
            if proxy is None:
                return _shown(socket.create_connection((host, port), _SECONDS_TO_LOOK), host)
            return _shown(led(proxy, host, port, context=self.context, seconds=_SECONDS_TO_LOOK), host)
        except ssl.SSLCertVerificationError:
            return self._issuer_of_proxy(proxy) if proxy else ""
        except (OSError, ProxyAnswer, ValueError):
            return ""

    def _issuer_of_proxy(self, proxy: Proxy) -> str:
        parts = urlsplit(proxy.address)
        host, port = parts.hostname or "", parts.port or 443
        try:
            return _shown(socket.create_connection((host, port), _SECONDS_TO_LOOK), host)
        except (OSError, ValueError):
            return ""


def _shown(connection: socket.socket, host: str) -> str:
    """Return the issuer of the certificate at the other end of a connection, and close the connection."""
    shown: Any
    with connection:
        if isinstance(connection, ssl.SSLSocket):  # over TLS to a proxy: ssl has no TLS within TLS
            hold(connection, Limits(seconds=_SECONDS_TO_LOOK))
            shown = SSLTransport(connection, unverified_context(), host)
            return issuer_of(shown.getpeercert(binary_form=True))
        with unverified_context().wrap_socket(connection, server_hostname=host) as shown:
            return issuer_of(shown.getpeercert(binary_form=True))


def open_route(network: Network, warn: Callable[[str], None]) -> Route:
    """Return the route; `warn` gets the parts of the agent's configuration that are unusable or dangerous."""
    if not network.verify:
        # We warn once; urllib3 would warn for every connection.
        warnings.filterwarnings("ignore", category=InsecureRequestWarning)
    return Route(network=network, context=tls_context(network, warn))


_CONNECTIONS = 64
"""The most that are kept open to one host: a run with many apps has as many threads, and each new one costs a
handshake."""


class _Adapter(HTTPAdapter):
    """Sends a session's requests with the route's proxy and certificates, whatever the session says."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._proxies: dict[str, Proxy] = {}
        super().__init__(pool_maxsize=_CONNECTIONS)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override] # noqa: ANN401 - passed on
        url = request.url or ""
        proxy = self._route.proxy_for(url)
        if proxy:
            self._proxies[proxy.address] = proxy
        proxies = {urlsplit(url).scheme: proxy.address} if proxy else {}
        given = {**options, "verify": True, "cert": None, "proxies": proxies}
        return limited(partial(super().send, request, **given))

    def init_poolmanager(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - requests' own
        super().init_poolmanager(*given, **named)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_headers(self, proxy: str) -> dict[str, str]:
        return proxy_headers(self._proxies[proxy])

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:  # noqa: ANN401 - urllib3's own
        # For proxies, urllib3 leaves Nagle's algorithm on. A body is sent after the headers, and would wait until the
        # proxy has acknowledged those: 40 ms on Linux for every call with a body.
        manager = super().proxy_manager_for(
            proxy,
            proxy_ssl_context=self._route.context,
            socket_options=HTTPConnection.default_socket_options,
            **options,
        )
        manager.pool_classes_by_scheme = POOLS
        return manager

    def build_connection_pool_key_attributes(self, *given: Any, **named: Any) -> Any:  # noqa: ANN401 - requests' own
        host, _ = super().build_connection_pool_key_attributes(*given, **named)
        return host, {"ssl_context": self._route.context} if host["scheme"] == "https" else {}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ANN401 - requests' own
        """Leave the connection as it is: the TLS context decides what to trust."""
