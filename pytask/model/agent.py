"""The agent: its kind, and how it reaches the network."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping
    from pathlib import Path

    from pytask.model.connection import Secret


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentKind:
    """The facts about an agent that matter for a build."""

    system: str = "Linux"
    """`Linux`, `Windows` or `macOS`."""
    container_job: bool = False
    """Whether this job's steps run inside a container."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proxy:
    """An HTTP proxy and our credentials for it."""

    address: str
    """`http://host:port`, never with user and password."""
    user: str = ""
    password: Secret | None = None

    @property
    def title(self) -> str:
        """The proxy's name for people, without the password."""
        return f"{self.address} as {self.user}" if self.user else self.address


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientCertificate:
    """The agent's TLS client certificate, as PEM files."""

    certificate: Path
    key: Path
    password: Secret | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """The network configuration of the agent and of its machine."""

    proxy: Proxy | None = None
    """The agent's own proxy; without one, the machine's proxies count."""
    bypass: tuple[re.Pattern[str], ...] = ()
    """Hosts that bypass the agent's own proxy, as patterns of `scheme://host[:port]`."""
    machine_proxies: Mapping[str, Proxy] = field(default_factory=dict)
    """The machine's proxies, by the values of HTTPS_PROXY and the like."""
    authorities: Path | None = None
    """A PEM file with the agent's certificate authorities, in addition to the machine's."""
    bundle: Path | None = None
    """The file or folder in REQUESTS_CA_BUNDLE; it replaces the public authorities that the task includes."""
    client_certificate: ClientCertificate | None = None
    verify: bool = True
    """Whether server certificates are verified."""

    def own_proxy_for(self, url: str) -> Proxy | None:
        """Return the agent's own proxy, or None for a URL that bypasses it.

        Source: https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Sdk/AgentWebProxy.cs
        """
        if self.proxy is None or is_local(url):
            return None
        asked = _origin(url)
        return None if any(pattern.search(asked) for pattern in self.bypass) else self.proxy


def is_local(url: str) -> bool:
    """Tell whether a URL leads to this machine or a link-local address, which no proxy serves.

    The managed identity endpoints are there.
    Source: https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service#proxies
    """
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_link_local


def _origin(url: str) -> str:
    """Return `scheme://host`, with the port unless it is the scheme's default."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in {None, usual} else "")
