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
    """What matters of an agent to whoever builds on it."""

    system: str = "Linux"
    """`Linux`, `Windows` or `macOS`."""
    container_job: bool = False
    """Whether this job's steps run inside a container."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proxy:
    """An HTTP proxy, and who we are to it."""

    address: str
    """`http://host:port`; user and password are never part of it."""
    user: str = ""
    password: Secret | None = None

    @property
    def title(self) -> str:
        """The proxy as a person names it, without the password."""
        return f"{self.address} as {self.user}" if self.user else self.address


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientCertificate:
    """What the agent shows to a server that asks who calls; PEM files."""

    certificate: Path
    key: Path
    password: Secret | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """What the agent was configured with, and what its machine has besides."""

    proxy: Proxy | None = None
    """The agent's own; the machine's count only where it has none."""
    bypass: tuple[re.Pattern[str], ...] = ()
    """Hosts that the agent's own proxy is not for, as patterns of `scheme://host[:port]`."""
    machine_proxies: Mapping[str, Proxy] = field(default_factory=dict)
    """The machine's proxies, by what HTTPS_PROXY and the like hold."""
    authorities: Path | None = None
    """A PEM file with certificate authorities of the agent's own, besides those of the machine."""
    bundle: Path | None = None
    """What REQUESTS_CA_BUNDLE names, a file or a folder; it stands for the public authorities that we bring along."""
    client_certificate: ClientCertificate | None = None
    verify: bool = True
    """Whether servers have to prove who they are."""

    def own_proxy_for(self, url: str) -> Proxy | None:
        """Return the agent's own proxy, unless the URL is one that it is not for.

        Source: https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Sdk/AgentWebProxy.cs
        """
        if self.proxy is None or is_local(url):
            return None
        asked = _origin(url)
        return None if any(pattern.search(asked) for pattern in self.bypass) else self.proxy


def is_local(url: str) -> bool:
    """Tell whether a URL leads to this machine or its own link, where no proxy is.

    The endpoints that give a managed identity its tokens are there.
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
    """Return `scheme://host`, with the port where it is not the scheme's own."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in {None, usual} else "")
