"""Who may call a function: the keys that the local Azure's ARM hands out too.

The levels are https://learn.microsoft.com/azure/azure-functions/function-keys-how-to.
"""

from __future__ import annotations

import hashlib
import os


def opens(key: str, function: str, level: str) -> bool:
    """Say whether a caller with this key (perhaps empty) may call a function of that level.

    Outside the local Azure's App Service, where there is no seed of keys, everybody may.
    """
    seed = os.environ.get("SANDBOX_KEY_SEED")
    if seed is None or level == "anonymous":
        return True
    names = ["master"] if level == "admin" else ["master", "host/default", f"function/{function}"]
    return key in {_derived(seed, name) for name in names}


def _derived(seed: str, name: str) -> str:
    # The same rule as in the local Azure's function_keys.py.
    return hashlib.sha256(f"{seed}/{name}".lower().encode()).hexdigest()
