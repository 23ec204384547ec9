"""Network failures of the Docker engine or the docker command, from Docker's messages.

Both are Go programs and report the request and its first cause: `Head "https://…": dial tcp: …`.
Source: https://pkg.go.dev/net/url#Error.Error
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytask.errors.engine_network import (
    EngineCannotReach,
    EngineDistrusts,
    EngineHostUnknown,
    EngineProxyRefused,
    RegistryWithoutTls,
)
from pytask.errors.foreign import shortened
from pytask.errors.network import CertificateUntrusted, HostUnknown, ProxyRefused, Unreachable
from pytask.registry.firewall import firewall_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytask.errors import TaskFailure

_URL = re.compile("https?://")
_END_OF_URL = re.compile(r"[\s\"'\\]")
_VERBS = ("Get", "Head", "Post", "Put", "Patch", "Delete")
_LONGEST_DETAIL = 1_000
_LONGEST_TEXT = 8_000
_TOKEN_OF_THE_COMMAND = ("failed to fetch oauth token", "failed to fetch anonymous token")
"""The docker command fetches registry tokens for BuildKit in the engine.
https://github.com/moby/buildkit/blob/master/session/auth/authprovider/authprovider.go"""

_UNKNOWN = ("no such host", "server misbehaving", "failure in name resolution")
_DISTRUSTED = ("x509: ", "certificate is not trusted", "failed to verify certificate")
_PLAIN = ("server gave HTTP response to HTTPS client", "does not look like a TLS handshake")
_PROXY = ("proxyconnect ", "Proxy Authentication Required")
_PROXYS_STATUS = ("Forbidden", "Bad Gateway", "Service Unavailable")
"""The whole cause when a proxy refuses to open a tunnel."""
_SILENT = (
    "i/o timeout",
    "deadline exceeded",
    "Client.Timeout",
    "handshake timeout",
    "connection refused",
    "connection reset",
    "connection timed out",
    "no route to host",
    "network is unreachable",
    "broken pipe",
    "malformed HTTP ",
    "malformed MIME header",
)
_OF_THE_ENGINE: dict[tuple[str, ...], type[Any]] = {
    _UNKNOWN: EngineHostUnknown,
    _DISTRUSTED: EngineDistrusts,
    _PLAIN: RegistryWithoutTls,
    _PROXY: EngineProxyRefused,
    _SILENT: EngineCannotReach,
}
_LASTING = (EngineDistrusts, RegistryWithoutTls)


def network_trouble(text: str, registry: str = "") -> TaskFailure | None:
    """Return the network failure behind one of Docker's errors; None when it is something else.

    `registry` is the host being contacted, if known; then messages without a URL count too. A connection that broke off
    does not count: a retry may help.
    """
    text = shortened(text, _LONGEST_TEXT)
    hosts = hosts_in(text)
    if hosts and (blocked := firewall_in(text, hosts[0])):
        return blocked
    for host, cause in _asked(text):
        if sign := _sign(cause):
            if any(words in text for words in _TOKEN_OF_THE_COMMAND):
                return _of_the_command(sign, host, shortened(cause, _LONGEST_DETAIL))
            return _of_the_engine(sign, host, text)
    sign = _sign(text) if registry else None
    return _of_the_engine(sign, registry, text) if sign and sign is not _SILENT else None


def hosts_in(text: str) -> tuple[str, ...]:
    """Return the hosts of the URLs in a text, in order."""
    return tuple(host for host, _, _ in _urls(text) if host)


def lasts(failure: TaskFailure) -> bool:
    """Tell whether a retry would fail the same way."""
    return isinstance(failure, _LASTING)


def _asked(text: str) -> Iterator[tuple[str, str]]:
    """Yield the hosts that Go contacted, each with the cause: the text after the URL."""
    for host, begin, end in _urls(text):
        before = text[max(0, begin - 10) : begin].rstrip(" \\\"'").rpartition(" ")[2]
        rest = text[end:].lstrip("\\\"'") if text[end - 1] != ":" else f":{text[end:]}"
        if host and before.lstrip("(\"'") in _VERBS and rest.startswith(": "):
            yield host, rest[2:].strip()


def _urls(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the host, start and end of each URL; a URL within another one does not count."""
    begin = 0
    while found := _URL.search(text, begin):
        ended = _END_OF_URL.search(text, found.end())
        end = ended.start() if ended else len(text)
        yield text[found.end() : end].partition("/")[0].rstrip(":?"), found.start(), end
        begin = end


def _sign(cause: str) -> tuple[str, ...] | None:
    """Return the signs of the engine failure that a cause matches; None when it matches none."""
    if cause in _PROXYS_STATUS:
        return _PROXY
    if cause == "EOF" or cause.endswith(": EOF"):
        return _SILENT
    return next((signs for signs in _OF_THE_ENGINE if any(sign in cause for sign in signs)), None)


def _of_the_engine(sign: tuple[str, ...], host: str, text: str) -> TaskFailure:
    failure: TaskFailure = _OF_THE_ENGINE[sign](host=host, detail=shortened(text, _LONGEST_DETAIL))
    return failure


def _of_the_command(sign: tuple[str, ...], host: str, cause: str) -> TaskFailure:
    """Return the failure of the docker command, which uses the agent's network route."""
    facts: dict[str, Any] = {"host": host, "detail": cause, "via": "from the docker command"}
    if sign is _DISTRUSTED:
        return CertificateUntrusted(**facts, issuer="an unknown authority")
    if sign is _PROXY:
        return ProxyRefused(**facts, proxy="of the docker command (HTTPS_PROXY)")
    return HostUnknown(**facts) if sign is _UNKNOWN else Unreachable(**facts)
