"""Settings whose value lies in a key vault. Rules over plain mappings.

Source: https://learn.microsoft.com/azure/app-service/app-service-key-vault-references
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_REFERENCE = re.compile(r"@Microsoft\.KeyVault\((.*)\)", re.IGNORECASE)


def resolved(settings: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:
    """Return the settings with the secrets in place of references; one that leads nowhere stays as it is."""
    return {name: _resolved(value, secrets) for name, value in settings.items()}


def references(settings: Mapping[str, str]) -> dict[str, str]:
    """Return what lies in a key vault: what each reference names, by the name of the setting."""
    found = {name: _REFERENCE.fullmatch(value) for name, value in settings.items()}
    return {name: match[1] for name, match in found.items() if match}


def _resolved(value: str, secrets: Mapping[str, str]) -> str:
    match = _REFERENCE.fullmatch(value)
    return secrets.get(match[1], value) if match else value
