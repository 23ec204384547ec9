"""The keys of an app's functions. State only; the stand-in host derives the same ones from the seed."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FunctionKeys:
    """One key for each function, one for all functions, and the master key.

    Source: https://learn.microsoft.com/azure/azure-functions/function-keys-how-to
    """

    seed: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)

    def of(self, function: str) -> str:
        """Return the default key of a function."""
        return _derived(self.seed, f"function/{function}")

    @property
    def host(self) -> str:
        """The default key of all functions."""
        return _derived(self.seed, "host/default")

    @property
    def master(self) -> str:
        """The master key, which also opens `/admin`."""
        return _derived(self.seed, "master")


def _derived(seed: str, name: str) -> str:
    # The same rule as in functions_host/keys.py.
    return hashlib.sha256(f"{seed}/{name}".lower().encode()).hexdigest()
