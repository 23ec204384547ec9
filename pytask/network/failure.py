"""The failure behind a call that did not get through: the first cause, under the clients' wrappers."""

from __future__ import annotations

import re
import socket
import ssl
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from requests import exceptions
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProxySchemeUnknown

from pytask.errors.network import (
    CertificateInvalid,
    CertificateUntrusted,
    ClientCertificateNeeded,
    HostUnknown,
    ProxyAuthenticationNeeded,
    ProxyRefused,
    ProxyUnreachable,
    ProxyUnusable,
    ResponseTooLarge,
    ResponseTooSlow,
    Unreachable,
)
from pytask.network.limits import BadFraming, TooLarge, TooSlow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytask.errors.network import NetworkFailure
    from pytask.model import Proxy
    from pytask.network.route import Route

_OF_THE_NETWORK = (
    exceptions.ConnectionError,
    exceptions.Timeout,
    exceptions.ChunkedEncodingError,
    HTTPError,
    TooLarge,
    BadFraming,
)
_NO_CONNECTION = (NewConnectionError, ConnectTimeoutError)
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3}) ?(.*)")
"""The message of Python's http.client when a proxy does not answer CONNECT with 200."""
_UNUSABLE = (exceptions.InvalidSchema, exceptions.InvalidProxyURL, ProxySchemeUnknown)
_INVALID = frozenset({9, 10, 62, 64})
"""Not yet valid, expired, wrong host, wrong address.
https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/"""
_ASKS_FOR_CERTIFICATE = ("CERTIFICATE_REQUIRED", "BAD_CERTIFICATE", "HANDSHAKE_FAILURE", "UNKNOWN_CA")
"""Alerts from a server that requires a client certificate or refuses the one it got.
https://www.rfc-editor.org/rfc/rfc8446#section-6.2"""


def network_failure(error: BaseException, url: str, route: Route) -> NetworkFailure:
    """Return the failure behind a client's error; `url` is the URL of the call."""
    causes = list(_causes(error))
    proxy = route.proxy_for(url)
    facts: dict[str, Any] = {
        "host": urlsplit(url).hostname or url,
        "detail": _words(causes[-1]),
        "via": f"through the proxy {proxy.title}" if proxy else "directly",
    }
    found = _of_limits(causes, facts) or _certificate_failure(causes, facts, url, route)
    if found is None and proxy:
        found = _proxy_failure(causes, facts, proxy)
    if found is None and isinstance(causes[-1], socket.gaierror):
        found = HostUnknown(**facts, final=causes[-1].errno == socket.EAI_NONAME)
    return found or Unreachable(**facts)


def is_of_the_network(error: BaseException) -> bool:
    """Tell whether a client's error means that no answer came, rather than a bad answer."""
    return any(isinstance(cause, _OF_THE_NETWORK) for cause in _causes(error))


def _of_limits(causes: list[BaseException], facts: dict[str, Any]) -> NetworkFailure | None:
    for cause in causes:
        if isinstance(cause, TooLarge):
            return ResponseTooLarge(**{**facts, "detail": str(cause)}, most=f"{cause.most:,}", final=True)
        if isinstance(cause, TooSlow):
            return ResponseTooSlow(**{**facts, "detail": str(cause)})
    return None


def _certificate_failure(
    causes: list[BaseException], facts: dict[str, Any], url: str, route: Route
) -> NetworkFailure | None:
    alert = next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None)
    if isinstance(alert, ssl.SSLCertVerificationError):
        told = {**facts, "detail": alert.verify_message, "issuer": route.issuer(url) or "an unknown authority"}
        invalid = alert.verify_code in _INVALID
        return CertificateInvalid(**told, final=True) if invalid else CertificateUntrusted(**told, final=True)
    if alert is not None and any(sign in str(alert) for sign in _ASKS_FOR_CERTIFICATE):
        own = route.network.client_certificate
        shown = f"the certificate {own.certificate}" if own else "no certificate"
        return ClientCertificateNeeded(**{**facts, "detail": _words(alert)}, shown=shown, final=True)
    return None


def _proxy_failure(causes: list[BaseException], facts: dict[str, Any], proxy: Proxy) -> NetworkFailure | None:
    if any(isinstance(cause, _UNUSABLE) for cause in causes):
        return ProxyUnusable(**facts, proxy=proxy.address, final=True)
    answer = next((found for cause in reversed(causes) if (found := _TUNNEL.search(str(cause)))), None)
    if answer is None:
        # Not by urllib3's ProxyError, which it also raises when the connection behind the proxy breaks off.
        reached = not any(isinstance(cause, _NO_CONNECTION) for cause in causes)
        return None if reached else ProxyUnreachable(**facts, proxy=proxy.address)
    status, told = int(answer.group(1)), {**facts, "detail": f"it returned {answer.group(1)} {answer.group(2)}".strip()}
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return ProxyAuthenticationNeeded(**told, proxy=proxy.address, final=True)
    return ProxyRefused(**told, proxy=proxy.address, final=status < HTTPStatus.INTERNAL_SERVER_ERROR)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its chain of causes, ending with the first cause."""
    seen: set[int] = set()
    inner: BaseException | None = error
    while inner is not None and id(inner) not in seen:
        seen.add(id(inner))
        yield inner
        inner = _behind(inner)


def _behind(error: BaseException) -> BaseException | None:
    """Return the error that an error wraps: azure-core, requests, urllib3 and Python each keep it elsewhere."""
    places = (
        getattr(error, "inner_exception", None),
        getattr(error, "reason", None),
        getattr(error, "original_error", None),
        *error.args,
        error.__cause__,
        error.__context__,
    )
    return next((place for place in places if isinstance(place, BaseException) and place is not error), None)


def _words(error: BaseException) -> str:
    """Return an error's message; for an OSError, the system's own."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split()) or type(error).__name__
