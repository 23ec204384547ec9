"""The agent's proxy over real sockets: who goes through it, what is not, and how its faults are named."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from requests.adapters import HTTPAdapter

from pytask.agent.network import read_network
from pytask.errors import TaskFailure, render
from pytask.errors.federation import OidcTokenRefused
from pytask.errors.network import (
    HostUnknown,
    ProxyAuthenticationNeeded,
    ProxyRefused,
    ProxyUnreachable,
    ProxyUnusable,
    Unreachable,
)
from pytask.model import Network, Proxy, Secret
from pytask.network.route import open_route
from tests.contract.company import HOST, SIGN_IN
from tests.contract.http_clients import an_http_client
from tests.contract.network.ways_out import FEDERATED, KEY, ONCE, ask, credentials_of, failure_of, tokens_of

if TYPE_CHECKING:
    from pytask.model import Identity
    from tests.contract.company import Company


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
