"""Where tokens of Entra ID and passwords may go, and what a firewall says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.errors.registry import RegistryLoginRefused, RegistryNotAzure, RegistryReadRefused
from pytask.model import NotAReference, RegistryHost, RegistryLogin, Secret
from pytask.network.place import place_of
from pytask.registry.challenge import Challenge, Realm
from pytask.registry.firewall import firewall_in
from pytask.registry.hosts import is_same_registry, may_hold_tokens_of
from pytask.registry.sign_in import EntraSignIn, NoSignIn, PasswordSignIn

EVIL = [
    "https://evil.com\\.azurecr.io/oauth2/token",
    "https://evil.com\\@contoso.azurecr.io/oauth2/token",
    "https://contoso.azurecr.io@evil.com/oauth2/token",
    "https://user:pw@contoso.azurecr.io/oauth2/token",
    "https://contoso.azurecr.io:443@evil.com/oauth2/token",
    "https://contoso.azurecr.io\\.evil.com/oauth2/token",
    "https://evil.com#.azurecr.io/oauth2/token",
    "https://evil.com?.azurecr.io/oauth2/token",
    "https://contoso.azurecr.io./oauth2/token",
    "https://contoso.azurecr.io:8443/oauth2/token",
    "https://contoso.azurecr.io:/oauth2/token",
    "https://evil.com%2f.azurecr.io/oauth2/token",
    "https://evil.com\t.azurecr.io/oauth2/token",
    " https://contoso.azurecr.io/oauth2/token",
    "https:contoso.azurecr.io/oauth2/token",
    "https:///contoso.azurecr.io/oauth2/token",
    "//contoso.azurecr.io/oauth2/token",
    "https://contoso\uff0eazurecr.io/oauth2/token",
    "http://contoso.azurecr.io/oauth2/token",
    "https://fabrikam.azurecr.io/oauth2/token",
    "https://contoso.example.com/oauth2/token",
    "https://contoso.azurecr.io.example.com/oauth2/token",
    "https://contoso.evil.westeurope.geo.azurecr.io/oauth2/token",
    "https://contosox.westeurope.geo.azurecr.io/oauth2/token",
    "https://evil.contoso.azurecr.io/oauth2/token",
    "https://contoso.azurecr.io/oauth2/token#@evil.com",
    "https://contoso.azurecr.io/oauth2\\token",
    "contoso.azurecr.io/oauth2/token",
    "",
]


def entra() -> EntraSignIn:
    return object.__new__(EntraSignIn)  # where it sends is all that is asked, and takes no connection


def bearer(realm: str) -> Challenge:
    return Challenge(scheme="bearer", realm=realm, service="contoso.azurecr.io")


@pytest.mark.parametrize(
    ("host", "realm"),
    [
        ("contoso.azurecr.io", "https://contoso.azurecr.io/oauth2/token"),
        ("contoso.azurecr.io", "https://CONTOSO.azurecr.io/oauth2/token"),
        ("contoso.azurecr.io", "https://contoso.azurecr.io:443/oauth2/token"),
        ("contoso.azurecr.io", "HTTPS://contoso.azurecr.io/oauth2/token"),
        ("contoso.azurecr.io", "https://contoso.westeurope.geo.azurecr.io/oauth2/token"),
        ("contoso.azurecr.io", "https://contoso.westeurope.data.azurecr.io/oauth2/token"),
        ("contoso.westeurope.geo.azurecr.io", "https://contoso.azurecr.io/oauth2/token"),
        ("contoso-h4sh.azurecr.io", "https://contoso-h4sh.azurecr.io/oauth2/token"),
        ("contoso-h4sh.azurecr.io", "https://contoso-h4sh.eastus.geo.azurecr.io/oauth2/token"),
        ("contoso.azsacr.local.azurestack.external", "https://contoso.azsacr.local.azurestack.external/oauth2/token"),
    ],
)
def test_azures_tokens_go_to_the_registry_itself(host: str, realm: str) -> None:
    assert entra().realm(RegistryHost.parse(host), bearer(realm)).url.lower().startswith("https://contoso")


@pytest.mark.parametrize("realm", EVIL)
def test_azures_tokens_go_nowhere_else(realm: str) -> None:
    with pytest.raises(RegistryNotAzure):
        entra().realm(RegistryHost("contoso.azurecr.io"), bearer(realm))


@pytest.mark.parametrize("realm", EVIL)
def test_a_password_for_one_of_azures_registries_goes_nowhere_else_either(realm: str) -> None:
    host = RegistryHost("contoso.azurecr.io")
    login = RegistryLogin(host=host, user="robot", password=Secret("pw"))
    with pytest.raises(RegistryLoginRefused):
        PasswordSignIn(login).login(host, bearer(realm))


def test_a_password_is_for_its_own_registry_alone() -> None:
    login = RegistryLogin(host=RegistryHost("ghcr.io"), user="robot", password=Secret("pw"))
    with pytest.raises(RegistryLoginRefused):
        PasswordSignIn(login).login(RegistryHost("quay.io"), bearer("https://quay.io/v2/auth"))


@pytest.mark.parametrize(
    ("registry", "service", "may"),
    [
        ("docker.io", "auth.docker.io", True),
        ("ghcr.io", "ghcr.io", True),
        ("quay.io", "quay.io", True),
        ("registry.gitlab.com", "gitlab.com", True),
        ("registry.digitalocean.com", "api.digitalocean.com", True),
        ("gitlab.contoso.com:5050", "gitlab.contoso.com", True),
        ("registry.contoso.co.uk", "gitlab.contoso.co.uk", True),
        ("localhost:5000", "localhost:5000", True),
        ("ghcr.io", "evil.io", False),
        ("contoso.co.uk", "evil.co.uk", False),
        ("docker.io", "evil.com", False),
        ("docker.io", "docker.io.evil.com", False),
        ("registry.gitlab.com", "gitlab.com.evil.com", False),
        ("registry.gitlab.com", "evilgitlab.com", False),
        ("localhost:5000", "localhost:5001", False),
        ("10.0.0.1:5000", "11.0.0.1:5000", False),
        ("contoso.azurecr.io", "evil.azurecr.io", False),
    ],
)
def test_a_password_follows_to_a_token_service_of_the_same_organization(
    registry: str, service: str, *, may: bool
) -> None:
    assert may_hold_tokens_of(RegistryHost.parse(service), RegistryHost.parse(registry)) is may


def test_nobody_without_credentials_is_sent_to_an_address_without_tls() -> None:
    with pytest.raises(RegistryReadRefused):
        NoSignIn().realm(RegistryHost("ghcr.io"), bearer("http://ghcr.io/token"))


def test_a_realm_keeps_its_path_and_query() -> None:
    assert (
        Realm.parse("https://Gitlab.com/jwt/auth?client_id=docker").url
        == "https://gitlab.com/jwt/auth?client_id=docker"
    )
    assert Realm.parse("https://ghcr.io").url == "https://ghcr.io"
    with pytest.raises(NotAReference):
        Realm.parse("https://ghcr.io/a b")


@given(
    st.one_of(
        st.text(),
        st.text("htps:/\\@?#%.azcontosuryevilm:0123456789 \t\n\uff0e\u3002", max_size=60).map("https://".__add__),
        st.sampled_from(EVIL),
    )
)
def test_a_realm_is_dialed_where_it_was_read_to_be(text: str) -> None:
    try:
        realm = Realm.parse(text)
    except NotAReference:
        return
    assert place_of(realm.url) == realm.host.dialed


def test_login_server_and_regional_endpoints_are_one_registry() -> None:
    one, other = RegistryHost("contoso.azurecr.io"), RegistryHost("contoso.westeurope.geo.azurecr.io")
    assert is_same_registry(one, other)
    assert not is_same_registry(one, RegistryHost("contoso.azurecr.us"))
    assert not is_same_registry(one, RegistryHost("contoso.azurecr.io", 8443))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (
            "denied: client with IP '52.166.10.7' is not allowed access. Refer https://aka.ms/acr/firewall",
            "52.166.10.7",
        ),
        ('"message":"client with IP \\u002752.166.10.7\\u0027 is not allowed access."', "52.166.10.7"),
        ("client with IP 2603:1020:5:6::1 is not allowed access", "2603:1020:5:6::1"),
        ("somebody is not allowed access", "an address that the registry does not show"),
    ],
)
def test_a_firewall_names_the_address_it_refuses(text: str, address: str) -> None:
    blocked = firewall_in(text, "contoso.azurecr.io")
    assert blocked
    assert blocked.address == address


def test_other_refusals_are_none_of_a_firewall() -> None:
    assert firewall_in("denied: requested access to the resource is denied", "contoso.azurecr.io") is None
