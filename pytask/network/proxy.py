"""Credentials for a proxy.

Source: https://www.rfc-editor.org/rfc/rfc7617
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytask.model import Proxy


def proxy_headers(proxy: Proxy) -> dict[str, str]:
    """Return the headers that authenticate us to a proxy; empty without a user."""
    if not proxy.user:
        return {}
    return {"Proxy-Authorization": basic(proxy.user, proxy.password.reveal() if proxy.password else "")}


def basic(user: str, password: str) -> str:
    """Return the value of a Basic authentication header."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
