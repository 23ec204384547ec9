"""Authorities and client certificates: what is trusted, shown and warned of."""

from __future__ import annotations

import datetime as dt
import ssl
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from pytask.errors import render
from pytask.errors.network import CertificateInvalid, CertificateUntrusted, ClientCertificateNeeded
from pytask.model import ClientCertificate
from pytask.network.issuer import issuer_of
from pytask.network.route import open_route
from tests.contract.company import HOST, Server, server_context
from tests.contract.network.ways_out import ask, client_certificate, failure_of, mutual_tls

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.company import Company


def test_public_authorities_are_trusted_beside_the_agents_own(company: Company) -> None:
    context = open_route(company.network(), print).context
    names = {dict(part[0] for part in found["subject"]).get("organizationName") for found in context.get_ca_certs()}  # type: ignore[misc]
    assert "Contoso" in names
    assert "DigiCert Inc" in names


def test_an_authority_that_python_finds_too_plain_is_trusted_as_the_agent_trusts_it(company: Company) -> None:
    assert not open_route(company.network(), print).context.verify_flags & ssl.VERIFY_X509_STRICT


def test_what_is_not_there_of_the_agents_certificates_is_a_warning(company: Company, tmp_path: Path) -> None:
    own = ClientCertificate(certificate=tmp_path / "client.pem", key=tmp_path / "key.pem", password=None)
    said: list[str] = []
    network = replace(company.network(), bundle=tmp_path / "no.pem", client_certificate=own)
    assert ask(network, said=said) == 200
    missing = ("no.pem", "client.pem")
    assert [name for name in missing for line in said if str(tmp_path / name) in line] == list(missing)


def test_without_verification_any_certificate_will_do_and_that_is_a_warning(company: Company) -> None:
    said: list[str] = []
    network = replace(company.network(), authorities=None, verify=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ask(network, said=said) == 200
    assert ["--sslskipcertvalidation" in line for line in said] == [True]


@pytest.mark.parametrize("password", ["", "k3y p@ss"])
def test_a_front_that_asks_for_the_agents_certificate_gets_it(company: Company, tmp_path: Path, password: str) -> None:
    own = client_certificate(company.authority, tmp_path, password)
    with mutual_tls(company.authority) as port:
        network = replace(company.network(), proxy=None, client_certificate=own)
        assert ask(network, f"https://localhost:{port}/") == 200


def test_a_front_that_asks_for_a_certificate_the_agent_does_not_have_is_named(company: Company, tmp_path: Path) -> None:
    stranger = client_certificate(trustme.CA(), tmp_path, "")
    network = replace(company.network(), proxy=None)
    with mutual_tls(company.authority) as port:
        failure = failure_of(network, f"https://localhost:{port}/")
        assert isinstance(failure, ClientCertificateNeeded)
        assert "no certificate" in render(failure)
        failure = failure_of(replace(network, client_certificate=stranger), f"https://localhost:{port}/")
        assert isinstance(failure, ClientCertificateNeeded)
        assert str(stranger.certificate) in render(failure)


def test_an_authority_nobody_told_of_is_named(company: Company) -> None:
    failure = failure_of(replace(company.network(), authorities=None))
    assert isinstance(failure, CertificateUntrusted)
    assert "issued by TLS inspection (Contoso)" in render(failure)
    assert f"connecting through the proxy http://127.0.0.1:{company.proxy.port} as build-agent" in render(failure)


def test_a_certificate_for_another_host_or_another_day_is_told_apart(company: Company) -> None:
    server = Server(server_context(company.authority, HOST))
    failure = failure_of(company.network(), f"https://localhost:{server.port}/")
    server.close()
    assert isinstance(failure, CertificateInvalid)
    assert "Hostname mismatch" in failure.detail
    yesterday = dt.datetime.now(dt.timezone.utc) - dt.timedelta(days=1)
    server = Server(server_context(company.authority, "localhost", not_after=yesterday))
    failure = failure_of(company.network(), f"https://localhost:{server.port}/")
    server.close()
    assert isinstance(failure, CertificateInvalid)
    assert "expired" in failure.detail


def test_an_issuer_that_cannot_be_read_is_empty() -> None:
    assert issuer_of(b"") == ""
    assert issuer_of(b"\x30\x82") == ""


@given(st.binary(max_size=200))
def test_reading_an_issuer_never_fails(data: bytes) -> None:
    assert isinstance(issuer_of(data), str)
