"""Every call takes a permission, which the refusal names and the local Azure remembers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.local_azure.client import arm
from tests.local_azure.state.state import group_id

if TYPE_CHECKING:
    from tests.local_azure.azure import LocalAzure
    from tests.local_azure.state.state import Principal, RegistryState

CALLS = [
    ("GET", "", "read", ""),
    ("GET", "/slots", "slots/read", ""),
    ("GET", "/config/web", "config/read", "/config/web"),
    ("PATCH", "/config/web", "config/write", "/config/web"),
    ("POST", "/config/appsettings/list", "config/list/action", "/config/appsettings"),
    ("PUT", "/config/appsettings", "config/write", "/config/appsettings"),
    ("POST", "/restart", "restart/action", ""),
    ("GET", "/functions", "functions/read", ""),
    ("POST", "/functions/Hello/listkeys", "functions/listkeys/action", "/functions/Hello"),
    ("POST", "/syncfunctiontriggers", "syncfunctiontriggers/action", ""),
    ("GET", "/host/default/properties/status", "host/properties/read", "/host/default/properties/status"),
    ("GET", "/hostruntime/admin/host/status", "hostruntime/host/read", "/hostruntime/admin/host/status"),
    ("POST", "/containerlogs", "containerlogs/action", ""),
    ("GET", "/instances", "instances/read", ""),
    ("GET", "/sitecontainers", "sitecontainers/read", ""),
]


@pytest.mark.parametrize(("method", "path", "action", "scope"), CALLS)
def test_a_refusal_names_the_permission_and_the_scope(
    azure: LocalAzure, method: str, path: str, action: str, scope: str
) -> None:
    site = azure.add_app("shop")
    role = azure.add_role(
        "everything but", actions=["Microsoft.Web/sites/*"], not_actions=[f"Microsoft.Web/sites/{action}"]
    )
    principal = azure.add_principal("narrow", roles={site.id: role})
    refused = arm(azure, principal, method, f"{site.id}{path}", json={"properties": {}})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "AuthorizationFailed")
    listed_in = site.id if path in {"/functions", "/instances", "/slots", "/sitecontainers"} else f"{site.id}{scope}"
    assert f"action 'Microsoft.Web/sites/{action}' over scope '{listed_in}' or" in refused.json()["error"]["message"]

    azure.add_role("everything but", actions=[f"Microsoft.Web/sites/{action}"])
    assert arm(azure, principal, method, f"{site.id}{path}", json={"properties": {}}).status_code != 403
    assert azure.actions_used(principal) == {f"Microsoft.Web/sites/{action}"}


def test_a_role_taken_away_is_gone(azure: LocalAzure) -> None:
    site = azure.add_app("shop")
    principal = azure.add_principal("passing", roles={site.id: "Reader"})
    assert arm(azure, principal, "GET", site.id).status_code == 200
    azure.revoke(principal, "Reader")
    assert arm(azure, principal, "GET", site.id).status_code == 403


def test_a_list_takes_what_its_items_take(azure: LocalAzure) -> None:
    azure.add_app("shop")
    azure.add_app("hidden", resource_group="rg-other")
    reader = azure.add_principal("reader", roles={group_id("rg-func"): "Reader"})
    path = f"/subscriptions/{azure.subscription_id}/providers/Microsoft.Web/sites"
    assert [one["name"] for one in arm(azure, reader, "GET", path).json()["value"]] == ["shop"]
    assert azure.actions_used(reader) == {"Microsoft.Web/sites/read"}


def test_assignments_are_listed_by_principal_at_above_and_below_a_scope(
    azure: LocalAzure, deployer: Principal, registry: RegistryState
) -> None:
    site = azure.add_app("shop", registry=registry)
    assert site.identity
    wanted = {"$filter": f"principalId eq '{site.identity.object_id}'"}

    def listed(scope: str, **query: str) -> list[str]:
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments"
        answer = arm(azure, deployer, "GET", path, version="2022-04-01", params={**wanted, **query})
        return [one["properties"]["roleDefinitionId"].rpartition("/")[2] for one in answer.json()["value"]]

    acr_pull = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
    assert listed(registry.id) == [acr_pull]
    assert listed(f"/subscriptions/{azure.subscription_id}") == [acr_pull]
    assert listed(group_id("rg-func")) == []
    here = {"$filter": f"atScope() and assignedTo('{site.identity.object_id}')"}
    assert listed(f"/subscriptions/{azure.subscription_id}", **here) == []
    assert "Microsoft.Authorization/roleAssignments/read" in azure.actions_used(deployer)


def test_writes_are_counted_and_reads_are_not(azure: LocalAzure, deployer: Principal) -> None:
    site = azure.add_app("shop")
    for method, path, *_ in CALLS:
        arm(azure, deployer, method, f"{site.id}{path}", json={"properties": {}})
    written = [(call.method, call.path.removeprefix(site.id)) for call in azure.writes]
    assert written == [
        ("PATCH", "/config/web"),
        ("PUT", "/config/appsettings"),
        ("POST", "/restart"),
        ("POST", "/syncfunctiontriggers"),
    ]


def test_an_annotation_is_made_in_the_component_of_a_key(azure: LocalAzure, deployer: Principal) -> None:
    component, _other = azure.add_component("insights"), azure.add_component("other")
    path = f"/subscriptions/{azure.subscription_id}/providers/microsoft.insights/components"
    wanted = {"$filter": f"InstrumentationKey eq '{component.instrumentation_key}'"}
    (found,) = arm(azure, deployer, "GET", path, version="2015-05-01", params=wanted).json()["value"]
    assert found["properties"]["ConnectionString"] == component.connection_string
    note = {"Id": "1", "AnnotationName": "Deployed", "EventTime": "2026-11-23T12:00:00Z", "Category": "Deployment"}
    answer = arm(azure, deployer, "PUT", f"{found['id']}/Annotations", version="2015-05-01", json=note)
    assert answer.json() == [note]
    assert component.annotations == [note]
