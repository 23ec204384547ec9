"""No way leads a credential to a foreign host: a listening one, trusted by TLS, behind every name, gets none."""

from __future__ import annotations

import base64
import json
import os
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from azure.core.rest import HttpRequest

from pytask.agent.network import read_network
from pytask.agent.oidc import open_oidc_tokens
from pytask.clock import Timeouts
from pytask.cloud.arm import ArmCall
from pytask.cloud.credentials import open_credentials
from pytask.cloud.http import Call, request
from pytask.cloud.poll import Seen
from pytask.cloud.transport import only
from pytask.errors import ManyFailures, TaskFailure
from pytask.errors.federation import OidcCause, OidcTokenRefused
from pytask.errors.inputs import ImageHostDiffers
from pytask.errors.network import CredentialNotSent
from pytask.errors.registry import LoginServerUnusable, RegistryLoginRefused, RegistryNotAzure
from pytask.inputs import read_plan
from pytask.model import (
    AppAddress,
    Deploy,
    Function,
    ManagedIdentity,
    RegistryAddress,
    RegistryHost,
    RegistryLogin,
    Secret,
    SmokeTest,
)
from pytask.network.place import place_of
from pytask.registry.contents import Repository
from pytask.registry.images import open_destination, open_existing, open_running
from pytask.registry.registries import Registries
from pytask.registry.rights import confirm_push
from pytask.targets.site.find import find_app
from pytask.targets.site.smoke import call
from tests.contract.foreign import ARM, ENTRA, REGISTRY, World, a_world, entra, registry
from tests.contract.http_clients import an_http_client
from tests.measure.connection import azure_for
from tests.plans import pushing
from tests.scripted import found_site
from tests.unit.test_inputs import an_environment
from tests.unit.test_registry_inputs import OTHER, a_docker_connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from pytask.agent.oidc import OidcTokens
    from pytask.cloud.arm import Azure
    from pytask.cloud.http import HttpClient
    from tests.contract.foreign import Answer, Asked

QUICK = Timeouts(http_attempts=2, http_first_wait=0.01, http_longest_wait=0.02, longest_poll=0.01)
NO_HOSTS = [
    "evil.com\\.azurecr.io",
    "evil.com\\@contoso.azurecr.io",
    "user:pw@evil.com",
    "contoso.azurecr.io@evil.com",
    "contoso.azurecr.io:443@evil.com",
    "evil.com?.azurecr.io",
    "evil.com#.azurecr.io",
    "evil.com%2f.azurecr.io",
    "contoso.azurecr.io.",
    "contoso.azurecr.io:99999",
    "evil.com\uff0fx.azurecr.io",
    "contoso\u3002azurecr.io",
]
"""What an HTTP client would make some host of, and what is none."""
LOOKALIKES = [
    "evil.com",
    "contoso.azurecr.io:8443",
    "contoso.azurecr.io.evil.com",
    "evilazurecr.io",
    "evil.contoso.azurecr.io",
    "azurecr.io",
    "contoso.azurecr.io.evil.com:443",
    "xn--bcher-kva.azurecr.io.evil.com",
    "evil.appservice.local.azurestack.external",
]
"""Hosts that are somebody's, and none of Azure's registries."""
FOREIGN_REALMS = [
    "https://evil.com/oauth2/token",
    "https://evil.com\\.azurecr.io/oauth2/token",
    "https://evil.com\\\\.azurecr.io/oauth2/token",
    "https://evil.com\\\\@contoso.azurecr.io/oauth2/token",
    "https://contoso.azurecr.io@evil.com/oauth2/token",
    "https://contoso.azurecr.io:443@evil.com/oauth2/token",
    "https://contoso.azurecr.io:8443/oauth2/token",
    "https://contoso.azurecr.io./oauth2/token",
    "https://CONTOSO.azurecr.io.EVIL.com/oauth2/token",
    "https://fabrikam.azurecr.io/oauth2/token",
    "https://evil.contoso.azurecr.io/oauth2/token",
    "http://contoso.azurecr.io/oauth2/token",
    "http://evil.com/oauth2/token",
    "//evil.com/oauth2/token",
    "evil.com",
]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    with a_world(monkeypatch, tmp_path) as one:
        one.answers = {ENTRA: entra, ARM: _nothing, REGISTRY: registry()}
        yield one


def _nothing(_asked: Asked) -> Answer:
    return 404, {}, {"error": {"code": "NotFound", "message": "nothing here"}}


@pytest.fixture
def azure(world: World) -> Azure:
    del world
    return azure_for("client", "the-client-secret", timeouts=QUICK)


@pytest.fixture
def http(world: World) -> HttpClient:
    del world
    return an_http_client(QUICK, network=read_network(os.environ, Secret))


def registries(azure: Azure) -> Registries:
    return Registries(azure=azure, login=None, http=azure.http, mask=Secret)


def by_password(http: HttpClient, host: str) -> Registries:
    login = RegistryLogin(host=RegistryHost.parse(host), user="robot", password=Secret("the-password"))
    return Registries(azure=None, login=login, http=http, mask=Secret)


def attempt(azure: Azure, environment: dict[str, str]) -> None:
    """Do with the registry what a preflight does; every failure is as good as another."""
    try:
        plan = read_plan(environment, Secret)
        if isinstance(plan, Deploy):
            open_existing(registries(azure), plan.image)
        else:
            open_destination(registries(azure), pushing(plan).names)
    except (ManyFailures, TaskFailure):
        return


def inputs(path: str, host: str, folder: Path) -> dict[str, str]:
    """Return the inputs of a run in which a host comes in by a path."""
    digest = f"sha256:{'a' * 64}"
    record = folder / "record.json"
    record.write_text(json.dumps({"imageReference": f"{host}/app:1", "imageDigest": digest}))
    given: dict[str, dict[str, str]] = {
        "image name": {"imageName": f"{host}/app:1", "azureContainerRegistry": ""},
        "image name beside a registry": {"imageName": f"{host}/app:1", "azureContainerRegistry": "contoso.azurecr.io"},
        "image name with a scheme": {"imageName": f"https://{host}/app:1", "azureContainerRegistry": ""},
        "deployed image": {"command": "deploy", "imageName": f"{host}/app:1"},
        "deployed digest": {"command": "deploy", "imageName": f"{host}/app@{digest}"},
        "record file": {"command": "deploy", "imageName": "", "recordFile": str(record)},
        "registry": {"azureContainerRegistry": host},
        "registry's URL": {"azureContainerRegistry": f"https://{host}/"},
        "registry JSON": {"azureContainerRegistry": json.dumps({"loginServer": host, "id": ""})},
        "registry JSON with an id": {
            "azureContainerRegistry": json.dumps({"loginServer": "contoso.azurecr.io", "id": f"https://{host}/x"})
        },
        "registry id": {"azureContainerRegistry": f"/subscriptions/@{host}/x"},
    }
    return an_environment(folder, **given[path])


PATHS = (
    "image name",
    "image name beside a registry",
    "image name with a scheme",
    "deployed image",
    "deployed digest",
    "record file",
    "registry",
    "registry's URL",
    "registry JSON",
    "registry JSON with an id",
    "registry id",
)


@pytest.mark.parametrize("path", PATHS)
def test_what_is_no_host_is_asked_nothing_at_all(world: World, azure: Azure, tmp_path: Path, path: str) -> None:
    for host in NO_HOSTS:
        attempt(azure, inputs(path, host, tmp_path))
        assert (world.strange, world.foreign_places()) == ([], set()), host


@pytest.mark.parametrize("path", PATHS)
def test_a_host_that_is_none_of_azures_gets_no_credential(
    world: World, azure: Azure, tmp_path: Path, path: str
) -> None:
    for host in LOOKALIKES:
        attempt(azure, inputs(path, host, tmp_path))
        assert not [asked for asked in world.strange if asked.has_credentials()], host


def test_azures_own_registry_does_get_one(world: World, azure: Azure, tmp_path: Path) -> None:
    attempt(azure, inputs("image name", REGISTRY, tmp_path))
    assert [asked for asked in world.asked if asked.host == REGISTRY and "entra-token" in asked.body]
    assert world.strange == []


def test_the_apps_own_configuration_leads_no_credential_away(world: World, azure: Azure) -> None:
    for host in (*NO_HOSTS, *LOOKALIKES):
        image = f"DOCKER|{host}/a:1"
        open_running(registries(azure), found_site(fx_version=image))
        assert not [asked for asked in world.strange if asked.has_credentials()], host
        assert host in LOOKALIKES or world.foreign_places() == set(), host
        world.dialed.clear()


@pytest.mark.parametrize("by_id", [True, False])
def test_a_login_server_that_is_none_of_azures_is_asked_nothing(world: World, azure: Azure, *, by_id: bool) -> None:
    path = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/contoso"
    address = RegistryAddress(name="contoso", resource_id=path if by_id else "")
    for told in (*NO_HOSTS, *LOOKALIKES, ""):
        item = {"id": "x", "name": "contoso", "properties": {"loginServer": told}}
        world.answers[ARM] = partial(_told, item if by_id else {"value": [item]})
        with pytest.raises(TaskFailure) as caught:
            registries(azure).open_at(address)
        assert isinstance(caught.value, LoginServerUnusable) is bool(told), told
        assert (world.strange, world.foreign_places()) == ([], set()), told


def _told(body: object, _asked: Asked) -> Answer:
    return 200, {}, body


@pytest.mark.parametrize(
    ("named", "image", "told", "differs"),
    [
        ("contoso", "contoso-h4sh.azurecr.io", "contoso-h4sh.azurecr.io", False),
        ("contoso-h4sh", "contoso-h4sh.azurecr.io", "Contoso-h4sh.azurecr.io", False),
        ("contoso", "contoso.westeurope.geo.azurecr.io", "contoso.azurecr.io", False),
        ("contoso", "contoso.azurecr.io", "contoso-h4sh.azurecr.io", True),
        ("contoso", "fabrikam.azurecr.io", "contoso-h4sh.azurecr.io", True),
    ],
)
def test_a_registry_given_by_name_is_compared_once_resource_manager_has_said_its_host(
    world: World, azure: Azure, tmp_path: Path, *, named: str, image: str, told: str, differs: bool
) -> None:
    item = {"id": "x", "name": "contoso", "properties": {"loginServer": told}}
    world.answers[ARM] = partial(_told, {"value": [item]})
    world.answers[told.lower()] = registry(f"https://{told}/oauth2/token")
    plan = read_plan(an_environment(tmp_path, azureContainerRegistry=named, imageName=f"{image}/app:1"), Secret)
    assert pushing(plan).names.references == ("app:1",), "Resource Manager has yet to say the host"
    if differs:
        with pytest.raises(ImageHostDiffers):
            open_destination(registries(azure), pushing(plan).names)
    else:
        _, session = open_destination(registries(azure), pushing(plan).names)
        assert str(session.host) == told.lower()


@pytest.mark.parametrize("realm", FOREIGN_REALMS)
def test_no_realm_leads_a_token_away(world: World, azure: Azure, realm: str) -> None:
    world.answers[REGISTRY] = registry(realm)
    session = registries(azure).open(RegistryHost(REGISTRY))
    for ask in (partial(confirm_push, session, "app"), session.docker_login, partial(session.token, "app")):
        with pytest.raises(RegistryNotAzure):
            ask()
    assert (world.strange, world.foreign_places()) == ([], set())
    assert not [asked for asked in world.asked if asked.host == REGISTRY and asked.has_credentials()]


@pytest.mark.parametrize("realm", FOREIGN_REALMS)
def test_no_realm_leads_a_docker_connections_password_away(world: World, http: HttpClient, realm: str) -> None:
    world.answers[REGISTRY] = registry(realm)
    session = by_password(http, REGISTRY).open(RegistryHost(REGISTRY))
    for ask in (partial(confirm_push, session, "app"), session.docker_login):
        with pytest.raises(RegistryLoginRefused):
            ask()
    assert (world.strange, world.foreign_places()) == ([], set())


def test_a_docker_connections_password_reaches_no_other_registry(world: World, http: HttpClient) -> None:
    ours = by_password(http, REGISTRY)
    assert ours.docker_login(RegistryHost("evil.com")) is None
    confirm_push(by_password(http, "ghcr.io").open(RegistryHost("evil.com")), "app")
    assert world.strange
    assert not [asked for asked in world.strange if asked.has_credentials()]


@pytest.mark.parametrize(
    "url",
    ["https://evil.com\\.azurecr.io", "https://ghcr.io@evil.com", "https://user:pw@ghcr.io", "ghcr.io?x", "ftp://a.b"],
)
@pytest.mark.parametrize("of_azure", [True, False])
def test_a_docker_connection_names_a_host_and_nothing_else(tmp_path: Path, url: str, *, of_azure: bool) -> None:
    given = {"loginServer": url} if of_azure else {"registry": url}
    connection = a_docker_connection(
        username="robot",
        password="the-password",
        servicePrincipalId="i",
        servicePrincipalKey="k",
        tenantId="t",
        **given,
    )
    environment = an_environment(tmp_path, containerRegistry=OTHER, azureContainerRegistry="") | connection
    with pytest.raises(ManyFailures) as caught:
        read_plan(environment, Secret)
    assert [failure.code for failure in caught.value.failures] == ["connection-incomplete"]


REDIRECTS = [301, 302, 303, 307, 308]


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("at", ["/v2/", "/oauth2/exchange", "/oauth2/token", "/v2/app/manifests/1"])
def test_no_redirect_of_a_registry_is_followed_with_a_credential(
    world: World, azure: Azure, at: str, status: int
) -> None:
    usual = registry()

    def answer(asked: Asked) -> Answer:
        moved = asked.line.split()[1].partition("?")[0] == at
        return (status, {"Location": "https://evil.com/taken"}, {}) if moved else usual(asked)

    world.answers[REGISTRY] = answer
    with pytest.raises(TaskFailure):
        Repository(session=registries(azure).open(RegistryHost(REGISTRY)), name="app").manifest("1")
    assert (world.strange, world.foreign_places()) == ([], set())


@pytest.mark.parametrize("status", REDIRECTS)
def test_a_layer_elsewhere_is_fetched_without_the_registrys_token(world: World, azure: Azure, status: int) -> None:
    usual = registry()
    lies_at = "https://store.blob.core.windows.net/data?sig=x"

    def answer(asked: Asked) -> Answer:
        return (status, {"Location": lies_at}, {}) if "/blobs/" in asked.line else usual(asked)

    world.answers[REGISTRY] = answer
    repository = Repository(session=registries(azure).open(RegistryHost(REGISTRY)), name="app")
    with pytest.raises(TaskFailure), repository.blob(f"sha256:{'b' * 64}", 100) as pieces:
        list(pieces)  # what the foreign server gives has another digest
    assert [asked.has_credentials() for asked in world.strange] == [False]


@pytest.mark.parametrize("location", ["http://store.blob.core.windows.net/data", "ftp://evil.com/x", "", "//"])
def test_a_layer_is_not_fetched_without_tls(world: World, azure: Azure, location: str) -> None:
    usual = registry()
    world.answers[REGISTRY] = lambda asked: (
        (307, {"Location": location}, {}) if "/blobs/" in asked.line else usual(asked)
    )
    repository = Repository(session=registries(azure).open(RegistryHost(REGISTRY)), name="app")
    with pytest.raises(TaskFailure), repository.blob(f"sha256:{'b' * 64}", 100) as pieces:
        list(pieces)
    assert (world.strange, world.foreign_places()) == ([], set())


INNER = [
    *("127.0.0.1", "127.1", "0x7f.1", "0177.0.0.1", "2130706433", "0x7f000001", "017700000001", "127.0.0.1.", "0"),
    *(
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "168.63.129.16",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
    ),
    *("255.255.255.255", "198.18.0.1", "2852039166", "0xa9fea9fe", "[::1]", "[::]", "[fe80::1]", "[fe80::1%25eth0]"),
    *("[fd00::1]", "[fc00::1]", "[ff02::1]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[::127.0.0.1]"),
    *("[64:ff9b::7f00:1]", "[64:ff9b::169.254.169.254]", "[2002:7f00:1::]", "[2001:db8::1]", "[fec0::1]"),
    *("\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021", "127.0.0.1:443", "127.0.0.1:8443", "user@127.0.0.1"),
]
"""This machine and what is around it, in every notation that some client reads."""


@pytest.mark.parametrize("status", [302, 307])
def test_no_redirect_of_a_layer_makes_the_agent_call_its_own_network(world: World, azure: Azure, status: int) -> None:
    usual, hops = registry(), ["https://store.contoso.test/1"]
    told = [""]

    def moved(asked: Asked) -> Answer:
        return (status, {"Location": told[0]}, {}) if "/blobs/" in asked.line else usual(asked)

    world.answers[REGISTRY] = moved
    world.answers["store.contoso.test"] = lambda _asked: (status, {"Location": inner}, {})
    repository = Repository(session=registries(azure).open(RegistryHost(REGISTRY)), name="app")
    for host in INNER:
        inner = f"https://{host}/latest/meta-data"
        for told[0] in (inner, *hops):
            with pytest.raises(TaskFailure), repository.blob(f"sha256:{'b' * 64}", 100) as pieces:
                list(pieces)
            assert (world.strange, world.foreign_places()) == ([], set()), told[0]


def test_a_name_of_a_private_endpoint_is_no_address(world: World, azure: Azure) -> None:
    for host in ("contoso.privatelink.azurecr.io", "10.contoso.test", "127.0.0.1.contoso.test", "dead.beef"):
        world.answers[REGISTRY] = _moved_to(f"https://{host}/data")
        repository = Repository(session=registries(azure).open(RegistryHost(REGISTRY)), name="app")
        with pytest.raises(TaskFailure), repository.blob(f"sha256:{'b' * 64}", 100) as pieces:
            list(pieces)  # what the foreign server gives has another digest
        assert [(asked.host, asked.has_credentials()) for asked in world.strange] == [(host, False)]
        world.strange.clear()


def test_a_layer_that_is_always_somewhere_else_is_given_up(world: World, azure: Azure) -> None:
    world.answers[REGISTRY] = _moved_to("https://store.contoso.test/data")
    world.answers["store.contoso.test"] = lambda _asked: (307, {"Location": "/data"}, {})
    repository = Repository(session=registries(azure).open(RegistryHost(REGISTRY)), name="app")
    with pytest.raises(TaskFailure, match="image-unreadable"), repository.blob(f"sha256:{'b' * 64}", 100) as pieces:
        list(pieces)
    asked = [asked for asked in world.asked if asked.host == "store.contoso.test"]
    assert [one.has_credentials() for one in asked] == [False] * 3


def _moved_to(address: str) -> Callable[[Asked], Answer]:
    usual = registry()
    return lambda asked: (307, {"Location": address}, {}) if "/blobs/" in asked.line else usual(asked)


FOREIGN_LINKS = [
    "https://evil.com/subscriptions",
    "https://evil.com\\.management.azure.com/x",
    "https://evil.com\\@management.azure.com/x",
    "https://management.azure.com@evil.com/x",
    "https://management.azure.com:443@evil.com/x",
    "https://management.azure.com:8443/x",
    "https://management.azure.com./x",
    "https://management.azure.com.evil.com/x",
    "http://management.azure.com/x",
    "//evil.com/x",
]


def test_the_next_page_of_a_list_is_asked_of_resource_manager_only(world: World, azure: Azure) -> None:
    for link in FOREIGN_LINKS:
        world.answers[ARM] = partial(_told, {"value": [], "nextLink": link})
        with pytest.raises(TaskFailure):
            list(azure.arm.pages("/subscriptions/s/x", doing="list", api_version="1"))
        assert (world.strange, world.foreign_places()) == ([], set()), link


@pytest.mark.parametrize("header", ["Location", "Azure-AsyncOperation"])
def test_an_operation_is_watched_at_resource_manager_only(world: World, azure: Azure, header: str) -> None:
    for link in FOREIGN_LINKS:
        world.answers[ARM] = partial(_accepted, {header: link, "Retry-After": "0"})
        with suppress(TaskFailure):
            azure.arm.send(ArmCall("PATCH", "/subscriptions/s/x", doing="change", body={}))
        assert (world.strange, world.foreign_places()) == ([], set()), link


def _accepted(headers: dict[str, str], asked: Asked) -> Answer:
    return (202, headers, {}) if asked.line.startswith("PATCH") else (200, {}, {})


@pytest.mark.parametrize("status", REDIRECTS)
def test_no_redirect_of_resource_manager_is_followed(world: World, azure: Azure, status: int) -> None:
    world.answers[ARM] = lambda _asked: (status, {"Location": "https://evil.com/taken"}, {})
    for method in ("GET", "POST", "PATCH"):
        with pytest.raises(TaskFailure):
            azure.arm.send(ArmCall(method, "/subscriptions/s/x", doing="ask", body={} if method != "GET" else None))
        assert (world.strange, world.foreign_places()) == ([], set()), method


@pytest.mark.parametrize("path", ["https://evil.com/x", "//evil.com/x", "\\\\evil.com/x", "@evil.com/x", ".evil.com/x"])
def test_no_path_that_came_from_outside_takes_resource_managers_token_away(
    world: World, azure: Azure, path: str
) -> None:
    with pytest.raises(TaskFailure):
        azure.arm.send(ArmCall("GET", path, doing="ask"))
    assert (world.strange, world.foreign_places()) == ([], set())


def test_an_app_that_resource_manager_finds_elsewhere_is_not_asked_for(world: World, azure: Azure) -> None:
    listed = {"value": [{"id": "https://evil.com/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/app"}]}
    world.answers[ARM] = lambda _asked: (200, {}, listed)
    with pytest.raises(TaskFailure):
        find_app(azure.arm, AppAddress(name="app"))
    assert (world.strange, world.foreign_places()) == ([], set())


@pytest.mark.parametrize("status", REDIRECTS)
def test_the_jobs_own_token_follows_no_redirect_of_azure_devops(world: World, http: HttpClient, status: int) -> None:
    world.answers["dev.azure.com"] = lambda _asked: (status, {"Location": "https://evil.com/taken"}, {})
    with pytest.raises(TaskFailure):
        oidc_tokens(http).fresh()
    assert [asked for asked in world.asked if asked.host == "dev.azure.com" and asked.has_credentials()]
    assert not [asked for asked in world.strange if asked.has_credentials()]


def oidc_tokens(http: HttpClient) -> OidcTokens:
    """Return the tokens of an organization of its own: azure-devops remembers the resources of each."""
    variables = ("SYSTEM_TEAMPROJECTID", "SYSTEM_HOSTTYPE", "SYSTEM_PLANID", "SYSTEM_JOBID")
    return open_oidc_tokens(
        {"SYSTEM_COLLECTIONURI": f"https://dev.azure.com/{uuid4()}/", **dict.fromkeys(variables, "x")},
        connection="c",
        access_token=Secret("the-password"),
        route=http.route,
        timeout=(1.0, 1.0),
        mask=Secret,
    )


SIGN_IN_PAGE = b"<html><head><title>Azure DevOps Services | Anmelden</title></head></html>"
OF_AZURE_DEVOPS: list[tuple[Answer, bool]] = [
    ((203, {"Content-Type": "text/html"}, SIGN_IN_PAGE), True),
    ((200, {"Content-Type": "text/html"}, b"<html><title>Out of order</title></html>"), False),
    ((200, {}, {}), False),
    ((200, {}, []), False),
    ((200, {}, None), False),
    ((200, {}, {"count": 1, "value": [None]}), False),
    ((200, {}, {"count": 1, "value": "x"}), False),
    ((200, {}, b'{"oidcToken": '), False),
    ((200, {}, b""), False),
    ((204, {}, b""), False),
    ((200, {}, b"\xff\xfe" + b"x" * 3_000_000), False),
    ((500, {}, b"<html><title>Server error</title></html>"), False),
    ((429, {"Retry-After": "7"}, b""), False),
    ((401, {}, b""), True),
]


@pytest.mark.parametrize(("answer", "final"), OF_AZURE_DEVOPS, ids=lambda one: str(one)[:40])
@pytest.mark.parametrize("path", ["OPTIONS", "POST"])
def test_whatever_azure_devops_answers_is_a_failure_of_the_catalogue(
    world: World,
    http: HttpClient,
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer,
    *,
    final: bool,
    path: str,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("AZURE_DEVOPS_CACHE_DIR", str(tmp_path))
    place = {"id": "69a319f4-28c1-4bfd-93e6-ea0ff5c6f1a2", "area": "distributedtask", "resourceName": "oidctoken"}
    route = "{scopeIdentifier}/_apis/{area}/hubs/{hubName}/plans/{planId}/jobs/{jobId}/{resource}"
    versions = {"routeTemplate": route, "resourceVersion": 1, "minVersion": "1.0", "maxVersion": "9.9"}
    known = {"count": 1, "value": [{**place, **versions, "releasedVersion": "7.1"}]}
    world.answers["dev.azure.com"] = lambda asked: answer if asked.line.startswith(path) else (200, {}, known)
    began = time.thread_time()
    with pytest.raises(OidcTokenRefused) as caught:
        oidc_tokens(http).fresh()
    assert time.thread_time() - began < 5, "nobody guesses at encodings"
    assert [asked for asked in world.asked if asked.line.startswith(path)]
    assert caught.value.final is final
    if answer[0] == 203:
        assert caught.value.known is OidcCause.SIGN_IN
    assert caught.value.wait == (7 if answer[0] == 429 else 0)


@pytest.mark.parametrize("status", [307, 308])
def test_no_redirect_of_entra_id_is_followed_with_the_secret(world: World, azure: Azure, status: int) -> None:
    world.answers[ENTRA] = lambda asked: (
        (status, {"Location": "https://evil.com/token"}, {}) if asked.line.startswith("POST") else entra(asked)
    )
    with pytest.raises(TaskFailure):
        azure.credentials.token("https://management.azure.com/.default")
    assert (world.strange, world.foreign_places()) == ([], set())


def test_no_token_endpoint_of_somebody_else_gets_the_secret(world: World, azure: Azure) -> None:
    def answer(asked: Asked) -> Answer:
        status, headers, found = entra(asked)
        return status, headers, json.loads(json.dumps(found).replace(ENTRA, "evil.com"))

    world.answers[ENTRA] = answer
    with pytest.raises(TaskFailure):
        azure.credentials.token("https://management.azure.com/.default")
    assert (world.strange, world.foreign_places()) == ([], set())


APP = "shop.azurewebsites.net"


@pytest.mark.parametrize(
    ("host", "sent"),
    [
        (APP, True),
        ("Shop.AzureWebsites.net", True),
        ("evil.com\\.azurewebsites.net", False),
        ("shop.azurewebsites.net@evil.com", False),
        ("shop.azurewebsites.net:8443", False),
        ("shop.azurewebsites.net.", False),
        ("", False),
    ],
)
def test_a_functions_key_goes_to_the_app_and_nowhere_else(world: World, azure: Azure, host: str, *, sent: bool) -> None:
    properties = {"defaultHostName": host, "reserved": True, "sku": "Standard", "linuxFxVersion": "DOCKER|x/y"}
    site = {"name": "shop", "kind": "functionapp,linux,container", "properties": properties}
    listed = {"properties": {}, "default": "the-password"}
    world.answers[ARM] = lambda asked: _told(listed if asked.line.startswith("POST") else site, asked)
    world.answers[APP] = partial(_told, {})
    found = find_app(azure.arm, AppAddress(name="shop", resource_group="g"))
    function = Function(name="hello", trigger="httpTrigger", url=f"https://{APP}/api/hello", needs_key=True)
    with suppress(TaskFailure):
        call(azure, found.site, SmokeTest(path="/api/hello", statuses=("2xx",)), Seen((function,)))
    assert bool([asked for asked in world.asked if asked.host == APP and "the-password" in str(asked.headers)]) is sent
    assert (world.strange, world.foreign_places()) == ([], set())


def test_a_functions_key_follows_no_redirect_of_the_app(world: World, azure: Azure) -> None:
    world.answers[ARM] = partial(_told, {"default": "the-password"})
    world.answers[APP] = lambda _asked: (307, {"Location": "https://evil.com/taken"}, {})
    site = found_site(url=f"https://{APP}")
    function = Function(name="hello", trigger="httpTrigger", url=f"https://{APP}/api/hello", needs_key=True)
    call(azure, site, SmokeTest(path="/api/hello", statuses=("2xx",)), Seen((function,)))
    assert (world.strange, world.foreign_places()) == ([], set())


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


@pytest.mark.parametrize("status", [*REDIRECTS, 200])
def test_a_machines_own_secret_goes_to_its_endpoint_only(
    world: World, http: HttpClient, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://identity.contoso.test/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "the-password")
    identity = ManagedIdentity(client_id="")
    before = azure_for("client", "the-client-secret", timeouts=QUICK).credentials.connection
    connection = replace(before, identity=identity)
    asked_at: set[tuple[str, int]] = set()

    def greedy(asked: Asked) -> Answer:
        asked_at.add((asked.host, asked.port))
        return status, {"Location": "https://evil.com/token"}, {"access_token": "t", "expires_on": "9999999999"}

    def signed_in(environment: Mapping[str, str]) -> None:
        ours = open_credentials(connection, http=http, fresh_assertion=str, mask=Secret, environment=environment)
        with suppress(TaskFailure):
            ours.token("scope/.default")

    monkeypatch.setattr(world, "answer", greedy)
    told = dict(os.environ)
    signed_in(told)
    assert asked_at == {("identity.contoso.test", 80)}
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://evil.com/msi/token")
    signed_in(told)  # as if azure-identity were led elsewhere: the endpoint is what the environment said at first
    assert asked_at == {("identity.contoso.test", 80)}


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


@pytest.mark.parametrize("code", ["AADSTS500011", "AADSTS50001"])
def test_the_token_for_resource_manager_follows_where_entra_id_knows_none_for_registries(
    world: World, azure: Azure, code: str
) -> None:
    world.answers[ENTRA] = _without_audience(code)
    registries(azure).open(RegistryHost(REGISTRY)).docker_login()
    assert len([asked for asked in world.asked if asked.line.startswith("POST /oauth2/exchange")]) == 1


@pytest.mark.parametrize("code", ["AADSTS500014", "AADSTS650057", "AADSTS7000215"])
def test_the_token_for_resource_manager_is_not_shown_for_any_other_reason(
    world: World, azure: Azure, code: str
) -> None:
    world.answers[ENTRA] = _without_audience(code)
    with pytest.raises(TaskFailure):
        registries(azure).open(RegistryHost(REGISTRY)).docker_login()
    assert not [asked for asked in world.asked if asked.line.startswith("POST /oauth2/exchange")]


def test_a_registry_that_refuses_the_token_for_registries_is_not_shown_the_other(world: World, azure: Azure) -> None:
    usual = registry()
    world.answers[REGISTRY] = lambda asked: (401, {}, {}) if "exchange" in asked.line else usual(asked)
    with pytest.raises(TaskFailure):
        registries(azure).open(RegistryHost(REGISTRY)).docker_login()
    scopes = [asked.body for asked in world.asked if asked.host == ENTRA and asked.line.startswith("POST")]
    assert len(scopes) == 1
    assert "containerregistry.azure.net" in scopes[0]


def _without_audience(code: str) -> Callable[[Asked], Answer]:
    def answer(asked: Asked) -> Answer:
        if "containerregistry.azure.net" not in asked.body:
            return entra(asked)
        told: dict[str, Any] = {"error": "invalid_resource", "error_description": f"{code}: The resource principal …"}
        return 400, {}, told

    return answer


def test_a_token_that_expires_in_mid_run_is_renewed_and_the_call_repeated(world: World, azure: Azure) -> None:
    given = iter(f"entra-token-{number}" for number in range(9))
    told = {"expires_in": 3600, "token_type": "Bearer"}
    world.answers[ENTRA] = lambda asked: (
        (200, {}, {"access_token": next(given), **told}) if asked.line.startswith("POST") else entra(asked)
    )
    expired = {"error": {"code": "ExpiredAuthenticationToken", "message": "it has expired"}}
    world.answers[ARM] = lambda asked: (
        (401, {}, expired) if asked.headers["Authorization"] == "Bearer entra-token-0" else (200, {}, {"id": "x"})
    )
    assert azure.arm.get("/subscriptions/s/x", doing="read") == {"id": "x"}
    assert azure.arm.get("/subscriptions/s/x", doing="read") == {"id": "x"}
    shown = [asked.headers["Authorization"] for asked in world.asked if asked.host == ARM]
    assert shown == ["Bearer entra-token-0", "Bearer entra-token-1", "Bearer entra-token-1"]


@pytest.mark.parametrize(
    ("code", "calls"), [("InvalidAuthenticationToken", 2), ("InvalidAuthenticationTokenTenant", 1)]
)
def test_a_token_that_is_refused_for_good_is_renewed_once_at_most(
    world: World, azure: Azure, code: str, calls: int
) -> None:
    world.answers[ARM] = lambda _asked: (401, {}, {"error": {"code": code, "message": "no"}})
    with pytest.raises(TaskFailure):
        azure.arm.get("/subscriptions/s/x", doing="read")
    assert len([asked for asked in world.asked if asked.host == ARM]) == calls


def test_what_a_registry_gave_is_renewed_when_it_has_expired(world: World, azure: Azure) -> None:
    usual, good = registry(), ["refresh-token"]

    def answer(asked: Asked) -> Answer:
        if asked.line.startswith("POST /oauth2/exchange"):
            return 200, {}, {"refresh_token": good[0]}
        if asked.line.startswith("GET /oauth2/token"):
            shown = base64.b64decode(asked.headers["Authorization"].removeprefix("Basic ")).decode()
            return usual(asked) if shown.endswith(f":{good[0]}") else (401, {}, {"errors": []})
        return usual(asked)

    world.answers[REGISTRY] = answer
    session = registries(azure).open(RegistryHost(REGISTRY))
    assert session.token("app")
    good[0] = "refresh-token-of-later"
    assert session.token("another")
    session.forget()
    good[0] = "refresh-token-of-much-later"
    assert session.token("app")
