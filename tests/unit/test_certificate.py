"""The certificate of a service connection, and the assertions that are made with it."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from pytask.agent.pem import CertificateField
from pytask.clock import Clock
from pytask.cloud.certificate import certificate_assertions
from pytask.errors.connection import CertificateBroken
from pytask.errors.inputs import InputMistake
from pytask.model import CertificateIdentity, Cloud, Secret, ServiceConnection
from tests.sandbox.client_certificate import new_client_certificate

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytask.cloud.certificate import CertificateAssertions

OWN, OTHER = new_client_certificate(), new_client_certificate("another")
CLOUD = Cloud(arm_url="https://arm", authority_url="https://entra", arm_scope="https://arm/.default")
ELLIPTIC = ec.generate_private_key(ec.SECP256R1())


def elliptic(form: PrivateFormat) -> str:
    return ELLIPTIC.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def encrypted(form: PrivateFormat) -> str:
    return OWN.key.private_bytes(Encoding.PEM, form, BestAvailableEncryption(b"passphrase")).decode()


def identity(text: str, masked: list[str] | None = None) -> CertificateIdentity:
    """Return what becomes of the text in the connection's certificate field."""

    def mask(secret: str) -> Secret:
        if masked is not None:
            masked.append(secret)
        return Secret(secret)

    found = CertificateField(text=text, input="azureSubscription", name="Contoso").read(mask)
    return CertificateIdentity(client_id="the-client", certificates=found.certificates, private_key=found.key)


def assertions(text: str, *, cloud: Cloud = CLOUD) -> CertificateAssertions:
    certificate = identity(text)
    connection = replace(_connection(), cloud=cloud, identity=certificate)
    return certificate_assertions(connection, certificate, clock=Clock(), mask=Secret)


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
def test_an_assertion_is_signed_with_the_key_in_whatever_form_it_comes(
    layout: str, key: str, *, key_first: bool
) -> None:
    parts = [key, OWN.certificate_pem]
    text = LAYOUTS[layout]("".join(parts if key_first else reversed(parts)))
    told = jwt.decode(assertions(text).fresh(), OWN.public_key, algorithms=["RS256"], options={"verify_aud": False})
    assert (told["iss"], told["sub"]) == ("the-client", "the-client")


def test_an_assertion_says_who_to_whom_and_with_which_certificate() -> None:
    token = assertions(OWN.pem).fresh()
    claims = jwt.decode(
        token, OWN.public_key, algorithms=["RS256"], audience="https://entra/the-tenant/oauth2/v2.0/token"
    )
    assert jwt.get_unverified_header(token) == {"alg": "RS256", "typ": "JWT", "x5t": OWN.thumbprint}
    assert claims["exp"] - claims["nbf"] == 600


def test_adfs_is_addressed_where_it_has_its_tokens() -> None:
    token = assertions(OWN.pem, cloud=replace(CLOUD, adfs=True)).fresh()
    assert jwt.decode(token, options={"verify_signature": False})["aud"] == "https://entra/adfs/oauth2/token"


def test_no_two_assertions_are_the_same() -> None:
    made = assertions(OWN.pem)
    first, second = (jwt.decode(made.fresh(), options={"verify_signature": False}) for _ in range(2))
    assert first["jti"] != second["jti"]


def test_of_several_certificates_the_one_of_the_key_is_named() -> None:
    token = assertions(OTHER.certificate_pem + OWN.pem).fresh()
    assert jwt.get_unverified_header(token)["x5t"] == OWN.thumbprint


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
        (OTHER.certificate_pem + OWN.key_pem, "certificate-broken", "no certificate belongs"),
    ],
)
def test_a_certificate_that_cannot_be_used_says_why(text: str, code: str, told: str) -> None:
    with pytest.raises(InputMistake) as caught:
        assertions(text)
    failure = caught.value
    assert failure.code == code
    assert told in "".join(failure.tell(part) for part in (failure.title, failure.happened, failure.fix))


@given(st.integers(min_value=50, max_value=1100))
def test_a_key_that_was_cut_is_told_as_such(length: int) -> None:
    cut = replace(identity(OWN.pem), private_key=Secret(base64.b64encode(_der(OWN.key_pem)[:length]).decode()))
    connection = replace(_connection(), identity=cut)
    with pytest.raises(CertificateBroken, match="the certificate in the service connection Contoso"):
        certificate_assertions(connection, cut, clock=Clock(), mask=Secret)


def test_each_line_of_the_key_is_masked_and_no_innocent_text() -> None:
    masked: list[str] = []
    identity(OWN.pem, masked)
    for line in OWN.key_pem.splitlines()[1:-1]:
        assert line in masked or len(line) < 16
    assert not [text for text in masked if len(text) < 16 or "BEGIN" in text]
    assert not [text for text in masked if text in OWN.certificate_pem]


def test_a_key_that_is_of_no_use_is_masked_all_the_same() -> None:
    masked: list[str] = []
    with pytest.raises(InputMistake):
        identity(elliptic(PrivateFormat.PKCS8), masked)
    assert elliptic(PrivateFormat.PKCS8).splitlines()[1] in masked


def test_an_assertion_is_masked_as_it_is_made() -> None:
    masked: list[str] = []

    def mask(secret: str) -> Secret:
        masked.append(secret)
        return Secret(secret)

    certificate = identity(OWN.pem)
    made = certificate_assertions(_connection(), certificate, clock=Clock(), mask=mask).fresh()
    assert masked == [made]


def _connection() -> ServiceConnection:
    return ServiceConnection(
        id="id",
        input="azureSubscription",
        page="https://the.page",
        tenant_id="the-tenant",
        subscription_id="sub",
        subscription_name="Contoso",
        cloud=CLOUD,
        identity=identity(OWN.pem),
    )


def _der(pem: str) -> bytes:
    return base64.b64decode("".join(pem.splitlines()[1:-1]))
