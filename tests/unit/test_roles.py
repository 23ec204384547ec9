"""What a role's permissions allow, in Azure's own notation."""

from __future__ import annotations

import pytest

from pytask.registry.roles import allows, grant_command

GRANTS = "Microsoft.Authorization/roleAssignments/write"
PULLS = "Microsoft.ContainerRegistry/registries/repositories/content/read"
NO_GRANTS = ["Microsoft.Authorization/*/Write", "Microsoft.Authorization/*/Delete"]


@pytest.mark.parametrize(
    ("permissions", "allowed"),
    [
        ([{"actions": ["*"], "notActions": []}], True),
        ([{"actions": ["*"], "notActions": NO_GRANTS}], False),
        ([{"actions": ["*"], "notActions": NO_GRANTS}, {"actions": ["Microsoft.Authorization/*"]}], True),
        ([{"actions": ["*/read"]}, {"actions": [GRANTS.upper()], "notActions": None}], True),
        ([{"actions": ["Microsoft.Authorization/roleAssignments"]}], False),
        ([{"actions": ["Microsoft_Authorization/roleAssignments/write"]}], False),
        ([{"dataActions": ["*"]}], False),
        ([], False),
    ],
)
def test_what_one_role_excludes_another_may_allow(permissions: list[dict[str, list[str]]], *, allowed: bool) -> None:
    assert allows(permissions, "actions", GRANTS) is allowed


def test_data_actions_are_apart_from_actions() -> None:
    assert not allows([{"actions": ["*"], "dataActions": []}], "dataActions", PULLS)
    assert not allows([{"dataActions": ["*"], "notDataActions": [PULLS]}], "dataActions", PULLS)
    assert allows([{"dataActions": ["*/content/read"], "notActions": ["*"]}], "dataActions", PULLS)


def test_the_administrators_command_can_be_pasted() -> None:
    told = grant_command("Container Registry Repository Reader", "0b1c", "/subscriptions/s/r")
    assert told == (
        "az role assignment create --assignee-object-id 0b1c --assignee-principal-type ServicePrincipal "
        '--role "Container Registry Repository Reader" --scope /subscriptions/s/r'
    )
