"""What a role's permissions allow, in Azure's own notation."""

from __future__ import annotations

import pytest

from pytask.access.roles import _refused, allows, grant_command
from pytask.errors.pull import IdentityNotReplicated
from pytask.model import RegistryHost
from pytask.registry.resource import RegistryResource
from tests.unit.answered import answered

GRANTS = "Microsoft.Authorization/roleAssignments/write"
PULLS = "Microsoft.ContainerRegistry/registries/repositories/content/read"
REGISTRY = RegistryResource(
    id="/subscriptions/s/r",
    name="r",
    login_server=RegistryHost("r.io"),
    by_repository=False,
    has_admin_user=True,
    is_public=True,
)
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


def test_a_new_identity_that_the_directory_never_learns_of_is_told_as_that() -> None:
    """Source: https://github.com/Azure/avdaccelerator/issues/99."""
    message = "Principal 44 does not exist in the directory 11. If you are creating this principal and then immediately"
    answer = answered(400, {"error": {"code": "PrincipalNotFound", "message": f"{message} … replication delay."}})
    told = _refused(REGISTRY, "44", answer, app="hello", detail=f"PrincipalNotFound: {message} … replication delay.")
    assert isinstance(told, IdentityNotReplicated)
    assert "replication delay" in told.tell(told.happened)
    assert "again" in told.tell(told.fix)
