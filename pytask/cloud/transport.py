"""The connection pool behind every HTTP client: it sends a credential only to the host that it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from azure.core.pipeline.transport import HttpTransport, RequestsTransport

from pytask.errors.network import CredentialNotSent
from pytask.network.limits import Limits, within
from pytask.network.place import Place, place_of, place_of_any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.core.rest import HttpRequest, HttpResponse
    from typing_extensions import Self

_CREDENTIALS = (
    "Authorization",
    "Proxy-Authorization",
    "Cookie",
    "Secret",
    "X-IDENTITY-HEADER",
    "x-functions-key",
    "x-ms-authorization-auxiliary",
)
"""Headers; `Secret` and `X-IDENTITY-HEADER` are those of a machine's managed identity.
https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference"""
_IN_FORMS = frozenset(
    {"access_token", "assertion", "client_assertion", "client_secret", "password", "refresh_token", "subject_token"}
)
"""Fields of a form.
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow,
https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md"""
_MACHINE = "http://169.254.169.254"
_MACHINES = ("IDENTITY_ENDPOINT", "MSI_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST")
"""Variables by which azure-identity finds another endpoint than a virtual machine's own.
https://learn.microsoft.com/python/api/azure-identity/azure.identity.managedidentitycredential"""
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
        self._place_of = place_of

    def bound_to(self, places: frozenset[Place]) -> Transport:
        """Return a transport on the same pool that sends requests only to `places`, for clients that sign them."""
        return Transport(self._pool, places, limits=self._limits)

    @classmethod
    def of_a_machine(cls, pool: RequestsTransport, environment: Mapping[str, str], *, limits: Limits) -> Transport:
        """Return a transport to the managed identity endpoint of this machine, which may lack TLS, and nowhere else."""
        urls = [_MACHINE, *(environment[name] for name in _MACHINES if environment.get(name))]
        places = {place for url in urls if (place := place_of_any(url))}
        if authority := environment.get("AZURE_AUTHORITY_HOST"):
            # A machine with workload identity signs in at Entra ID itself.
            places |= authorities(authority if "://" in authority else f"https://{authority}")
        made = cls(pool, frozenset(places), limits=limits)
        made._place_of = place_of_any
        return made

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
        if places is not None or _has_credential(request):
            _confirm(self._place_of(request.url), places or frozenset())
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


def _has_credential(request: HttpRequest) -> bool:
    if any(name in request.headers for name in _CREDENTIALS):
        return True
    content: object = request.content
    fields = content if isinstance(content, dict) else dict(parse_qsl(content)) if isinstance(content, str) else {}
    return not _IN_FORMS.isdisjoint(fields)


def _confirm(place: Place | None, places: frozenset[Place]) -> None:
    if place not in places:
        meant = ", ".join(sorted(map(str, places))) or "a host over TLS"
        raise CredentialNotSent(meant=meant, other=str(place) if place else "an address without TLS")
