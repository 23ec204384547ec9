"""A plain client for tests: any call through the front of the local Azure, and calls of ARM in somebody's name."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.state.state import Principal, Site

ARM = "https://management.azure.com"


def call(azure: LocalAzure, method: str, url: str, **more: object) -> requests.Response:
    """Return the answer to a call through the front; `more` goes to `requests` as it is."""
    with requests.Session() as session:
        session.trust_env = False
        session.proxies = {"https": azure.environment["HTTPS_PROXY"]}
        session.verify = azure.environment["REQUESTS_CA_BUNDLE"]
        return session.request(method, url, timeout=30, **more)  # type: ignore[arg-type] # passed on as they are


def arm(
    azure: LocalAzure,
    principal: Principal,
    method: str,
    path: str,
    *,
    version: str = "2025-05-01",
    **more: object,
) -> requests.Response:
    """Return ARM's answer to a call (of Microsoft.Web, unless `version` is another's) in the name of a principal."""
    headers = {"Authorization": f"Bearer {azure.token(principal)}"}
    url = f"https://{azure.place.resource_manager}{path}{'&' if '?' in path else '?'}api-version={version}"
    return call(azure, method, url, headers=headers, **more)


def point_at(azure: LocalAzure, principal: Principal, site: Site, image: str) -> requests.Response:
    """Return ARM's answer to a change of a site's image."""
    body = {"properties": {"linuxFxVersion": f"DOCKER|{image}"}}
    return arm(azure, principal, "PATCH", f"{site.id}/config/web", json=body)


def host_status(azure: LocalAzure, principal: Principal, site: Site) -> dict[str, Any]:
    """Return what the host says of itself by way of ARM; one that has only just begun to serve is called again."""
    path, deadline = f"{site.id}/hostruntime/admin/host/status", time.monotonic() + 10
    while True:
        answer = arm(azure, principal, "GET", path, version="2022-03-01")
        if answer.status_code == 200:
            status: dict[str, Any] = answer.json()
            return status
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.05)
