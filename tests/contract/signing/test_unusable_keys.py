"""Keys and certificates that cannot be used: why is said, and nothing of the key."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import PrivateFormat

from pytask.errors import TaskFailure, render
from pytask.errors.sign_in import CertificateSigningFailed
from tests.contract.signing.signers import (
    OTHER,
    OWN,
    assert_nothing_of_the_key,
    assertions,
    der,
    in_connection,
    with_key,
)

if TYPE_CHECKING:
    from pytask.model import CertificateIdentity


def changed(key: bytes) -> bytes:
    """Return an RSA key with other bits in its exponents, of which its certificate shows nothing."""
    octets = bytearray(key)
    octets[-700] ^= 1  # the private exponent, which is used when what the next one gives is wrong
    octets[-300] ^= 1  # the exponent of the first prime
    return bytes(octets)


@pytest.mark.parametrize(
    ("identity", "code", "told"),
    [
        (with_key(der(OWN.key, passphrase=b"x")), "certificate-key-encrypted", "passphrase"),
        (with_key(der(ec.generate_private_key(ec.SECP256R1()))), "certificate-key-not-rsa", "elliptic curve"),
        (
            with_key(der(ec.generate_private_key(ec.SECP256R1()), PrivateFormat.TraditionalOpenSSL)),
            "certificate-key-not-rsa",
            "elliptic curve",
        ),
        (with_key(der(ed25519.Ed25519PrivateKey.generate())), "certificate-key-not-rsa", "of another type"),
        (with_key(der(OTHER.key)), "certificate-broken", "no certificate matches the private key"),
        (with_key(b"garbage"), "certificate-broken", "the private key cannot be read"),
        (with_key(b""), "certificate-broken", "the private key cannot be read"),
        (with_key(changed(der(OWN.key))), "certificate-broken", "the private key's signature does not match"),
        (
            replace(in_connection(OWN.pem), certificates=(b"garbage",)),
            "certificate-broken",
            "one certificate cannot be",
        ),
        *(
            (with_key(der(OWN.key)[:length]), "certificate-broken", "the private key cannot be read")
            for length in (1, 4, 30, 200, 1000, len(der(OWN.key)) - 1)
        ),
    ],
)
def test_a_key_or_certificate_that_cannot_be_used_says_why(identity: CertificateIdentity, code: str, told: str) -> None:
    with pytest.raises(TaskFailure) as caught:
        assertions(identity).fresh()
    assert caught.value.code == code
    text = render(caught.value)
    assert told in text
    assert "service connection Contoso" in text
    assert_nothing_of_the_key(text)


def test_a_key_too_short_for_the_algorithm_is_the_signers_failure() -> None:
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:512", "-nodes", "-keyout", "-", "-subj", "/CN=short"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    with pytest.raises(CertificateSigningFailed, match="Contoso") as caught:
        assertions(in_connection(made)).fresh()
    assert "OpenSSL could not sign: ERR_OSSL" in render(caught.value)
