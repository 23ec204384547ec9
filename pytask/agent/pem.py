"""The certificate of a service connection: PEM text that includes the private key.

Sources: https://www.rfc-editor.org/rfc/rfc7468 and, for encrypted PKCS#1 keys, https://www.rfc-editor.org/rfc/rfc1421
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytask.errors.connection import (
    CertificateBroken,
    CertificateIncomplete,
    CertificateKeyEncrypted,
    CertificateKeyNotRsa,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.model import Secret

# Line ends are the browser's; a connection that a script created often has none.
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_CERTIFICATES = frozenset({"CERTIFICATE", "X509 CERTIFICATE"})
_ELLIPTIC = bytes.fromhex("06072a8648ce3d0201")
"""The object identifier id-ecPublicKey, near the start of an EC key in PKCS#8. https://www.rfc-editor.org/rfc/rfc5480#section-2.1.1"""
_BEGINNING = 40
"""Leading bytes of a PKCS#8 key that contain its algorithm."""
_PART_OF_A_KEY = 16
"""Minimum characters for masking a line of a key; masking a shorter one would hide harmless text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyAndCertificates:
    """The PEM blocks of the field. Signing reports what is wrong inside them."""

    key: Secret
    """DER as base64, without line breaks."""
    certificates: tuple[bytes, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateField:
    """The certificate field of one connection, with the names that its error messages need."""

    text: str
    input: str
    name: str

    def read(self, mask: Callable[[str], Secret]) -> KeyAndCertificates:
        """Return the private key, masked, and the certificates.

        Raises:
            CertificateIncomplete: when the key or the certificate is missing.
            CertificateKeyEncrypted, CertificateKeyNotRsa: when the key cannot be used.
            CertificateBroken: when a block is not valid PEM.
        """
        blocks: list[tuple[str, str]] = _BLOCK.findall(self.text)
        for label, body in blocks:
            if label.endswith("PRIVATE KEY"):
                _mask_lines(body, mask)
        certificates = tuple(self._der("certificate", body) for label, body in blocks if label in _CERTIFICATES)
        keys = [block for block in blocks if block[0].endswith("PRIVATE KEY")]
        if not keys or not certificates:
            missing = "private key" if not keys else "certificate"
            raise CertificateIncomplete(input=self.input, name=self.name, missing=missing)
        return KeyAndCertificates(key=mask(self._key(*keys[0])), certificates=certificates)

    def _key(self, label: str, body: str) -> str:
        if label == "ENCRYPTED PRIVATE KEY" or "Proc-Type:" in body:
            raise CertificateKeyEncrypted(input=self.input, name=self.name)
        der = self._der("private key", body)
        if label not in {"PRIVATE KEY", "RSA PRIVATE KEY"} or _ELLIPTIC in der[:_BEGINNING]:
            raise CertificateKeyNotRsa(input=self.input, name=self.name)
        return base64.b64encode(der).decode()

    def _der(self, what: str, body: str) -> bytes:
        try:
            return base64.b64decode("".join(body.split()), validate=True)
        except ValueError as error:
            detail = f"the {what} is not base64"
            raise CertificateBroken(input=self.input, name=self.name, detail=detail) from error


def _mask_lines(body: str, mask: Callable[[str], Secret]) -> None:
    for line in body.split():
        if len(line) >= _PART_OF_A_KEY:
            mask(line)
