"""No name, setting, realm or connection leads a credential to a host that is not the registry."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from pytask.errors import ManyFailures, TaskFailure
from pytask.errors.inputs import ImageHostDiffers
from pytask.errors.registry import LoginServerUnusable, RegistryLoginRefused, RegistryNotAzure
from pytask.inputs import read_plan
from pytask.model import RegistryAddress, RegistryHost, Secret
from pytask.registry.images import open_destination, open_running
from pytask.registry.rights import confirm_push
from tests.contract.foreign import ARM, REGISTRY, World, registry
from tests.contract.foreign_hosts.hosts import (
    FOREIGN_REALMS,
    LOOKALIKES,
    NO_HOSTS,
    PATHS,
    answered_with,
    attempt,
    by_password,
    inputs,
    registries,
)
from tests.plans import pushing
from tests.scripted import found_site
from tests.unit.inputs.environments import an_environment
from tests.unit.test_registry_inputs import OTHER, a_docker_connection

if TYPE_CHECKING:
    from pathlib import Path

    from pytask.cloud.arm import Azure
    from pytask.cloud.http import HttpClient


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
        world.answers[ARM] = partial(answered_with, item if by_id else {"value": [item]})
        with pytest.raises(TaskFailure) as caught:
            registries(azure).open_at(address)
        assert isinstance(caught.value, LoginServerUnusable) is bool(told), told
        assert (world.strange, world.foreign_places()) == ([], set()), told


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
    world.answers[ARM] = partial(answered_with, {"value": [item]})
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
