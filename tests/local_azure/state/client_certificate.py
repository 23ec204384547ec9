"""A certificate with which a service principal signs in, and its private key, as one makes them with openssl."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A self-signed certificate with its key."""

    key: RSAPrivateKey
    certificate: x509.Certificate

    @property
    def thumbprint(self) -> str:
        """The SHA-1 of the certificate, as a JSON web token names it.

        Source: https://www.rfc-editor.org/rfc/rfc7515#section-4.1.7
        """
        return _base64url(hashlib.sha1(self.certificate.public_bytes(Encoding.DER), usedforsecurity=False).digest())

    @property
    def thumbprint_256(self) -> str:
        """The SHA-256 of the certificate: https://www.rfc-editor.org/rfc/rfc7515#section-4.1.8."""
        return _base64url(hashlib.sha256(self.certificate.public_bytes(Encoding.DER)).digest())

    @property
    def public_key(self) -> RSAPublicKey:
        """What verifies its signatures."""
        return self.key.public_key()

    @property
    def certificate_pem(self) -> str:
        """The certificate alone."""
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        """The key in PKCS#8, `BEGIN PRIVATE KEY`."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    @property
    def old_key_pem(self) -> str:
        """The key in PKCS#1, `BEGIN RSA PRIVATE KEY`."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()

    @property
    def pem(self) -> str:
        """Both, as a service connection holds them."""
        return self.key_pem + self.certificate_pem


def new_client_certificate(name: str = "pipeline", *, days: int = 365) -> ClientCertificate:
    """Return a new one; with negative days one that has expired."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    until = datetime.now(timezone.utc) + timedelta(days=days)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(until - timedelta(days=abs(days) + 1))
        .not_valid_after(until)
        .sign(key, SHA256())
    )
    return ClientCertificate(key, certificate)


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
