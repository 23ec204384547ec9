"""Client assertions for a service principal with a certificate, signed by `cloud.signer`.

azure-identity's certificate credential needs the library cryptography, which is compiled for each system and Python,
so the task cannot include it.
Source: https://learn.microsoft.com/entra/identity-platform/certificate-credentials
"""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.errors.connection import CertificateBroken, CertificateKeyEncrypted, CertificateKeyNotRsa

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.clock import Clock
    from pytask.cloud.signer import Signer
    from pytask.errors.inputs import InputMistake
    from pytask.model import CertificateIdentity, Secret, ServiceConnection

_LIFETIME = 600
"""Seconds; each assertion is used once, immediately."""
_BROKEN = {
    "key-unreadable": "the private key cannot be read",
    "key-damaged": "the private key's signature does not match its certificate",
    "certificate-unreadable": "one certificate cannot be read, and no other matches the private key",
    "certificate-of-another-key": "no certificate matches the private key",
}
"""Keyed by the error names of `task/sign.js`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateAssertions:
    """Makes assertions for one service principal and its connection's token endpoint."""

    connection: ServiceConnection
    identity: CertificateIdentity
    signer: Signer
    clock: Clock
    mask: Callable[[str], Secret]

    def fresh(self) -> str:
        """Return a new assertion, valid for ten minutes.

        Raises:
            CertificateBroken: when the key cannot be read, or no certificate matches it.
            CertificateKeyEncrypted, CertificateKeyNotRsa: when the key cannot be used.
            CertificateSigningFailed: when the signer fails for another reason.
        """
        answer = self.signer.ask(
            {
                # AD FS supports neither PS256 nor SHA-256 thumbprints:
                # https://github.com/AzureAD/microsoft-authentication-library-for-dotnet/issues/4428
                "algorithm": "RS256" if self.connection.cloud.adfs else "PS256",
                "claims": self._claims(),
                "key": self.identity.private_key.reveal(),
                "certificates": [base64.b64encode(one).decode() for one in self.identity.certificates],
            }
        )
        match answer:
            case {"assertion": str(assertion)}:
                return self.mask(assertion).reveal()
            case {"wrong": str(wrong)}:
                raise self._mistake(wrong)
            case {"failed": str(code)}:
                raise self.signer.failure(f"OpenSSL could not sign: {code}")
            case _:
                raise self.signer.failure(f"{self.signer.node} printed something unexpected")

    def _claims(self) -> dict[str, object]:
        now = int(self.clock.now().timestamp())
        return {
            "aud": _token_endpoint(self.connection),
            "iss": self.identity.client_id,
            "sub": self.identity.client_id,
            "jti": str(uuid.uuid4()),
            "iat": now,
            "nbf": now,
            "exp": now + _LIFETIME,
        }

    def _mistake(self, wrong: str) -> InputMistake:
        told = {"input": self.connection.input, "name": self.signer.name}
        match wrong:
            case "key-encrypted":
                return CertificateKeyEncrypted(**told)
            case "key-not-rsa":
                return CertificateKeyNotRsa(**told)
            case _:
                return CertificateBroken(**told, detail=_BROKEN.get(wrong, wrong))


def _token_endpoint(connection: ServiceConnection) -> str:
    path = "oauth2/token" if connection.cloud.adfs else "oauth2/v2.0/token"
    return f"{connection.cloud.authority_url}/{connection.sign_in_tenant}/{path}"
