"""Ways out of an agent: a call, a sign-in and a pipeline's token through a network, and certificates for it."""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from pytask.agent.oidc import open_oidc_tokens
from pytask.clock import Timeouts
from pytask.cloud.credentials import open_credentials
from pytask.cloud.http import Call, request
from pytask.errors.network import NetworkFailure
from pytask.model import ClientCertificate, Cloud, FederatedIdentity, KeyIdentity, Network, Secret, ServiceConnection
from pytask.network.route import open_route
from tests.contract.company import HOST, SIGN_IN, Server, server_context
from tests.contract.http_clients import an_http_client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import trustme

    from pytask.agent.oidc import OidcTokens
    from pytask.cloud.credentials import Credentials
    from pytask.cloud.http import HttpClient
    from pytask.model import Identity

ONCE = Timeouts(http_attempts=1, http_connect=2, http_read=2)
KEY = KeyIdentity(client_id="c", secret=Secret("s"))
FEDERATED = FederatedIdentity(client_id="c", issuer="i", subject="s")


def ask(network: Network, url: str = f"https://{HOST}/x", said: list[str] | None = None) -> int:
    http = an_http_client(ONCE, (said if said is not None else []).append, network=network)
    try:
        return http.send(Call(request=request("GET", url), doing="ask")).status_code
    finally:
        http.transport.close()


def failure_of(network: Network, url: str = f"https://{HOST}/x") -> NetworkFailure:
    with pytest.raises(NetworkFailure) as caught:
        ask(network, url)
    assert f"//{caught.value.host}" in url
    return caught.value


@contextmanager
def mutual_tls(authority: trustme.CA) -> Iterator[int]:
    context = server_context(authority, "localhost")
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    server = Server(context)
    yield server.port
    server.close()


def client_certificate(authority: trustme.CA, folder: Path, password: str) -> ClientCertificate:
    leaf = authority.issue_cert("agent@contoso.test")
    certificate, key = folder / "client.pem", folder / "client-key.pem"
    certificate.write_bytes(b"".join(part.bytes() for part in leaf.cert_chain_pems))
    private = load_pem_private_key(leaf.private_key_pem.bytes(), None)
    locked = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))
    return ClientCertificate(certificate=certificate, key=key, password=Secret(password) if password else None)


def credentials_of(identity: Identity, http: HttpClient) -> Credentials:
    cloud = Cloud(arm_url=f"https://{HOST}", authority_url=f"https://{SIGN_IN}", arm_scope="scope/.default")
    connection = ServiceConnection(
        input="azureSubscription",
        page="",
        id="i",
        tenant_id="t",
        subscription_id="s",
        subscription_name="",
        cloud=cloud,
        identity=identity,
    )
    return open_credentials(connection, http=http, fresh_assertion=lambda: "assertion", mask=Secret, environment={})


def tokens_of(network: Network) -> OidcTokens:
    environment = {
        "SYSTEM_COLLECTIONURI": f"https://{HOST}/contoso/",
        "SYSTEM_TEAMPROJECTID": "p",
        "SYSTEM_HOSTTYPE": "build",
        "SYSTEM_PLANID": "l",
        "SYSTEM_JOBID": "j",
    }
    return open_oidc_tokens(
        environment,
        connection="c",
        access_token=Secret("t"),
        route=open_route(network, print),
        timeout=(2, 2),
        mask=Secret,
    )
