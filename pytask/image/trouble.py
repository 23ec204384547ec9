"""What Docker's words mean when something of the network is in the way: of the engine, of its command, of a build.

The engine and its command are Go programs, and say what was asked and the first cause: `Head "https://…": dial tcp: …`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytask.errors.engine_network import (
    BuildHasNoNetwork,
    EngineCannotReach,
    EngineDistrusts,
    EngineHostUnknown,
    EngineProxyRefused,
    RegistryWithoutTls,
)
from pytask.errors.network import CertificateUntrusted, HostUnknown, ProxyRefused, Unreachable
from pytask.image.firewall import firewall_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytask.errors import TaskFailure

_ASKED = re.compile(r'\b(?:Get|Head|Post|Put|Patch) "?https?://(?P<host>[^/"\s]+)[^"\s]*"?: (?P<cause>.*)', re.DOTALL)
"""https://pkg.go.dev/net/url#Error.Error"""
_PULLED_FROM = re.compile(r"https://(?P<host>[^/\s]+)/")
_BY_THE_COMMAND = re.compile("failed to fetch [a-z]+ token")
"""Tokens of registries are fetched by the docker command, for BuildKit in the engine.
https://github.com/moby/buildkit/blob/master/session/auth/authprovider/authprovider.go"""

_UNKNOWN = re.compile("no such host|server misbehaving|failure in name resolution")
_DISTRUSTED = re.compile("x509: |certificate is not trusted|failed to verify certificate")
_PLAIN = re.compile("server gave HTTP response to HTTPS client|does not look like a TLS handshake")
_PROXY = re.compile("proxyconnect |Proxy Authentication Required|^(?:Forbidden|Bad Gateway|Service Unavailable)$")
_SILENT = re.compile(
    "i/o timeout|deadline exceeded|Client.Timeout|handshake timeout|connection (?:refused|reset)|no route to host"
    "|network is unreachable|(?:^|: )EOF$"
)
_OF_THE_ENGINE = {
    _UNKNOWN: EngineHostUnknown,
    _DISTRUSTED: EngineDistrusts,
    _PLAIN: RegistryWithoutTls,
    _PROXY: EngineProxyRefused,
    _SILENT: EngineCannotReach,
}
_LASTING = (EngineDistrusts, RegistryWithoutTls)
_INSIDE = re.compile(
    "Temporary failure in name resolution|Could not resolve (?:host|proxy)|Name or service not known|getaddrinfo E\\w+"
    "|Network is unreachable|CERTIFICATE_VERIFY_FAILED|SELF_SIGNED_CERT_IN_CHAIN|unable to get local issuer certificate"
    "|407 Proxy Authentication Required|Failed to establish a new connection|Temporary failure resolving"
)
"""As pip, npm, apt, curl and NuGet say it."""


def network_trouble(text: str) -> TaskFailure | None:
    """Give the failure behind an error of Docker's, when the network is it."""
    if (pulled := _PULLED_FROM.search(text)) and (blocked := firewall_in(text, pulled["host"])):
        return blocked
    asked = _ASKED.search(text)
    if asked is None:
        return None
    host, cause = asked["host"], asked["cause"].strip()
    for sign, meaning in _OF_THE_ENGINE.items():
        if sign.search(cause):
            return (
                _of_the_command(sign, host, cause) if _BY_THE_COMMAND.search(text) else meaning(host=host, detail=text)
            )
    return None


def lasts(failure: TaskFailure) -> bool:
    """Tell whether the same again would come to the same."""
    return isinstance(failure, _LASTING)


def trouble_inside(dockerfile: str, reason: str, lines: Iterable[str]) -> BuildHasNoNetwork | None:
    """Give the failure of a build, when the last lines of its failed instruction say that it did not get out."""
    seen = [line.strip() for line in lines if _INSIDE.search(line)]
    return BuildHasNoNetwork(dockerfile=dockerfile, reason=reason, detail=seen[-1]) if seen else None


def _of_the_command(sign: re.Pattern[str], host: str, cause: str) -> TaskFailure:
    """Give the failure of the docker command, which takes the agent's way out."""
    facts: dict[str, Any] = {"host": host, "detail": cause, "via": "by the docker command"}
    if sign is _DISTRUSTED:
        return CertificateUntrusted(**facts, issuer="an unknown authority")
    if sign is _PROXY:
        return ProxyRefused(**facts, proxy="of the docker command (HTTPS_PROXY)")
    return HostUnknown(**facts) if sign is _UNKNOWN else Unreachable(**facts)
