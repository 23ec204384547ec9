"""What the output of a failed Dockerfile instruction says about the cause.

Only the last lines of the failed step count: the cause is not in the output of other steps, or long before the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytask.errors.build import BuildCause

if TYPE_CHECKING:
    from collections.abc import Sequence

_NEAR = 15
"""Lines from the end: tools print some lines about logs and updates last."""
_SHOWN = 10
_NO_NETWORK = (
    "temporary failure in name resolution",
    "temporary failure resolving",
    "could not resolve host",
    "could not resolve proxy",
    "could not resolve '",
    "unable to resolve host address",
    "name or service not known",
    "no address associated with hostname",
    "nodename nor servname provided",
    "name does not resolve",
    "no such host",
    "bad address '",
    "getaddrinfo e",
    "eai_again",
    "err_socket_timeout",
    "code etimedout",
    "code econn",
    "could not connect to ",
    "couldn't connect to ",
    "failed to connect to ",
    "unable to connect to ",
    "connection timed out",
    "operation timed out",
    "connecttimeouterror",
    "connect timeout=",
    "temporary error (try again later)",
    "check internet connection",
    "resource temporarily unavailable (",
    "has timed out after",
    "network is unreachable",
    "failed to establish a new connection",
    "certificate_verify_failed",
    "certificate verify failed",
    "self_signed_cert_in_chain",
    "problem confirming the ssl certificate",
    "self signed certificate in certificate chain",
    "self-signed certificate in certificate chain",
    "unable_to_get_issuer_cert_locally",
    "unable_to_verify_leaf_signature",
    "unable to get local issuer certificate",
    "certificate signed by unknown authority",
    "ssl connection could not be established",
    "remote certificate is invalid",
    "pkix path building failed",
    "proxy authentication required",
    "code 407 from proxy",
    "proxyconnect tcp",
    "tunneling socket could not be established",
    "cannot connect to proxy",
)
"""Messages of pip, npm, yarn, apt, apk, curl, wget, Go, Java and NuGet."""
_UNAUTHORIZED = (
    "e401",
    "401 unauthorized",
    "401 (unauthorized)",
    "401 client error",
    "http error 401",
    "403 (forbidden)",
    "e403",
    "unable to authenticate",
    "need auth",
    "eneedauth",
    "incorrect or missing password",
    "authentication failed for '",
    "could not read username for",
    "user for pkgs.dev.azure.com",
    "tf400813",
    "terminal prompts disabled",
)
"""Messages of npm, yarn, NuGet, pip and git."""
_NO_MEMORY = (
    "cannot allocate memory",
    "out of memory",
    "outofmemory",
    "std::bad_alloc",
    "terminated by signal sigkill",
    "killed signal terminated program",
    "signal: killed",
    "internal compiler error: killed",
    "exited with code 137",
    "exit code 137",
    "exit status 137",
    "errno 137",
)
_NO_SPACE = ("no space left on device", "enospc")
_NOT_RUNNABLE = "exec format error"
_KILLED = "code: 137"


def no_network(printed: Sequence[str]) -> str:
    """Return the last line that reports an unreachable network; empty when there is none."""
    return _last(printed, _NO_NETWORK)


def no_space(printed: Sequence[str]) -> str:
    """Return the last line that reports a full disk; empty when there is none."""
    return _last(printed, _NO_SPACE)


def not_runnable(printed: Sequence[str]) -> str:
    """Return the last line that reports a program for another processor; empty when there is none."""
    return _last(printed, (_NOT_RUNNABLE,))


def cause_of(outcome: str, printed: Sequence[str]) -> BuildCause:
    """Return the likely cause of a failed instruction; `outcome` is how its process ended."""
    told = outcome.lower()
    if _KILLED in told or any(sign in told for sign in _NO_MEMORY):
        return BuildCause.MEMORY
    if _last(printed, _UNAUTHORIZED):
        return BuildCause.FEED
    killed = any(line.strip().lower() == "killed" for line in printed[-_NEAR:])
    return BuildCause.MEMORY if killed or _last(printed, _NO_MEMORY) else BuildCause.INSTRUCTION


def shown(printed: Sequence[str]) -> tuple[str, ...]:
    """Return the last lines, which are worth showing."""
    return tuple(printed[-_SHOWN:])


def _last(printed: Sequence[str], signs: Sequence[str]) -> str:
    near = reversed(printed[-_NEAR:])
    return next((line.strip() for line in near if any(sign in line.lower() for sign in signs)), "")
