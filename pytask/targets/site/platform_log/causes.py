"""Recognizing kinds of failure by the words of registries, the Docker engine and the platform.

Source: https://learn.microsoft.com/troubleshoot/azure/app-service/web-apps/faqs-app-service-linux-new and the
logs in tests/corpus/platform-logs
"""

from __future__ import annotations

from pytask.targets.site.platform_log.attempt import FailureKind

# The first match decides, so specific words come before general ones. In lower case.
_WORDS: tuple[tuple[FailureKind, tuple[str, ...]], ...] = (
    (FailureKind.USER_ID, ("cannot be mapped to a host id", "unmapped user", "user namespace")),
    (
        FailureKind.REFERENCE_INVALID,
        ("invalid reference format", "repository name must be lowercase", "requires exactly 1 argument"),
    ),
    (
        FailureKind.ARCHITECTURE,
        (
            "exec format error",
            "exec user process",
            "no matching manifest",
            "does not match the specified platform",
            "does not match the detected host platform",
        ),
    ),
    (FailureKind.PULL_FIREWALL, ("is not allowed access", "aka.ms/acr/firewall")),
    (FailureKind.PULL_NOT_FOUND, ("manifest unknown", "manifestunknown", "name unknown", "manifest_unknown")),
    (
        FailureKind.PULL_UNAUTHORIZED,
        (
            "unauthorized",
            '"message":"denied',
            "authentication required",
            "pull access denied",
            "access to the resource is denied",
            "access forbidden",
            "forbidden or unauthorized",
            "no basic auth credentials",
            "403 forbidden",
            "authorization token has expired",
        ),
    ),
    (
        FailureKind.PULL_NETWORK,
        (
            "no such host",
            "i/o timeout",
            "name resolution",
            "request canceled",
            "context deadline exceeded",
            "client.timeout exceeded",
            "tls handshake timeout",
            "x509",
            "connection refused",
            "connection reset",
            "network is unreachable",
            "no route to host",
            "unexpectedfaliure",
            "over vnet failed",
        ),
    ),
    (FailureKind.PULL_INTERRUPTED, ("pull image interrupted", "image pull interrupted")),
)
_OF_START = frozenset({FailureKind.USER_ID, FailureKind.ARCHITECTURE, FailureKind.REFERENCE_INVALID})
_NOT_FOUND = ("manifest for ", " not found")


def cause_of_pull(text: str) -> FailureKind:
    """Return why a pull failed, by a line's words; the general kind when none are known."""
    return _known(text) or FailureKind.PULL_FAILED


def cause_of_start(text: str) -> FailureKind:
    """Return why a container could not be created or started; the general kind when no words are known."""
    known = _known(text)
    return known if known in _OF_START else FailureKind.START_FAILED


def _known(text: str) -> FailureKind | None:
    small = text.lower()
    found = next((kind for kind, words in _WORDS if any(word in small for word in words)), None)
    if found in {None, FailureKind.PULL_UNAUTHORIZED} and all(word in small for word in _NOT_FOUND):
        return FailureKind.PULL_NOT_FOUND
    return found
