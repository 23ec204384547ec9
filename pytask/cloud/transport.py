"""The connection pool behind every HTTP client: it sends a credential only to the host that it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure.core.pipeline.transport import HttpTransport, RequestsTransport

from pytask.errors.network import CredentialNotSent
from pytask.network.limits import Limits, within
from pytask.network.place import Place, place_of

if TYPE_CHECKING:
    from azure.core.rest import HttpRequest, HttpResponse
    from typing_extensions import Self

_CREDENTIALS = ("Authorization", "x-ms-authorization-auxiliary", "x-functions-key")
_ENTRA = (
    "login.microsoftonline.com",
    "login.microsoft.com",
    "login.windows.net",
    "sts.windows.net",
    "login.microsoftonline.us",
    "login.usgovcloudapi.net",
    "login.chinacloudapi.cn",
    "login.partner.microsoftonline.cn",
    "login.microsoftonline.de",
    "login.sovcloud-identity.fr",
    "login.sovcloud-identity.de",
    "login.sovcloud-identity.sg",
)
"""Hosts of one service: any of them may name another as a tenant's token endpoint.
https://github.com/AzureAD/microsoft-authentication-library-for-python/blob/dev/msal/authority.py"""


class Transport(HttpTransport["HttpRequest", "HttpResponse"]):
    """Sends requests through one pool; a request with a credential must name the places that it may reach."""

    def __init__(
        self, pool: RequestsTransport, places: frozenset[Place] | None = None, *, limits: Limits | None = None
    ) -> None:
        self._pool = pool
        self._places = places
        self._limits = limits or Limits()

    def bound_to(self, places: frozenset[Place]) -> Transport:
        """Return a transport on the same pool that sends requests only to `places`, for clients that sign them."""
        return Transport(self._pool, places, limits=self._limits)

    def send(
        self,
        request: HttpRequest,
        *,
        only_to: frozenset[Place] | None = None,
        limits: Limits | None = None,
        **options: Any,  # noqa: ANN401 - azure-core's
    ) -> HttpResponse:
        """Send a request as azure-core's own transport does, without following redirects.

        Raises:
            CredentialNotSent: when its URL is not among its places, or it has a credential and no places.
        """
        places = only_to if self._places is None else self._places
        if places is not None or any(name in request.headers for name in _CREDENTIALS):
            _confirm(request.url, places or frozenset())
        with within(limits or self._limits):
            sent: HttpResponse = self._pool.send(request, **options)
        return sent

    def open(self) -> None:
        """Open the pool."""
        self._pool.open()

    def close(self) -> None:
        """Close the pool, unless others use it too."""
        if self._places is None:
            self._pool.close()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def only(url: str) -> frozenset[Place]:
    """Return the one place of a URL; empty when it is not `https`."""
    place = place_of(url)
    return frozenset({place} if place else ())


def authorities(url: str) -> frozenset[Place]:
    """Return the places where an authority signs in: its own host or, for Entra ID, all of Microsoft's."""
    entra = frozenset(Place(host, 443) for host in _ENTRA)
    own = only(url)
    return entra if own & entra else own


def _confirm(url: str, places: frozenset[Place]) -> None:
    place = place_of(url)
    if place not in places:
        meant = ", ".join(sorted(map(str, places))) or "a host over TLS"
        raise CredentialNotSent(meant=meant, other=str(place) if place else "an address without TLS")
