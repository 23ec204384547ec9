"""How an app comes by an identity, and an identity by a role, as Azure has it."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.images import pushed
from tests.local_azure.client import arm

if TYPE_CHECKING:
    import requests

    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.state.state import Principal, RegistryState, Site

AUTHORIZATION = "2022-04-01"
ACR_PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"


@pytest.fixture
def owner(azure: LocalAzure) -> Principal:
    return azure.add_principal("owner", roles={f"/subscriptions/{azure.subscription_id}": "Owner"})


def identify(azure: LocalAzure, who: Principal, site: Site, kind: str, *ids: str) -> requests.Response:
    identity: dict[str, Any] = {"type": kind}
    identity |= {"userAssignedIdentities": {one: {} for one in ids}} if ids else {}
    answer = arm(azure, who, "PATCH", site.id, json={"identity": identity})
    while answer.status_code == 202:  # and there is no body yet
        path = answer.headers["Location"].partition("?")[0].removeprefix("https://management.azure.com")
        answer = arm(azure, who, "GET", path)
    return answer


def grant(
    azure: LocalAzure, who: Principal, scope: str, to: str, *, name: str = "", role: str = ACR_PULL
) -> requests.Response:
    definition = f"/subscriptions/{azure.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    properties = {"roleDefinitionId": definition, "principalId": to, "principalType": "ServicePrincipal"}
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name or uuid.uuid4()}"
    return arm(azure, who, "PUT", path, version=AUTHORIZATION, json={"properties": properties})


def code(answer: requests.Response) -> tuple[int, str]:
    body = answer.json()
    return answer.status_code, str((body.get("error") or {}).get("code") or body.get("Code"))


def test_an_app_gets_an_identity_of_its_own_and_keeps_it(azure: LocalAzure, owner: Principal) -> None:
    site = azure.add_app("shop", pull=None)
    first = identify(azure, owner, site, "SystemAssigned").json()["identity"]
    assert first["type"] == "SystemAssigned"
    assert site.identity
    assert first["principalId"] == site.identity.object_id
    assert identify(azure, owner, site, "SystemAssigned").json()["identity"] == first


def test_identities_that_are_not_sent_again_are_taken_away(azure: LocalAzure, owner: Principal) -> None:
    site = azure.add_app("shop", pull="managed_identity")
    one, identity = azure.add_identity("id-one")
    other, _ = azure.add_identity("id-other")
    assert identify(azure, owner, site, "SystemAssigned, UserAssigned", one, other).status_code == 200
    shown = identify(azure, owner, site, "SystemAssigned, UserAssigned", one).json()["identity"]
    assert {name.lower(): value for name, value in shown["userAssignedIdentities"].items()} == {
        one.lower(): {"principalId": identity.object_id, "clientId": identity.client_id},
    }
    assert identify(azure, owner, site, "UserAssigned", one).json()["identity"]["type"] == "UserAssigned"
    assert site.identity is None
    assert code(identify(azure, owner, site, "UserAssigned")) == (400, "BadRequest")
    assert code(identify(azure, owner, site, "SystemAssigned", one)) == (400, "BadRequest")
    assert code(identify(azure, owner, site, "UserAssigned", f"{one}-gone")) == (400, "FailedIdentityOperation")


def test_who_may_not_assign_an_identity_may_not_send_it(azure: LocalAzure) -> None:
    site = azure.add_app("shop", pull=None)
    one, identity = azure.add_identity("id-one")
    narrow = azure.add_principal("narrow", roles={site.id: "Website Contributor"})
    answer = identify(azure, narrow, site, "UserAssigned", one)
    assert code(answer) == (403, "LinkedAuthorizationFailed")
    assert one in answer.json()["error"]["message"]
    assert arm(azure, narrow, "GET", one, version="2023-01-31").status_code == 403
    azure.grant(narrow, "Managed Identity Operator", one)
    assert identify(azure, narrow, site, "UserAssigned", one).status_code == 200
    shown = arm(azure, narrow, "GET", one, version="2023-01-31").json()["properties"]
    assert (shown["clientId"], shown["principalId"]) == (identity.client_id, identity.object_id)


def test_a_role_is_granted_once(azure: LocalAzure, owner: Principal, registry: RegistryState) -> None:
    site = azure.add_app("shop", pull=None)
    principal = identify(azure, owner, site, "SystemAssigned").json()["identity"]["principalId"]
    name = str(uuid.uuid4())
    assert grant(azure, owner, registry.id, principal, name=name).status_code == 201
    assert grant(azure, owner, registry.id, principal, name=name).status_code == 200
    assert code(grant(azure, owner, registry.id, principal)) == (409, "RoleAssignmentExists")
    taken = grant(azure, owner, registry.id, owner.object_id, name=name)
    assert code(taken) == (400, "RoleAssignmentUpdateNotPermitted")
    assert code(grant(azure, owner, registry.id, str(uuid.uuid4()))) == (400, "PrincipalNotFound")
    unknown = grant(azure, owner, registry.id, principal, role=str(uuid.uuid4()))
    assert code(unknown) == (400, "RoleDefinitionDoesNotExist")


def test_permissions_tell_who_may_grant(azure: LocalAzure, owner: Principal, registry: RegistryState) -> None:
    contributor = azure.add_principal("contributor", roles={registry.id: "Contributor"})
    pusher = azure.add_principal("pusher", roles={registry.id: "AcrPush"})
    path = f"{registry.id}/providers/Microsoft.Authorization/permissions"
    assert arm(azure, owner, "GET", path, version=AUTHORIZATION).json()["value"][0]["actions"] == ["*"]
    (shown,) = arm(azure, contributor, "GET", path, version=AUTHORIZATION).json()["value"]
    assert "Microsoft.Authorization/*/Write" in shown["notActions"]
    assert arm(azure, pusher, "GET", path, version=AUTHORIZATION).status_code == 403
    assert code(grant(azure, contributor, registry.id, owner.object_id)) == (403, "AuthorizationFailed")


def test_a_new_role_propagates_some_time_later(azure: LocalAzure, deployer: Principal, owner: Principal) -> None:
    image = pushed(azure, deployer, "one")
    registry = azure.add_registry()
    site = azure.add_app("shop", pull=None)
    principal = identify(azure, owner, site, "SystemAssigned").json()["identity"]["principalId"]
    azure.delay_roles(1.0)
    began = time.monotonic()
    assert grant(azure, owner, registry.id, principal).status_code == 201
    body = {"properties": {"linuxFxVersion": f"DOCKER|{image}", "acrUseManagedIdentityCreds": True}}
    assert arm(azure, owner, "PATCH", f"{site.id}/config/web", json=body).status_code == 200
    azure.settle(site)
    assert azure.serving(site)
    assert "unauthorized" in azure.log(site)
    assert time.monotonic() - began > 1.0


def test_the_admin_users_passwords_are_told_where_there_is_one(
    azure: LocalAzure, owner: Principal, registry: RegistryState
) -> None:
    path = f"{registry.id}/listCredentials"
    refused = arm(azure, owner, "POST", path, version="2025-11-01")
    assert code(refused) == (400, "UnAuthorizedForCredentialOperations")
    registry.admin_user_enabled = True
    told = arm(azure, owner, "POST", path, version="2025-11-01").json()
    assert told["username"] == "contoso"
    assert [one["value"] for one in told["passwords"]] == [registry.admin_password, registry.second_admin_password]
