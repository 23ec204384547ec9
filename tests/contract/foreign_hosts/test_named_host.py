"""A call with a credential names the one host that it may reach."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from azure.core.rest import HttpRequest

from pytask.cloud.http import Call, request
from pytask.cloud.transport import only
from pytask.errors import TaskFailure
from pytask.errors.network import CredentialNotSent
from pytask.network.place import place_of
from tests.contract.foreign import REGISTRY, World

if TYPE_CHECKING:
    from pytask.cloud.http import HttpClient

HEADERS = ("Authorization", "authorization", "x-functions-key", "X-MS-AUTHORIZATION-AUXILIARY", "Cookie", "Secret")
FIELDS = ("client_secret", "client_assertion", "assertion", "refresh_token", "access_token", "password")


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("encoded", [False, True])
def test_a_form_with_a_credential_that_names_no_host_is_not_sent(
    world: World, http: HttpClient, field: str, *, encoded: bool
) -> None:
    asked = request("POST", f"https://{REGISTRY}/oauth2/exchange", form={"grant_type": "x", field: "the-password"})
    if encoded:
        asked = HttpRequest("POST", asked.url, content=f"grant_type=x&{field}=the-password")
    with pytest.raises(CredentialNotSent):
        http.send(Call(request=asked, doing="ask"))
    assert world.dialed == []


def test_no_cookie_that_a_host_gave_is_sent_to_any(world: World, http: HttpClient) -> None:
    world.answers["a.azurewebsites.net"] = lambda _asked: (
        200, {"Set-Cookie": "session=the-password; Domain=azurewebsites.net; Secure"}, {}
    )  # fmt: skip
    for host in ("a.azurewebsites.net", "evil.azurewebsites.net", "a.azurewebsites.net"):
        http.send(Call(request=request("GET", f"https://{host}/"), doing="ask"))
    assert not [asked for asked in (*world.asked, *world.strange) if asked.has_credentials()]


@pytest.mark.parametrize("name", HEADERS)
def test_a_call_with_a_credential_that_names_no_host_is_not_sent(world: World, http: HttpClient, name: str) -> None:
    asked = request("GET", f"https://{REGISTRY}/v2/", headers={name: "the-password"})
    with pytest.raises(CredentialNotSent):
        http.send(Call(request=asked, doing="ask"))
    assert world.dialed == []


@pytest.mark.parametrize(
    "host", ["evil.com", "contoso.azurecr.io:8443", "contoso.azurecr.io.", "evil.com\\.azurecr.io"]
)
def test_a_call_with_a_credential_reaches_the_one_host_that_it_names(world: World, http: HttpClient, host: str) -> None:
    asked = request("GET", f"https://{host}/v2/", headers={"Authorization": "the-password"})
    with pytest.raises(CredentialNotSent):
        http.send(Call(request=asked, doing="ask", only_to=only(f"https://{REGISTRY}/")))
    assert world.dialed == []


def test_a_place_is_where_the_client_dials_whatever_the_address_looks_like(world: World, http: HttpClient) -> None:
    addresses = [
        "https://evil.com\\.azurecr.io/x",
        "https://evil.com\\@contoso.azurecr.io/x",
        "https://contoso.azurecr.io@evil.com/x",
        "https://contoso.azurecr.io:443@evil.com:8443/x",
        "https://EVIL.com:443/x",
        "https://contoso.azurecr.io./x",
        "https://evil.com%2f.azurecr.io/x",
        "https://evil.com?.azurecr.io/x",
        "https://evil.com#.azurecr.io/x",
        "https://evil.com/../x",
    ]
    for address in addresses:
        world.dialed.clear()
        with suppress(TaskFailure):
            http.send(Call(request=request("GET", address), doing="look", accept=frozenset(range(600))))
        place = place_of(address)
        assert {(host.lower().rstrip("."), port) for host, port in world.dialed} <= (
            {(place.host.rstrip("."), place.port)} if place else set()
        ), address
