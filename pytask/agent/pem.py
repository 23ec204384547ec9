"""The certificate of a service connection: PEM text, with the private key in it.

Source of the form: https://www.rfc-editor.org/rfc/rfc7468, and for encrypted PKCS#1 keys https://www.rfc-editor.org/rfc/rfc1421
"""

from __future__ import annotations

import base64
import binascii
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

# Line ends are those of the browser it was pasted from; where a script made the connection, often none are left.
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_CERTIFICATES = frozenset({"CERTIFICATE", "X509 CERTIFICATE"})
_ELLIPTIC = bytes.fromhex("06072a8648ce3d0201")
"""The object identifier id-ecPublicKey, which a PKCS#8 key begins with. https://www.rfc-editor.org/rfc/rfc5480#section-2.1.1"""
_BEGINNING = 40
"""Bytes of a PKCS#8 key within which its algorithm stands."""
_PART_OF_A_KEY = 16
"""Characters from which on a line of a key is worth masking; a shorter last one would blot out innocent text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyAndCertificates:
    """What the field holds; only the blocks are taken out. What is wrong within them, the one who signs tells."""

    key: Secret
    """DER as base64, without line ends."""
    certificates: tuple[bytes, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateField:
    """The field of one connection, and what its mistakes are told with."""

    text: str
    input: str
    name: str

    def read(self, mask: Callable[[str], Secret]) -> KeyAndCertificates:
        """Return the private key, masked, and the certificates.

        Raises:
            CertificateIncomplete: when one of the two is not there.
            CertificateKeyEncrypted, CertificateKeyNotRsa: when the key is of no use.
            CertificateBroken: when it is not what PEM is.
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
        except binascii.Error as error:
            detail = f"the {what} is not base64"
            raise CertificateBroken(input=self.input, name=self.name, detail=detail) from error


def _mask_lines(body: str, mask: Callable[[str], Secret]) -> None:
    for line in body.split():
        if len(line) >= _PART_OF_A_KEY:
            mask(line)
