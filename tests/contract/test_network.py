"""The way out of an agent, over real sockets: proxies, authorities, client certificates, and what goes wrong there."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
import time
import warnings
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from azure.core.exceptions import ServiceRequestError
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from hypothesis import given
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter

from pytask.agent.network import read_network
from pytask.agent.oidc import open_oidc_tokens
from pytask.clock import Timeouts
from pytask.cloud.credentials import open_credentials
from pytask.cloud.http import Call, request
from pytask.errors import TaskFailure, render
from pytask.errors.federation import OidcTokenRefused
from pytask.errors.network import (
    CertificateInvalid,
    CertificateUntrusted,
    ClientCertificateNeeded,
    HostUnknown,
    NetworkFailure,
    ProxyAuthenticationNeeded,
    ProxyRefused,
    ProxyUnreachable,
    ProxyUnusable,
    Unreachable,
)
from pytask.model import (
    ClientCertificate,
    Cloud,
    FederatedIdentity,
    KeyIdentity,
    Network,
    Proxy,
    Secret,
    ServiceConnection,
)
from pytask.network.issuer import issuer_of
from pytask.network.route import open_route
from tests.contract.company import HOST, SIGN_IN, Server, server_context
from tests.contract.http_clients import an_http_client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytask.agent.oidc import OidcTokens
    from pytask.cloud.credentials import Credentials
    from pytask.cloud.http import HttpClient
    from pytask.model import Identity
    from tests.contract.company import Company

ONCE = Timeouts(http_attempts=1, http_connect=2, http_read=2)
KEY = KeyIdentity(client_id="c", secret=Secret("s"))
FEDERATED = FederatedIdentity(client_id="c", issuer="i", subject="s")


@pytest.fixture(autouse=True)
def _machine_without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def ask(network: Network, url: str = f"https://{HOST}/x", said: list[str] | None = None) -> int:
    http = an_http_client(ONCE, (said if said is not None else []).append, network=network)
    try:
        return http.send(Call(request=request("GET", url), doing="ask")).status_code
    finally:
        http.transport.close()


def failure_of(network: Network, url: str = f"https://{HOST}/x") -> NetworkFailure:
    with pytest.raises(NetworkFailure) as caught:
        ask(network, url)
    assert f"//{caught.value.host}" in url
    return caught.value


def test_a_call_goes_through_the_agents_proxy_with_its_credentials_and_authority(company: Company) -> None:
    assert ask(company.network()) == 200
    assert company.proxy.led == [HOST]


def test_a_body_does_not_wait_at_a_proxy_until_its_head_is_confirmed(company: Company) -> None:
    session = open_route(company.network(), print).new_session()
    assert session.get(f"https://{HOST}/x").status_code == 200
    adapter = session.get_adapter(f"https://{HOST}/x")
    assert isinstance(adapter, HTTPAdapter)
    [manager] = adapter.proxy_manager.values()
    connection: Any = manager.connection_from_host(HOST, 443, "https")._new_conn()
    assert (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1) in connection.socket_options
    session.close()


def test_a_user_without_a_password_is_shown_too(company: Company) -> None:
    company.proxy.credentials = "token:"
    assert ask(company.network("token")) == 200


def test_what_the_bypass_list_names_is_asked_directly(company: Company) -> None:
    network = read_network(
        {
            "AGENT_PROXYURL": "http://127.0.0.1:9",
            "AGENT_PROXYBYPASSLIST": '["https://LOCALHOST\\\\.contoso\\\\.test", "nothing[", ""]',
            "AGENT_CAINFO": str(company.authorities),
        },
        Secret,
    )
    assert isinstance(failure_of(network, f"https://{HOST}/"), ProxyUnreachable)
    assert isinstance(failure_of(network, "https://localhost.contoso.test/"), HostUnknown)


def test_this_machine_is_never_asked_through_a_proxy(company: Company) -> None:
    network = replace(company.network(), proxy=Proxy(address="http://127.0.0.1:9"))
    assert ask(network, f"https://localhost:{company.server.port}/") == 200
    assert ask(network, f"https://127.0.0.1:{company.server.port}/") == 200


def test_the_machines_proxy_counts_where_the_agent_has_none(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    written = f"http://build-agent:p%40ss%3Aw%C3%B6rd%2F%25@127.0.0.1:{company.proxy.port}/"
    monkeypatch.setenv("HTTPS_PROXY", written)
    network = read_network({"HTTPS_PROXY": written, "AGENT_CAINFO": str(company.authorities)}, Secret)
    assert ask(network) == 200
    monkeypatch.setenv("NO_PROXY", "contoso.test")
    assert isinstance(failure_of(network), HostUnknown)


def test_the_agents_proxy_comes_before_the_machines(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "contoso.test")
    assert ask(company.network()) == 200


@pytest.mark.parametrize("identity", [KEY, FEDERATED])
def test_signing_in_takes_the_same_way(company: Company, identity: Identity) -> None:
    with pytest.raises(TaskFailure, match="sign-in-refused"):  # the server's answer holds no token
        credentials_of(identity, an_http_client(ONCE, network=company.network())).get_token("scope/.default")
    assert set(company.proxy.led) == {SIGN_IN}


def test_signing_in_names_the_host_that_was_asked_for(company: Company) -> None:
    company.proxy.forbidden.add(SIGN_IN)
    with pytest.raises(ProxyRefused, match=f"does not connect to {SIGN_IN}"):
        credentials_of(KEY, an_http_client(ONCE, network=company.network())).get_token("scope/.default")


def test_tokens_of_the_pipeline_take_the_same_way(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_DEVOPS_CACHE_DIR", str(company.authorities.parent))
    company.proxy.forbidden.add(HOST)
    with pytest.raises(ProxyRefused, match=f"does not connect to {HOST}"):
        tokens_of(company.network()).fresh()
    company.proxy.forbidden.clear()
    with pytest.raises(OidcTokenRefused) as refused:  # the server's answer lists no such resource
        tokens_of(company.network()).fresh()
    assert "is not registered" in refused.value.detail
    assert set(company.proxy.led) == {HOST}


def test_passwords_of_proxies_are_masked_in_every_form_they_take() -> None:
    masked: list[str] = []

    def mask(text: str) -> Secret:
        masked.append(text)
        return Secret(text)

    network = read_network(
        {
            "AGENT_PROXYURL": "http://proxy:8080",
            "AGENT_PROXYUSERNAME": "ada",
            "SECRET_AGENT_PROXYPASSWORD": "p@ss/1",
            "HTTP_PROXY": "http://bob:s%2Fcret@other:8080",
        },
        mask,
    )
    assert {"p@ss/1", "p%40ss%2F1", "YWRhOnBAc3MvMQ==", "s%2Fcret", "s/cret"} <= set(masked)
    assert network.proxy == Proxy(address="http://proxy:8080", user="ada", password=Secret("p@ss/1"))
    assert "p@ss" not in repr(network)


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


@contextmanager
def a_proxy_over_tls(company: Company, authority: trustme.CA) -> Iterator[tuple[str, bytearray]]:
    """Return the address of the company's proxy behind TLS, and what comes to it within that."""
    heard, context = bytearray(), server_context(authority, "localhost")
    listening = socket.create_server(("127.0.0.1", 0))

    def copy(source: socket.socket, target: socket.socket, into: bytearray) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                into += data
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    def serve(raw: socket.socket) -> None:
        with suppress(OSError), raw:
            assert raw.recv(1, socket.MSG_PEEK) == b"\x16", "anything but TLS"
            with (
                context.wrap_socket(raw, server_side=True) as caller,
                socket.create_connection(("127.0.0.1", company.proxy.port)) as within,
            ):
                back = threading.Thread(target=copy, args=(within, caller, bytearray()), daemon=True)
                back.start()
                copy(caller, within, heard)
                back.join()

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield f"https://localhost:{listening.getsockname()[1]}", heard
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()


def behind(company: Company, address: str, authorities: Path) -> Network:
    """Return the company's network with its proxy at another address."""
    before = company.network().proxy
    assert before
    return Network(proxy=replace(before, address=address), authorities=authorities)


def test_a_proxy_over_tls_leads_out_with_its_password(company: Company) -> None:
    with a_proxy_over_tls(company, company.authority) as (address, heard):
        assert ask(behind(company, address, company.authorities)) == 200
    assert b"Proxy-Authorization: Basic" in heard


def test_a_proxy_over_tls_that_is_somebody_else_is_named_and_gets_no_password(company: Company) -> None:
    stranger = trustme.CA(organization_name="Stranger", organization_unit_name="Someone")
    with a_proxy_over_tls(company, stranger) as (address, heard):
        failure = failure_of(behind(company, address, company.authorities))
    assert isinstance(failure, CertificateUntrusted)
    assert "issued by Someone (Stranger)" in render(failure)
    assert heard == b""


def test_an_authority_nobody_told_of_is_named_behind_a_proxy_over_tls_too(company: Company, tmp_path: Path) -> None:
    of_the_proxy = trustme.CA()
    of_the_proxy.cert_pem.write_to_path(str(tmp_path / "proxy.pem"))
    with a_proxy_over_tls(company, of_the_proxy) as (address, heard):
        failure = failure_of(behind(company, address, tmp_path / "proxy.pem"))
    assert isinstance(failure, CertificateUntrusted)
    assert "issued by TLS inspection (Contoso)" in render(failure)
    assert heard.count(b"CONNECT ") == heard.count(b"Proxy-Authorization: ") == 2, "the call, and the look"


def test_looking_at_a_certificate_takes_seconds_whoever_is_there(company: Company) -> None:
    route = open_route(company.network(), print)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        assert route.issuer(f"https://127.0.0.1:{silent.getsockname()[1]}/") == ""
        assert 1 < time.monotonic() - began < 15


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


def test_a_proxy_that_does_not_know_the_agent_is_asked_once(company: Company) -> None:
    for credentials in ("", "build-agent:wrong"):
        failure = failure_of(company.network(credentials))
        assert isinstance(failure, ProxyAuthenticationNeeded)
        assert failure.final
        assert "407 Proxy Authentication Required" in failure.detail


def test_a_proxy_that_forbids_a_host_names_both(company: Company) -> None:
    company.proxy.forbidden.add(HOST)
    failure = failure_of(company.network())
    assert isinstance(failure, ProxyRefused)
    assert (failure.detail, failure.final) == ("it returned 403 Forbidden", True)
    failure = failure_of(company.network(), "https://elsewhere.contoso.test/")
    assert isinstance(failure, ProxyRefused)
    assert (failure.detail, failure.final) == ("it returned 502 Bad Gateway", False)


def test_a_proxy_that_is_not_there_is_named_as_such() -> None:
    for address in ("http://127.0.0.1:9", "http://proxy.contoso.test:8080"):
        failure = failure_of(Network(proxy=Proxy(address=address)))
        assert isinstance(failure, ProxyUnreachable), failure
        assert f"the proxy {address} cannot be reached" in str(failure)


def test_what_breaks_off_behind_the_proxy_is_not_the_proxys_fault(company: Company) -> None:
    company.server.breaks_off = True
    failure = failure_of(company.network())
    assert isinstance(failure, Unreachable)
    assert f"connecting through the proxy http://127.0.0.1:{company.proxy.port}" in render(failure)


def test_a_proxy_of_another_kind_is_refused_by_name() -> None:
    failure = failure_of(Network(proxy=Proxy(address="socks5://127.0.0.1:1080")))
    assert isinstance(failure, ProxyUnusable)


def test_a_name_that_nobody_knows_and_a_port_that_nobody_listens_on_are_two_things() -> None:
    failure = failure_of(Network())
    assert isinstance(failure, HostUnknown)
    failure = failure_of(Network(), "https://127.0.0.1:9/")
    assert isinstance(failure, Unreachable)
    assert failure.detail == "Connection refused"


def test_what_was_asked_of_a_resource_manager_names_its_host(company: Company) -> None:
    http = replace(an_http_client(ONCE, network=company.network()), base=f"https://{HOST}")
    failure = http.failure(ServiceRequestError("x"), "/subscriptions/s")
    assert failure.host == HOST


def test_an_issuer_that_cannot_be_read_is_empty() -> None:
    assert issuer_of(b"") == ""
    assert issuer_of(b"\x30\x82") == ""


@given(st.binary(max_size=200))
def test_reading_an_issuer_never_fails(data: bytes) -> None:
    assert isinstance(issuer_of(data), str)


@contextmanager
def mutual_tls(authority: trustme.CA) -> Iterator[int]:
    context = server_context(authority, "localhost")
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    server = Server(context)
    yield server.port
    server.close()


def client_certificate(authority: trustme.CA, folder: Path, password: str) -> ClientCertificate:
    leaf = authority.issue_cert("agent@contoso.test")
    certificate, key = folder / "client.pem", folder / "client-key.pem"
    certificate.write_bytes(b"".join(part.bytes() for part in leaf.cert_chain_pems))
    private = load_pem_private_key(leaf.private_key_pem.bytes(), None)
    locked = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))
    return ClientCertificate(certificate=certificate, key=key, password=Secret(password) if password else None)


def credentials_of(identity: Identity, http: HttpClient) -> Credentials:
    cloud = Cloud(arm_url=f"https://{HOST}", authority_url=f"https://{SIGN_IN}", arm_scope="scope/.default")
    connection = ServiceConnection(
        input="azureSubscription",
        page="",
        id="i",
        tenant_id="t",
        subscription_id="s",
        subscription_name="",
        cloud=cloud,
        identity=identity,
    )
    return open_credentials(connection, http=http, fresh_assertion=lambda: "assertion", mask=Secret, environment={})


def tokens_of(network: Network) -> OidcTokens:
    environment = {
        "SYSTEM_COLLECTIONURI": f"https://{HOST}/contoso/",
        "SYSTEM_TEAMPROJECTID": "p",
        "SYSTEM_HOSTTYPE": "build",
        "SYSTEM_PLANID": "l",
        "SYSTEM_JOBID": "j",
    }
    return open_oidc_tokens(
        environment,
        connection="c",
        access_token=Secret("t"),
        route=open_route(network, print),
        timeout=(2, 2),
        mask=Secret,
    )
