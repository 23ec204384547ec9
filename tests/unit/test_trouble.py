"""What Docker says of the network, as engine 20.10 and its command really said it, and what it means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.builders.docker.trouble import hosts_in, lasts, network_trouble
from tests.unit.growth import grows_linearly

SOLVE = "failed to solve with frontend dockerfile.v0: failed to create LLB definition: "
BASE = SOLVE + 'failed to do request: Head "https://mcr.microsoft.com/v2/azure-functions/python/manifests/4": '
TOKEN = (
    SOLVE + "failed to authorize: rpc error: code = Unknown desc = failed to fetch anonymous token: Get "
    '"https://contoso.azurecr.io/oauth2/token?scope=repository%3Abase%3Apull&service=contoso.azurecr.io": '
)
PUSH = 'Get "https://contoso.azurecr.io/v2/": '


@pytest.mark.parametrize("asked", [BASE, PUSH])
@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("dial tcp: lookup mcr.microsoft.com on 10.255.255.53:53: no such host", "engine-host-unknown"),
        ("dial tcp: lookup mcr.microsoft.com on 10.0.0.1:53: server misbehaving", "engine-host-unknown"),
        ("x509: certificate signed by unknown authority", "engine-certificate"),
        ("tls: failed to verify certificate: x509: certificate signed by unknown authority", "engine-certificate"),
        ("http: server gave HTTP response to HTTPS client", "registry-without-tls"),
        ("tls: first record does not look like a TLS handshake", "registry-without-tls"),
        ("proxyconnect tcp: dial tcp 127.0.0.1:9: connect: connection refused", "engine-proxy-refused"),
        ("Proxy Authentication Required", "engine-proxy-refused"),
        ("Forbidden", "engine-proxy-refused"),
        ("dial tcp 20.1.2.3:443: i/o timeout", "engine-cannot-reach"),
        ("context deadline exceeded", "engine-cannot-reach"),
        ("net/http: TLS handshake timeout", "engine-cannot-reach"),
        ("dial tcp 20.1.2.3:443: connect: connection refused", "engine-cannot-reach"),
        ("EOF", "engine-cannot-reach"),
    ],
)
def test_what_the_engine_says_of_its_way_is_told_apart(asked: str, said: str, code: str) -> None:
    failure = network_trouble(asked + said)
    assert failure is not None
    assert failure.code == code
    assert failure.tell("{host}") in {"mcr.microsoft.com", "contoso.azurecr.io"}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("dial tcp: lookup contoso.azurecr.io on 10.255.255.53:53: no such host", "host-unknown"),
        ("x509: certificate signed by unknown authority", "certificate-untrusted"),
        ("Proxy Authentication Required", "proxy-refused"),
        ("dial tcp 20.1.2.3:443: i/o timeout", "host-unreachable"),
    ],
)
def test_who_fetches_a_token_is_the_docker_command_and_it_has_the_agents_way(said: str, code: str) -> None:
    failure = network_trouble(TOKEN + said)
    assert failure is not None
    assert failure.code == code
    assert "from the docker command" in failure.tell(failure.happened)


def test_a_registry_that_blocks_the_agents_address_is_named_with_it() -> None:
    refused = "client with IP '20.1.2.3' is not allowed access"
    failure = network_trouble(
        f"failed to fetch oauth token: POST https://contoso.azurecr.io/oauth2/token: 403 {refused}"
    )
    assert failure is not None
    assert failure.code == "registry-firewall"
    assert failure.tell("{registry} {address}") == "contoso.azurecr.io 20.1.2.3"


@pytest.mark.parametrize(
    "text",
    [
        "",
        'process "/bin/sh -c false" did not complete successfully: exit code: 1',
        BASE + "not found",
        "unauthorized: authentication required",
        "pull access denied, repository does not exist or may require authorization",
        "write /x: no space left on device",
        'Get "https://contoso.azurecr.io/v2/": unauthorized: Forbidden',
    ],
)
def test_what_is_not_the_networks_stays_what_it_is(text: str) -> None:
    assert network_trouble(text) is None


def test_only_what_lasts_is_not_tried_again() -> None:
    untrusted, silent = (
        network_trouble(PUSH + "x509: certificate signed by unknown authority"),
        network_trouble(PUSH + "dial tcp 1.2.3.4:443: i/o timeout"),
    )
    assert untrusted is not None
    assert silent is not None
    assert (lasts(untrusted), lasts(silent)) == (True, False)


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("", ()),
        ('Get "https://a.io/v2/": EOF', ("a.io",)),
        ("Get https://a.io:8080/v2/: EOF, https://b.io", ("a.io:8080", "b.io")),
        (r'{"message":"Get \"https://a.io/v2/\": EOF"}', ("a.io",)),
        ("https:// https://", ()),
    ],
)
def test_the_hosts_that_a_text_names_are_those_of_its_urls(text: str, hosts: tuple[str, ...]) -> None:
    assert hosts_in(text) == hosts


@given(st.text(alphabet='Geth tps:/".x509\\', max_size=300))
def test_no_text_is_too_much_for_it(text: str) -> None:
    failure = network_trouble(f'Get "https://a.io/": {text}')
    assert failure is None or len(failure.tell(failure.happened)) < 2_000


@pytest.mark.parametrize("piece", ["Get https://a", 'Get "https://a": ', "https://", "client with IP'.:"])
def test_a_text_that_is_ten_times_longer_takes_no_more_than_ten_times_as_long(piece: str) -> None:
    assert grows_linearly(lambda times: network_trouble(piece * times + "not allowed access"))
