"""The certificate field of a service connection: what its PEM text alone tells."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from pytask.agent.pem import CertificateField
from pytask.errors.inputs import InputMistake
from pytask.model import Secret
from tests.local_azure.state.client_certificate import new_client_certificate

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.agent.pem import KeyAndCertificates

OWN = new_client_certificate()
ELLIPTIC = ec.generate_private_key(ec.SECP256R1())


def elliptic(form: PrivateFormat) -> str:
    return ELLIPTIC.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def encrypted(form: PrivateFormat) -> str:
    return OWN.key.private_bytes(Encoding.PEM, form, BestAvailableEncryption(b"passphrase")).decode()


def read(text: str, masked: list[str] | None = None) -> KeyAndCertificates:
    def mask(secret: str) -> Secret:
        if masked is not None:
            masked.append(secret)
        return Secret(secret)

    return CertificateField(text=text, input="azureSubscription", name="Contoso").read(mask)


LAYOUTS: dict[str, Callable[[str], str]] = {
    "as it comes": str,
    "Windows line ends": lambda text: text.replace("\n", "\r\n"),
    "old line ends": lambda text: text.replace("\n", "\r"),
    "one line": lambda text: text.replace("\n", " "),
    "one line without spaces": lambda text: text.replace("\n", ""),
    "indented": lambda text: text.replace("\n", "\n    "),
    "with what openssl pkcs12 adds": lambda text: (
        f"Bag Attributes\n    localKeyID: 01\n{text}\nsubject=CN = pipeline\n"
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("key", [OWN.key_pem, OWN.old_key_pem], ids=["PKCS#8", "PKCS#1"])
@pytest.mark.parametrize("key_first", [True, False])
def test_key_and_certificate_are_found_in_whatever_form_they_come(layout: str, key: str, *, key_first: bool) -> None:
    parts = [key, OWN.certificate_pem]
    found = read(LAYOUTS[layout]("".join(parts if key_first else reversed(parts))))
    assert base64.b64decode(found.key.reveal()) == der(key)
    assert found.certificates == (der(OWN.certificate_pem),)


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        (OWN.certificate_pem, "certificate-incomplete", "private key"),
        (OWN.key_pem, "certificate-incomplete", "certificate"),
        ("MIIKrwIBAzCCCmsGCSqGSIb3DQEHAaCCClwEggpYMIIKVDCC", "certificate-incomplete", "private key"),
        (encrypted(PrivateFormat.PKCS8) + OWN.certificate_pem, "certificate-key-encrypted", "openssl pkey"),
        (
            encrypted(PrivateFormat.TraditionalOpenSSL) + OWN.certificate_pem,
            "certificate-key-encrypted",
            "openssl pkey",
        ),
        (elliptic(PrivateFormat.PKCS8) + OWN.certificate_pem, "certificate-key-not-rsa", "openssl req"),
        (elliptic(PrivateFormat.TraditionalOpenSSL) + OWN.certificate_pem, "certificate-key-not-rsa", "openssl req"),
        (OWN.pem.replace("BEGIN PRIVATE KEY-----\n", "BEGIN PRIVATE KEY-----\n*"), "certificate-broken", "base64"),
        (OWN.pem.replace("BEGIN CERTIFICATE-----\n", "BEGIN CERTIFICATE-----\nA"), "certificate-broken", "base64"),
    ],
)
def test_a_mistake_that_the_text_shows_is_told_with_those_of_other_inputs(text: str, code: str, told: str) -> None:
    with pytest.raises(InputMistake) as caught:
        read(text)
    failure = caught.value
    assert failure.code == code
    assert told in "".join(failure.tell(part) for part in (failure.title, failure.happened, failure.fix))


def test_each_line_of_the_key_is_masked_and_no_innocent_text() -> None:
    masked: list[str] = []
    read(OWN.pem, masked)
    for line in OWN.key_pem.splitlines()[1:-1]:
        assert line in masked or len(line) < 16
    assert not [text for text in masked if len(text) < 16 or "BEGIN" in text]
    assert not [text for text in masked if text in OWN.certificate_pem]


def test_a_key_that_is_of_no_use_is_masked_all_the_same() -> None:
    masked: list[str] = []
    with pytest.raises(InputMistake):
        read(elliptic(PrivateFormat.PKCS8), masked)
    assert elliptic(PrivateFormat.PKCS8).splitlines()[1] in masked


def der(pem: str) -> bytes:
    return base64.b64decode("".join(pem.splitlines()[1:-1]))
