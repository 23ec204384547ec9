"""Proof of a service principal's identity by its certificate: a signed assertion, made without native code.

azure-identity's own credential for certificates needs the library cryptography, which is compiled for each system and
Python; the task brings none. Source of the assertion's form:
https://learn.microsoft.com/entra/identity-platform/certificate-credentials
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import rsa
from pyasn1.codec.der import decoder
from pyasn1.error import PyAsn1Error
from pyasn1.type.univ import Integer

from pytask.errors.connection import CertificateBroken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.clock import Clock
    from pytask.model import CertificateIdentity, Secret, ServiceConnection

_LIFETIME = 600
"""Seconds; each is used at once and once."""


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class CertificateAssertions:
    """Makes assertions of one service principal for one token endpoint."""

    client_id: str
    audience: str
    """The token endpoint's address."""
    key: rsa.PrivateKey
    certificate: bytes
    clock: Clock
    mask: Callable[[str], Secret]

    def fresh(self) -> str:
        """Return an assertion that nobody has used, good for ten minutes."""
        # The documentation's newer PS256 is for who can; RS256 with the SHA-1 thumbprint is what ADFS takes as well.
        thumbprint = hashlib.sha1(self.certificate, usedforsecurity=False).digest()
        header = {"alg": "RS256", "typ": "JWT", "x5t": _base64url(thumbprint)}
        now = int(self.clock.now().timestamp())
        claims = {
            "aud": self.audience,
            "iss": self.client_id,
            "sub": self.client_id,
            "jti": str(uuid.uuid4()),
            "iat": now,
            "nbf": now,
            "exp": now + _LIFETIME,
        }
        signed = f"{_json(header)}.{_json(claims)}"
        signature = rsa.sign(signed.encode(), self.key, "SHA-256")
        return self.mask(f"{signed}.{_base64url(signature)}").reveal()


def certificate_assertions(
    connection: ServiceConnection,
    identity: CertificateIdentity,
    *,
    clock: Clock,
    mask: Callable[[str], Secret],
) -> CertificateAssertions:
    """Read key and certificate of a connection.

    Raises:
        CertificateBroken: when the key cannot be read, or no certificate is that of the key.
    """
    name = connection.subscription_name or connection.id
    key = _key(base64.b64decode(identity.private_key.reveal()))
    if key is None:
        raise CertificateBroken(input=connection.input, name=name, detail="the private key cannot be read")
    # A certificate holds its public key as it is, so that it need not be taken apart.
    modulus = key.n.to_bytes((key.n.bit_length() + 7) // 8, "big")
    own = next((one for one in identity.certificates if modulus in one), None)
    if own is None:
        raise CertificateBroken(input=connection.input, name=name, detail="no certificate belongs to the private key")
    return CertificateAssertions(
        client_id=identity.client_id,
        audience=_token_endpoint(connection),
        key=key,
        certificate=own,
        clock=clock,
        mask=mask,
    )


def _token_endpoint(connection: ServiceConnection) -> str:
    path = "oauth2/token" if connection.cloud.adfs else "oauth2/v2.0/token"
    return f"{connection.cloud.authority_url}/{connection.sign_in_tenant}/{path}"


def _key(der: bytes) -> rsa.PrivateKey | None:
    """Return an RSA key in PKCS#1, or in PKCS#8, which has that as its third part; None for anything else.

    Sources: https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.2, https://www.rfc-editor.org/rfc/rfc5208#section-5
    """
    try:
        outer, _ = decoder.decode(der)
        wrapped = not isinstance(outer[1], Integer)
        return rsa.PrivateKey.load_pkcs1(bytes(outer[2]) if wrapped else der, "DER")
    except (PyAsn1Error, ValueError, TypeError, IndexError, KeyError):
        return None


def _json(fields: Mapping[str, Any]) -> str:
    return _base64url(json.dumps(fields, separators=(",", ":")).encode())


def _base64url(octets: bytes) -> str:
    # https://www.rfc-editor.org/rfc/rfc7515#section-2: without padding
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
