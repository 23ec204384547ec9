"""Signing in to registries of every kind, against a real server over TLS that stands in for them."""

from __future__ import annotations

import base64
import json
import os
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
import trustme

from pytask.agent.network import read_network
from pytask.clock import Timeouts
from pytask.errors.network import Unreachable
from pytask.errors.push import PushDenied
from pytask.errors.registry import (
    ManifestMissing,
    NoRegistry,
    RegistryFailing,
    RegistryFirewall,
    RegistryLoginRefused,
    RegistryNotAzure,
    RegistryReadRefused,
    RegistryRefused,
)
from pytask.model import Digest, RegistryHost, RegistryLogin, Secret
from pytask.registry.challenge import Challenge
from pytask.registry.contents import Repository
from pytask.registry.registries import Registries
from pytask.registry.rights import confirm_push, everybody_may_pull, may_pull
from pytask.registry.sign_in import EntraSignIn
from tests.contract.http_clients import an_http_client
from tests.contract.registry_server import RegistryServer
from tests.measure.connection import azure_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

QUICK = Timeouts(http_attempts=2, http_first_wait=0.01, http_longest_wait=0.02)
DIGEST = "sha256:" + "a" * 64
BASIC = "Basic " + base64.b64encode(b"robot:pw").decode()
FIREWALL = "client with IP '52.166.10.7' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."


class Registry(RegistryServer):
    """A registry with its token service at the same host; how it signs people in is for a test to say."""

    def __init__(self, authority: trustme.CA) -> None:
        self.asked: list[tuple[str, str]] = []
        """Method and path, with the `Authorization` that came with it."""
        self.scheme = "bearer"
        self.realm = ""
        self.actions = ["pull", "push"]
        self.opaque = False
        self.tokens_good_for = 1000
        self.refuses: tuple[int, str] | None = None
        """Status and text that every call but the challenge is refused with."""
        self.public = False
        self.has_image = True
        super().__init__(authority, self._handler())

    def told(self, path: str) -> list[str]:
        """Return the credentials that came with the calls of a path."""
        return [authorization for asked, authorization in self.asked if path in asked]

    def answer(self, path: str, authorization: str) -> tuple[int, dict[str, str], object]:
        """Return status, headers and body."""
        if path == "/v2/" and not (self.scheme == "basic" and authorization):
            return self._challenged(path)
        if self.refuses:
            return self.refuses[0], {}, {"errors": [{"code": "DENIED", "message": self.refuses[1]}]}
        if path.startswith("/token"):
            return self._token(path, authorization)
        if not self._accepts(authorization):
            return 401, {}, {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}
        if path == "/v2/":
            return 200, {}, {}
        found = self.has_image
        return (200, {"Docker-Content-Digest": DIGEST}, {}) if found else (404, {}, {"errors": []})

    def _challenged(self, path: str) -> tuple[int, dict[str, str], object]:
        del path
        if not self.scheme:
            return 200, {}, {}
        if self.scheme == "none":
            return 404, {}, "Not here"
        realm = self.realm or f"https://{self.host}/token?tenant=x"
        given = {"bearer": f'Bearer realm="{realm}",service="{self.host}"', "basic": 'Basic realm="registry"'}
        return 401, {"WWW-Authenticate": given[self.scheme]}, {"errors": []}

    def _token(self, path: str, authorization: str) -> tuple[int, dict[str, str], object]:
        if authorization != BASIC and not (self.public and not authorization):
            return 401, {}, {"errors": [{"code": "UNAUTHORIZED", "message": "incorrect username or password"}]}
        query = parse_qs(urlsplit(path).query)
        assert query["service"] == [str(self.host)]
        assert query["tenant"] == ["x"], "the realm's own query is kept"
        _, name, asked = query["scope"][0].split(":")
        claims = {"access": [{"name": name, "actions": [one for one in asked.split(",") if one in self.actions]}]}
        body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        return 200, {}, {"token": "opaque" if self.opaque else f"head.{body}.sign"}

    def _accepts(self, authorization: str) -> bool:
        if self.scheme == "basic":
            return authorization == BASIC
        self.tokens_good_for -= 1
        return not self.scheme or (authorization.startswith("Bearer ") and self.tokens_good_for != 0)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                authorization = self.headers.get("Authorization", "")
                registry.asked.append((f"{self.command} {self.path}", authorization))
                status, headers, body = registry.answer(self.path, authorization)
                sent = json.dumps(body).encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(sent)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(sent)

            do_HEAD = do_GET  # noqa: N815 - the base class's naming

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                del format, args

        return Handler


@pytest.fixture
def registry(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    authority = trustme.CA()
    bundle = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    monkeypatch.setenv("NO_PROXY", "localhost")
    one = Registry(authority)
    yield one
    one.close()


@pytest.fixture
def masked() -> list[str]:
    return []


@pytest.fixture
def registries(registry: Registry, masked: list[str]) -> Callable[..., Registries]:
    """Return the registries of a run, with credentials for this one or without."""

    def opened(*, password: str | None = "pw") -> Registries:  # noqa: S107 - of a server that lives for a test
        def mask(text: str) -> Secret:
            masked.append(text)
            return Secret(text)

        http = an_http_client(QUICK, network=read_network(os.environ, Secret))
        login = RegistryLogin(host=registry.host, user="robot", password=Secret(password)) if password else None
        return Registries(azure=None, login=login, http=http, mask=mask)

    return opened


def test_a_token_service_gets_the_password_and_the_registry_the_token_alone(
    registry: Registry, registries: Callable[..., Registries], masked: list[str]
) -> None:
    session = registries().open(registry.host)
    confirm_push(session, "team/app")
    assert Repository(session=session, name="team/app").manifest("1").digest == Digest(DIGEST)
    assert registry.told("/token") == [BASIC], "one token does for pushing and for reading"
    (bearer,) = registry.told("/manifests/1")
    assert bearer.startswith("Bearer head.")
    assert bearer.removeprefix("Bearer ") in masked
    assert BASIC.removeprefix("Basic ") in masked


def test_a_registry_with_passwords_only_gets_them_and_is_asked_whether_they_are_good(
    registry: Registry, registries: Callable[..., Registries]
) -> None:
    registry.scheme = "basic"
    session = registries().open(registry.host)
    confirm_push(session, "team/app")
    assert registry.told("/v2/") == ["", BASIC]
    assert Repository(session=session, name="team/app").manifest("1").digest == Digest(DIGEST)
    with pytest.raises(RegistryLoginRefused, match=r"registry-login-refused"):
        confirm_push(registries(password="wrong").open(registry.host), "team/app")


def test_a_registry_that_is_open_gets_no_credentials(registry: Registry, registries: Callable[..., Registries]) -> None:
    registry.scheme = ""
    session = registries(password=None).open(registry.host)
    assert may_pull(session, "team/app") is True
    assert everybody_may_pull(session, "team/app")
    assert Repository(session=session, name="team/app").manifest("1").digest == Digest(DIGEST)
    assert {authorization for _, authorization in registry.asked} == {""}


def test_a_wrong_password_is_told_with_the_registrys_words(
    registry: Registry, registries: Callable[..., Registries]
) -> None:
    with pytest.raises(RegistryLoginRefused) as caught:
        confirm_push(registries(password="wrong").open(registry.host), "team/app")
    assert "incorrect username or password" in caught.value.detail


def test_credentials_go_nowhere_without_tls(registry: Registry, registries: Callable[..., Registries]) -> None:
    registry.realm = f"http://{registry.host}/token"
    with pytest.raises(RegistryLoginRefused) as caught:
        confirm_push(registries().open(registry.host), "team/app")
    assert "not sent without TLS" in caught.value.detail
    assert not registry.told("/token")


def test_a_token_that_grants_less_is_a_refused_push(registry: Registry, registries: Callable[..., Registries]) -> None:
    registry.actions = ["pull"]
    with pytest.raises(PushDenied) as caught:
        confirm_push(registries().open(registry.host), "team/app")
    assert "it grants pull" in caught.value.detail


def test_a_token_that_cannot_be_looked_into_is_no_refusal(
    registry: Registry, registries: Callable[..., Registries]
) -> None:
    registry.opaque = True
    session = registries().open(registry.host)
    confirm_push(session, "team/app")
    assert may_pull(session, "team/app") is None


def test_a_token_that_ran_out_is_followed_by_a_new_sign_in_once(
    registry: Registry, registries: Callable[..., Registries]
) -> None:
    registry.tokens_good_for = 2
    repository = Repository(session=registries().open(registry.host), name="team/app")
    repository.manifest("1")
    assert repository.manifest("1").digest == Digest(DIGEST)
    assert len(registry.told("/token")) == 2
    registry.scheme = "basic"  # what is accepted now is none of what was agreed
    with pytest.raises(RegistryLoginRefused):
        repository.manifest("1")


def test_what_everybody_may_read_is_read_without_credentials(
    registry: Registry, registries: Callable[..., Registries]
) -> None:
    registry.public = True
    session = registries(password=None).open(registry.host)
    assert session.anonymous
    assert everybody_may_pull(session, "team/app")
    assert Repository(session=session, name="team/app").manifest("1").digest == Digest(DIGEST)
    assert registries(password=None).docker_login(registry.host) is None
    registry.has_image = False
    with pytest.raises(ManifestMissing):
        Repository(session=session, name="team/app").manifest("1")


def test_what_nobody_may_read_without_credentials_says_so(
    registry: Registry, registries: Callable[..., Registries]
) -> None:
    session = registries(password=None).open(registry.host)
    assert not everybody_may_pull(session, "team/app")
    with pytest.raises(RegistryReadRefused):
        Repository(session=session, name="team/app").manifest("1")


def test_docker_gets_the_credentials_of_the_registry_and_of_no_other(
    registry: Registry, registries: Callable[..., Registries]
) -> None:
    login = registries().docker_login(registry.host)
    assert login == RegistryLogin(host=registry.host, user="robot", password=Secret("pw"))
    assert registries().docker_login(RegistryHost("elsewhere.example.com")) is None


@pytest.mark.parametrize(
    "text", [FIREWALL, FIREWALL.replace("'", "\\u0027"), "client with IP 52.166.10.7 is not allowed access"]
)
def test_a_firewall_is_told_with_the_address_it_refuses(
    registry: Registry, registries: Callable[..., Registries], text: str
) -> None:
    registry.refuses = (403, text)
    session = registries().open(registry.host)
    for ask in (lambda: confirm_push(session, "app"), lambda: session.authorization("app")):
        with pytest.raises(RegistryFirewall) as caught:
            ask()
        assert caught.value.address == "52.166.10.7"


def test_what_is_no_registry_is_told_as_such(registry: Registry, registries: Callable[..., Registries]) -> None:
    registry.scheme = "none"
    with pytest.raises(NoRegistry) as caught:
        registries().open(registry.host)
    assert caught.value.status == 404


def test_refusals_and_faults_name_the_registry(registry: Registry, registries: Callable[..., Registries]) -> None:
    session = registries().open(registry.host)
    registry.refuses = (429, "toomanyrequests: slow down")
    with pytest.raises(RegistryFailing, match=str(registry.host)) as failing:
        session.token("app")
    assert failing.value.attempts == QUICK.http_attempts
    registry.refuses = (418, "I am a teapot")
    with pytest.raises(RegistryRefused, match=str(registry.host)) as refused:
        session.token("app")
    assert refused.value.status == 418


def test_a_registry_nobody_gave_credentials_for_is_tried_once(registries: Callable[..., Registries]) -> None:
    with pytest.raises(Unreachable):
        registries(password=None).open(RegistryHost("127.0.0.1", 9))


def test_a_registry_that_would_have_azures_token_sent_elsewhere_gets_none(registry: Registry) -> None:
    way = EntraSignIn(azure_for("client", "secret", timeouts=QUICK))
    challenge = Challenge(scheme="bearer", realm=f"https://{registry.host}/token", service="contoso.azurecr.io")
    with pytest.raises(RegistryNotAzure):
        way.login(RegistryHost("contoso.azurecr.io"), challenge)
    assert not registry.asked
