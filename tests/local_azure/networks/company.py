"""A company's network before Azure: a proxy that asks who calls, and opens and signs again every TLS connection."""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from tests.agent.agent_network import AgentNetwork
from tests.local_azure.front.certificates import server_context
from tests.local_azure.networks.closed_network import a_closed_network

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.local_azure.front.connect_proxy import ConnectProxy
    from tests.local_azure.machinery import Machinery

USER, PASSWORD = "svc-build", "pr0xy/p@ss w:rd"
KEY_PASSWORD = "key p@ss"
BRANDING = "Contoso TLS Inspection"


@dataclass(frozen=True, kw_only=True, slots=True)
class Company:
    """What an agent in the company's network needs."""

    proxy: ConnectProxy
    proxy_url: str
    authorities: Path
    """The company's own authority, which signs every certificate that is seen inside."""
    enter: tuple[str, ...]
    """Put before a command, it runs where only the proxy can be reached."""
    client: AgentNetwork = field(default_factory=AgentNetwork)
    """A client certificate of the company's, if it asks for one."""

    def agent_network(self) -> AgentNetwork:
        """Return what such an agent is configured with."""
        return AgentNetwork(
            proxy_url=self.proxy_url,
            proxy_user=USER,
            proxy_password=PASSWORD,
            authorities=self.authorities,
            client_certificate=self.client.client_certificate,
            client_key=self.client.client_key,
            client_archive=self.client.client_archive,
            client_password=self.client.client_password,
        )


@contextmanager
def a_company(machinery: Machinery, folder: Path, *, asks_for_certificate: bool = False) -> Iterator[Company]:
    """Return a company's network before a local Azure; with `asks_for_certificate` TLS is mutual."""
    authority = trustme.CA(organization_name="Contoso", organization_unit_name=BRANDING)
    authorities = folder / "contoso-ca.pem"
    authority.cert_pem.write_to_path(str(authorities))
    context = server_context(authority)
    if asks_for_certificate:
        context.verify_mode = ssl.CERT_REQUIRED
        authority.configure_trust(context)
    with a_closed_network() as network, machinery.front_proxy(context, network.address) as proxy:
        proxy.credentials = f"{USER}:{PASSWORD}"
        yield Company(
            proxy=proxy,
            proxy_url=f"http://{network.address}:{proxy.port}",
            authorities=authorities,
            enter=network.enter,
            client=_client_certificate(authority, folder) if asks_for_certificate else AgentNetwork(),
        )


def _client_certificate(authority: trustme.CA, folder: Path) -> AgentNetwork:
    """Write a certificate, its locked key, and in the archive's place its name: only Windows programs read that."""
    leaf = authority.issue_cert("agent.contoso.com")
    certificate, key, archive = (folder / name for name in ("client.pem", "client-key.pem", "client.pfx"))
    certificate.write_bytes(leaf.cert_chain_pems[0].bytes())
    private = load_pem_private_key(leaf.private_key_pem.bytes(), None)
    locked = BestAvailableEncryption(KEY_PASSWORD.encode())
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))
    archive.touch()
    return AgentNetwork(
        client_certificate=certificate, client_key=key, client_archive=archive, client_password=KEY_PASSWORD
    )
