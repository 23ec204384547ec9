"""The firewall of Azure Container Registry, recognized by the registry's message or by Docker's copy of it."""

from __future__ import annotations

import string

from pytask.errors.foreign import shortened
from pytask.errors.registry import RegistryFirewall

_BLOCKED = "not allowed access"
_BEFORE_THE_ADDRESS = "client with IP"
_ADDRESS = frozenset(string.hexdigits + ".:")
_LONGEST_ADDRESS = 45
_LONGEST_DETAIL = 800


def firewall_in(text: str, registry: str, correlation_id: str = "") -> RegistryFirewall | None:
    """Return the failure for a refused address, with the address; None when the text reports no such refusal.

    Source: https://learn.microsoft.com/troubleshoot/azure/azure-container-registry/acr-authentication-errors
    """
    if _BLOCKED not in text:
        return None
    address = _address(text) or "an address that the registry does not show"
    detail = shortened(text, _LONGEST_DETAIL)
    return RegistryFirewall(registry=registry, address=address, detail=detail, correlation_id=correlation_id)


def _address(text: str) -> str:
    """Return the address that was refused; the quotes around it may be escaped."""
    _, found, rest = text.partition(_BEFORE_THE_ADDRESS)
    near = rest[: 2 * _LONGEST_ADDRESS].replace("\\u0027", "'").partition(" is ")[0] if found else ""
    address = near.strip(string.whitespace + "'\"\\")
    return address if address and _ADDRESS.issuperset(address) else ""
