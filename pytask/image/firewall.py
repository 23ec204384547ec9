"""The firewall of Azure Container Registry, in the registry's own words or as Docker repeats them."""

from __future__ import annotations

import re

from pytask.errors.registry import RegistryFirewall

_BLOCKED = re.compile(r"client with IP\W*([0-9A-Fa-f.:]*[0-9A-Fa-f])\W*is not allowed access")
"""https://learn.microsoft.com/troubleshoot/azure/azure-container-registry/acr-authentication-errors
The quotes round the address may come escaped."""


def firewall_in(text: str, registry: str, correlation_id: str = "") -> RegistryFirewall | None:
    """Give the failure that a refusal by address is, with the address; None when the text tells of none."""
    if "not allowed access" not in text:
        return None
    found = _BLOCKED.search(text.replace("\\u0027", "'"))
    address = found.group(1) if found else "an address that the registry does not tell"
    return RegistryFirewall(registry=registry, address=address, detail=text, correlation_id=correlation_id)
