"""A plain client for tests: any call through the front of the local Azure, and calls of ARM in somebody's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from tests.sandbox.local_azure import LocalAzure
    from tests.sandbox.state import Principal

ARM = "https://management.azure.com"


def call(azure: LocalAzure, method: str, url: str, **more: object) -> requests.Response:
    """Give the answer to a call through the front; `more` goes to `requests` as it is."""
    with requests.Session() as session:
        session.trust_env = False
        session.proxies = {"https": azure.environment["HTTPS_PROXY"]}
        session.verify = azure.environment["REQUESTS_CA_BUNDLE"]
        return session.request(method, url, timeout=30, **more)  # type: ignore[arg-type] # passed on as they are


def arm(azure: LocalAzure, principal: Principal, method: str, path: str, **more: object) -> requests.Response:
    """Give ARM's answer to a call of Microsoft.Web in the name of a principal."""
    headers = {"Authorization": f"Bearer {azure.token(principal)}"}
    url = f"{ARM}{path}{'&' if '?' in path else '?'}api-version=2025-05-01"
    return call(azure, method, url, headers=headers, **more)
