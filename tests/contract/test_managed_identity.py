"""The managed identity of a machine that has none: found out in seconds, whatever is in the way."""

from __future__ import annotations

import os
import socket
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from pytask.clock import Timeouts
from pytask.cloud.credentials import open_credentials
from pytask.errors.azure import AzureFailing
from pytask.errors.sign_in import ManagedIdentityUnreachable
from pytask.model import Cloud, ManagedIdentity, Network, Proxy, Secret, ServiceConnection
from tests.contract.http_clients import an_http_client
from tests.contract.test_http_client import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytask.cloud.credentials import Credentials

SCOPE = "https://arm/.default"
TIMEOUTS = Timeouts(http_attempts=3, http_first_wait=0.01, http_longest_wait=0.1, identity_connect=0.3, http_read=0.3)


def credentials(network: Network | None = None) -> Credentials:
    connection = ServiceConnection(
        id="id",
        input="azureSubscription",
        page="https://the.page",
        tenant_id="tenant",
        subscription_id="sub",
        subscription_name="Contoso",
        cloud=Cloud(arm_url="https://arm", authority_url="https://entra", arm_scope=SCOPE),
        identity=ManagedIdentity(client_id=""),
    )
    return open_credentials(
        connection,
        http=an_http_client(TIMEOUTS, network=network),
        fresh_assertion=str,
        mask=Secret,
        environment=os.environ,
    )


@contextmanager
def a_port_that_answers_nobody() -> Iterator[int]:
    """Return a port where nobody gets in: connections hang, as behind a firewall that drops them."""
    with ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    one = Server()
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", one.url)
    yield one
    one.close()


def test_an_endpoint_that_swallows_calls_is_given_up_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with a_port_that_answers_nobody() as port:
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", f"http://127.0.0.1:{port}")
        began = time.monotonic()
        with pytest.raises(ManagedIdentityUnreachable):
            credentials().get_token(SCOPE)
    assert 0.25 < time.monotonic() - began < 8


def test_the_timeouts_of_a_run_with_such_an_endpoint_is_seconds() -> None:
    assert Timeouts().identity_connect <= 3


def test_what_is_in_the_way_instead_of_the_endpoint_is_shown(server: Server) -> None:
    server.answers.append((403, {}, "denied by the firewall of Contoso"))
    with pytest.raises(ManagedIdentityUnreachable) as caught:
        credentials().get_token(SCOPE)
    assert caught.value.tell("{detail}") == "denied by the firewall of Contoso"
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [404, 410, 429, 500, 503])
def test_an_endpoint_that_is_being_updated_is_tried_again(server: Server, status: int) -> None:
    told = '{"access_token": "t", "expires_in": "3599", "token_type": "Bearer"}'
    server.answers.extend([(status, {}, '{"error": "busy"}'), (200, {}, told)])
    assert credentials().get_token(SCOPE).token == "t"
    assert len(server.asked) == 2


def test_an_endpoint_that_keeps_failing_is_told_as_such(server: Server) -> None:
    server.answers.extend([(500, {}, "no")] * 3)
    with pytest.raises(AzureFailing) as caught:
        credentials().get_token(SCOPE)
    assert caught.value.tell(caught.value.happened) == "attempts: 3; the last response was 500: no"


def test_no_proxy_is_asked_for_what_is_on_the_machine(server: Server) -> None:
    server.answers.append((200, {}, '{"access_token": "t", "expires_in": "3599"}'))
    behind = Network(proxy=Proxy(address="http://127.0.0.1:1"))
    assert credentials(behind).get_token(SCOPE).token == "t"


def test_a_machine_of_azure_arc_answers_with_a_file_that_not_everybody_may_read(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{server.url}/metadata/identity/oauth2/token")
    monkeypatch.setenv("IMDS_ENDPOINT", server.url)
    challenge = {"WWW-Authenticate": "Basic realm=/var/opt/azcmagent/tokens/0a1b2c3d.key"}
    server.answers.append((401, challenge, '{"error": "unauthorized_client"}'))
    with pytest.raises(ManagedIdentityUnreachable) as caught:
        credentials().get_token(SCOPE)
    assert "/var/opt/azcmagent/tokens/0a1b2c3d.key" in caught.value.tell("{detail}")


UNREADABLE = {
    "nothing": (200, {}, ""),
    "no content": (204, {}, ""),
    "no object": (200, {}, "[]"),
    "an empty object": (200, {}, "{}"),
    "null": (200, {}, "null"),
    "a page": (200, {"Content-Type": "text/html"}, "<html>Sign in to Contoso's network</html>"),
    "nested": (200, {}, "[" * 20_000 + "]" * 20_000),
    "a token of another type": (200, {}, '{"access_token": ["t"], "expires_in": 3600, "resource": "r"}'),
    "a lifetime of another type": (200, {}, '{"access_token": "t", "expires_in": [1e18], "resource": "r"}'),
    "no resource": (200, {}, '{"access_token": "t", "expires_in": "later"}'),
    "a redirect": (307, {"Location": "https://evil.com/"}, ""),
}


@pytest.mark.parametrize("endpoint", ["imds", "app_service"])
@pytest.mark.parametrize("answer", UNREADABLE.values(), ids=UNREADABLE)
def test_an_answer_that_is_no_token_is_told_as_such(
    server: Server, monkeypatch: pytest.MonkeyPatch, endpoint: str, answer: tuple[int, dict[str, str], str]
) -> None:
    if endpoint == "app_service":
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{server.url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "header")
    server.answers.extend([answer] * 3)
    with pytest.raises((AzureFailing, ManagedIdentityUnreachable)):
        credentials().get_token(SCOPE)
