"""Registries with everything a preflight asks about: rights by repository, firewall, policies, what was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.images import EngineError, build, function_app, pull, push, pushed
from tests.local_azure.client import arm, call

if TYPE_CHECKING:
    import requests

    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.state.state import Principal, RegistryState

VERSION = "2025-11-01"


def exchanged(
    azure: LocalAzure, registry: RegistryState, principal: Principal, audience: str, *, tenant: str = ""
) -> requests.Response:
    form = {"grant_type": "access_token", "service": registry.login_server, "tenant": tenant or azure.tenant_id}
    token = {"access_token": azure.token(principal, audience)}
    return call(azure, "POST", f"https://{registry.login_server}/oauth2/exchange", data=form | token)


def test_a_registry_with_rights_by_repository_accepts_no_acr_push(azure: LocalAzure) -> None:
    registry = azure.add_registry("byrepo", role_assignment_mode="AbacRepositoryPermissions")
    classic = azure.add_principal("classic", secret="a", roles={registry.id: "AcrPush"})
    writer = azure.add_principal("writer", secret="b", roles={registry.id: "Container Registry Repository Writer"})
    reader = azure.add_principal("reader", secret="c", roles={registry.id: "Container Registry Repository Reader"})
    image = "byrepo.azurecr.io/shop:1"
    build(azure.agent_engine, image, function_app("one"))
    for refused in (classic, reader):
        with pytest.raises(EngineError, match=r"authentication required|denied"):
            push(azure.agent_engine, image, refused)
    push(azure.agent_engine, image, writer)
    pull(azure.agent_engine, image, reader)
    site = azure.add_app("shop", image=image)
    assert azure.get(f"{site.url}/api/Hello") == (200, "one")
    needed = "Microsoft.ContainerRegistry/registries/repositories/content/write"
    assert needed in azure.actions_used(writer)


def test_the_properties_of_a_registry_tell_its_state(
    azure: LocalAzure, deployer: Principal, registry: RegistryState
) -> None:
    registry.firewall_denies_agent = True
    registry.arm_tokens = False
    found = arm(azure, deployer, "GET", registry.id, version=VERSION).json()["properties"]
    assert found["networkRuleSet"]["defaultAction"] == "Deny"
    assert found["policies"]["azureADAuthenticationAsArmPolicy"]["status"] == "disabled"
    assert found["roleAssignmentMode"] == "LegacyRegistryPermissions"
    assert found["adminUserEnabled"] is False


def test_a_token_for_arm_is_exchanged_only_where_the_policy_lets_it(
    azure: LocalAzure, deployer: Principal, registry: RegistryState
) -> None:
    arm_audience, own_audience = "https://management.azure.com", "https://containerregistry.azure.net"
    assert exchanged(azure, registry, deployer, arm_audience).status_code == 200
    registry.arm_tokens = False
    assert exchanged(azure, registry, deployer, arm_audience).status_code == 401
    assert exchanged(azure, registry, deployer, own_audience).status_code == 200


def test_a_firewall_refuses_the_agent_in_the_registrys_words(
    azure: LocalAzure, deployer: Principal, registry: RegistryState
) -> None:
    image = pushed(azure, deployer, "one")
    registry.firewall_denies_agent = True
    with pytest.raises(EngineError, match=r"denied: client with IP '52\.166\.10\.7' is not allowed access"):
        push(azure.agent_engine, image, deployer)
    site = azure.add_app("shop", image=image)
    assert azure.serving(site), "App Service comes from another address"


def test_everybody_may_pull_where_that_is_allowed(
    azure: LocalAzure, deployer: Principal, registry: RegistryState
) -> None:
    image = pushed(azure, deployer, "one")
    registry.anonymous_pull = True
    site = azure.add_app("shop", image=image, pull=None)
    assert azure.get(f"{site.url}/api/Hello") == (200, "one")


def registry_says(
    azure: LocalAzure, registry: RegistryState, principal: Principal, path: str, **more: bool
) -> requests.Response:
    """Return the registry's answer to a principal that may pull."""
    secret = (principal.client_id, principal.secret or "")
    query = {"service": registry.login_server, "scope": "repository:shop:pull"}
    token = call(azure, "GET", f"https://{registry.login_server}/oauth2/token", params=query, auth=secret).json()
    headers = {
        "Authorization": f"Bearer {token['access_token']}",
        "Accept": "application/vnd.docker.distribution.manifest.v2+json",
    }
    return call(azure, "GET", f"https://{registry.login_server}/v2/shop/{path}", headers=headers, **more)


def test_a_tag_or_a_manifest_can_be_taken_away(azure: LocalAzure, deployer: Principal, registry: RegistryState) -> None:
    image = pushed(azure, deployer, "taken away", tag="taken-away")
    found = registry_says(azure, registry, deployer, f"manifests/{image.rpartition(':')[2]}")
    digest = found.headers["Docker-Content-Digest"]
    azure.delete_image(image)
    assert "manifest unknown" in azure.log(azure.add_app("tag", image=image))
    assert azure.serving(azure.add_app("digest", image=f"{registry.login_server}/shop@{digest}"))
    azure.delete_image(f"{registry.login_server}/shop@{digest}")
    assert registry_says(azure, registry, deployer, f"manifests/{digest}").status_code == 404
    with pytest.raises(FileNotFoundError):
        azure.delete_image(image)


def test_what_the_agents_side_reads_is_counted_by_digest(
    azure: LocalAzure, deployer: Principal, registry: RegistryState
) -> None:
    image = pushed(azure, deployer, "one", tag="counted")
    azure.add_app("shop", image=image)
    assert not registry.reads, "neither a push nor App Service's pull is a read of the agent's side"
    tag = image.rpartition(":")[2]
    layer = registry_says(azure, registry, deployer, f"manifests/{tag}").json()["layers"][-1]["digest"]
    for _ in range(2):
        assert registry_says(azure, registry, deployer, f"blobs/{layer}").status_code == 200
    assert registry.reads == {tag: 1, layer: 2}


def test_a_blob_lies_in_a_storage_that_takes_the_signed_address_and_no_token_beside_it(
    azure: LocalAzure, deployer: Principal, registry: RegistryState
) -> None:
    image = pushed(azure, deployer, "stored", tag="stored")
    layer = registry_says(azure, registry, deployer, f"manifests/{image.rpartition(':')[2]}").json()["layers"][-1]
    found = registry_says(azure, registry, deployer, f"blobs/{layer['digest']}", allow_redirects=False)
    assert found.status_code == 307
    address = found.headers["Location"]
    assert len(call(azure, "GET", address).content) == layer["size"]
    part = call(azure, "GET", address, headers={"Range": "bytes=10-"})
    assert (part.status_code, len(part.content)) == (206, layer["size"] - 10)
    both = call(azure, "GET", address, headers={"Authorization": "Bearer of-the-registry"})
    assert (both.status_code, both.headers["x-ms-error-code"]) == (400, "InvalidAuthenticationInfo")
    assert call(azure, "GET", address.replace("sig=", "sig=0")).status_code == 403
    assert registry.reads[layer["digest"]] == 2


def test_the_admin_users_password_may_lie_in_a_key_vault(
    azure: LocalAzure, deployer: Principal, registry: RegistryState
) -> None:
    registry.admin_user_enabled = True
    where = "SecretUri=https://contoso.vault.azure.net/secrets/registry"
    settings = {
        "DOCKER_REGISTRY_SERVER_URL": "https://contoso.azurecr.io",
        "DOCKER_REGISTRY_SERVER_USERNAME": registry.name,
        "DOCKER_REGISTRY_SERVER_PASSWORD": f"@Microsoft.KeyVault({where})",
    }
    image = pushed(azure, deployer, "one")
    lost = azure.add_app("lost", image=image, pull=None, settings=settings)
    assert azure.serving(lost) is None
    azure.add_secret(where, registry.admin_password)
    site = azure.add_app("shop", image=image, pull=None, settings=settings)
    assert azure.serving(site)
    path = f"{site.id}/config/configreferences/appsettings"
    (reference,) = arm(azure, deployer, "GET", path).json()["value"]
    assert (reference["name"], reference["properties"]["status"]) == ("DOCKER_REGISTRY_SERVER_PASSWORD", "Resolved")
