"""Connections with a certificate, and what the real Node signs for them."""

from __future__ import annotations

import base64
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from pytask.agent.environment import NODE
from pytask.agent.pem import CertificateField
from pytask.clock import Clock
from pytask.cloud.certificate import CertificateAssertions
from pytask.cloud.signer import find_signer
from pytask.model import CertificateIdentity, Cloud, Secret, ServiceConnection
from tests.local_azure.state.client_certificate import new_client_certificate
from tests.shim import TOLD_BY_SHIM

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

OWN, OTHER = new_client_certificate(), new_client_certificate("another")
ENTRA = Cloud(arm_url="https://arm", authority_url="https://entra", arm_scope="https://arm/.default")
AD_FS = replace(ENTRA, adfs=True)
AT_ENTRA, AT_AD_FS = "https://entra/the-tenant/oauth2/v2.0/token", "https://entra/adfs/oauth2/token"


def der(key: PrivateKeyTypes, form: PrivateFormat = PrivateFormat.PKCS8, passphrase: bytes = b"") -> bytes:
    locked = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.DER, form, locked)


def in_connection(pem: str) -> CertificateIdentity:
    found = CertificateField(text=pem, input="azureSubscription", name="Contoso").read(Secret)
    return CertificateIdentity(client_id="the-client", certificates=found.certificates, private_key=found.key)


def with_key(key: bytes) -> CertificateIdentity:
    return replace(in_connection(OWN.pem), private_key=Secret(base64.b64encode(key).decode()))


def connection_with(identity: CertificateIdentity, cloud: Cloud = ENTRA) -> ServiceConnection:
    return ServiceConnection(
        id="id",
        input="azureSubscription",
        page="https://the.page",
        tenant_id="the-tenant",
        subscription_id="sub",
        subscription_name="Contoso",
        cloud=cloud,
        identity=identity,
    )


def assertions(
    identity: CertificateIdentity | None = None,
    *,
    cloud: Cloud = ENTRA,
    clock: Clock | None = None,
    seconds: float = 30,
    mask: Callable[[str], Secret] = Secret,
    node: str = TOLD_BY_SHIM[NODE],
    environment: Mapping[str, str] | None = None,
) -> CertificateAssertions:
    identity, clock = identity or in_connection(OWN.pem), clock or Clock()
    told = {**os.environ, **TOLD_BY_SHIM, NODE: node, **(environment or {})}
    return CertificateAssertions(
        connection=connection_with(identity, cloud),
        identity=identity,
        signer=find_signer(told, clock=clock, seconds=seconds, name="Contoso"),
        clock=clock,
        mask=mask,
    )


def script(folder: Path, *lines: str) -> str:
    """Return a program that stands where the Node is."""
    file = folder / "node"
    file.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    file.chmod(0o755)
    return str(file)


def assert_nothing_of_the_key(text: str) -> None:
    body = "".join(OWN.key_pem.splitlines()[1:-1])
    assert not [part for part in (body[at : at + 16] for at in range(0, len(body) - 16, 8)) if part in text]
