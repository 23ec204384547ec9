"""Where tokens of Entra ID may go, and what a firewall says."""

from __future__ import annotations

import pytest

from pytask.image.firewall import firewall_in
from pytask.registry.sign_in import _is_own


@pytest.mark.parametrize(
    ("realm", "own"),
    [
        ("https://contoso.azurecr.io/oauth2/token", True),
        ("https://contoso.westeurope.data.azurecr.io/oauth2/token", True),
        ("https://CONTOSO.azurecr.io/oauth2/token", True),
        ("http://contoso.azurecr.io/oauth2/token", False),
        ("https://fabrikam.azurecr.io/oauth2/token", False),
        ("https://contoso.example.com/oauth2/token", False),
        ("https://contoso.azurecr.io.example.com/oauth2/token", False),
        ("https://contoso.azurecr.io@example.com/oauth2/token", False),
        ("contoso.azurecr.io/oauth2/token", False),
        ("", False),
    ],
)
def test_azures_tokens_go_to_the_registrys_own_service_only(realm: str, *, own: bool) -> None:
    assert _is_own(realm, "contoso.azurecr.io") is own


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (
            "denied: client with IP '52.166.10.7' is not allowed access. Refer https://aka.ms/acr/firewall",
            "52.166.10.7",
        ),
        ('"message":"client with IP \\u002752.166.10.7\\u0027 is not allowed access."', "52.166.10.7"),
        ("client with IP 2603:1020:5:6::1 is not allowed access", "2603:1020:5:6::1"),
        ("somebody is not allowed access", "an address that the registry does not tell"),
    ],
)
def test_a_firewall_names_the_address_it_refuses(text: str, address: str) -> None:
    blocked = firewall_in(text, "contoso.azurecr.io")
    assert blocked
    assert blocked.address == address


def test_other_refusals_are_none_of_a_firewall() -> None:
    assert firewall_in("denied: requested access to the resource is denied", "contoso.azurecr.io") is None
