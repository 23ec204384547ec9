"""What an answer of Azure means, in each of the shapes that Azure's services give an error."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.cloud.answers import error_of, failing, refusal, says_busy
from pytask.errors import TaskFailure, render
from pytask.errors.azure import AzureFailing, AzureRefused, Forbidden
from tests.unit.answered import answered
from tests.unit.growth import grows_linearly

DOING = "point the app at the image"
IIS = "<!DOCTYPE html><html><title>502 - Web server received an invalid response.</title><body>x</body></html>"


def refused(status: int, code: str, message: str, **more: object) -> TaskFailure:
    return refusal(DOING, answered(status, {"error": {"code": code, "message": message, **more}}))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"error": {"code": "A", "message": "b"}}, ("A", "b")),
        ({"Code": "A", "Message": "b"}, ("A", "b")),
        ({"code": "A", "message": {"lang": "en", "value": "b"}}, ("A", "b")),
        ({"odata.error": {"code": "A", "message": {"value": "b"}}}, ("A", "b")),
        ({"error": "A", "error_description": "b"}, ("A", "b")),
        ({"message": "b"}, ("", "b")),
        ({"error": []}, ("", '{"error": []}')),
        ([1], ("", "[1]")),
        ("null", ("", "null")),
        (IIS, ("", "502 - Web server received an invalid response.")),
        ("", ("", "Reason")),
        ("[" * 100_000, ("", "[" * 100_000)),
    ],
)
def test_code_and_message_are_read_in_every_shape(body: object, told: tuple[str, str]) -> None:
    assert error_of(answered(400, body)) == told


def test_a_right_that_is_missing_is_told_with_what_it_is_and_where() -> None:
    told = refused(
        403,
        "AuthorizationFailed",
        "The client 'c' with object id 'o' does not have authorization to perform action 'Microsoft.Web/sites/write' "
        "over scope '/subscriptions/s/resourceGroups/rg/providers/Microsoft.Web/sites/a' or the scope is invalid.",
    )
    assert isinstance(told, Forbidden)
    assert (told.permission, told.scope) == (
        "Microsoft.Web/sites/write",
        "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Web/sites/a",
    )
    assert "Website Contributor" in told.tell(told.fix)


@pytest.mark.parametrize(
    ("permission", "scope", "role"),
    [
        (
            "Microsoft.Network/virtualNetworks/subnets/join/action",
            "/x/virtualNetworks/v/subnets/S",
            "Network Contributor",
        ),
        ("join/action", "/x/virtualNetworks/v/subnets/S", "Network Contributor"),
        (
            "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
            "/x/userAssignedIdentities/i",
            "Managed Identity Operator",
        ),
        ("Microsoft.App/containerApps/write", "/x/containerApps/a", "Container Apps Contributor"),
        ("Microsoft.Web/serverfarms/join/action", "/x/serverfarms/p", "Microsoft.Web/serverfarms/join/action on /x"),
        ("Microsoft.KeyVault/vaults/deploy/action", "/x/vaults/v", "a role that includes Microsoft.KeyVault"),
    ],
)
def test_a_right_on_a_linked_resource_is_asked_for_there(permission: str, scope: str, role: str) -> None:
    told = refused(
        403,
        "LinkedAuthorizationFailed",
        "The client 'c' with object id 'o' has permission to perform action 'Microsoft.Web/sites/write' on scope "
        f"'/x/sites/a'; however, it does not have permission to perform action(s) '{permission}' on the linked "
        f"scope(s) '{scope}' (respectively) or the linked scope(s) are invalid.",
    )
    assert isinstance(told, Forbidden)
    assert (told.permission, told.scope) == (permission, scope)
    assert role in told.tell(told.fix)
    assert "Website Contributor" not in told.tell(told.fix)


def test_a_policy_is_told_by_its_name_in_the_newer_form() -> None:
    """Source: https://github.com/hashicorp/terraform-provider-azurerm/issues/17832."""
    told = refused(
        403,
        "RequestDisallowedByPolicy",
        "Resource 'a' was disallowed by policy. Reasons: 'FTP must be off'. See error details for policy resource IDs.",
        additionalInfo=[
            {
                "type": "PolicyViolation",
                "info": {"policyDefinitionDisplayName": "FTP off", "policyAssignmentDisplayName": "Baseline"},
            }
        ],
    )
    assert isinstance(told, AzureRefused)
    assert told.subject == "Baseline, FTP off"
    assert "ask the policy's owner" in told.tell(told.fix)


def test_a_policy_is_told_by_its_name_in_the_older_form() -> None:
    """Source: https://github.com/microsoft/vscode-azurefunctions/issues/1285."""
    within = json.dumps([{"policyAssignment": {"name": "Tags", "id": "/x"}, "policyDefinition": {"name": "Require"}}])
    told = refused(
        403, "RequestDisallowedByPolicy", f"Resource 'a' was disallowed by policy. Policy identifiers: '{within}'."
    )
    assert isinstance(told, AzureRefused)
    assert told.subject == "Tags, Require"


def test_a_provider_that_is_not_registered_is_told_with_the_command() -> None:
    told = refused(
        409, "MissingSubscriptionRegistration", "The subscription is not registered to use namespace 'Microsoft.App'."
    )
    assert "az provider register --namespace Microsoft.App" in told.tell(told.fix)


BUSY: list[tuple[int, object]] = [
    (409, "Cannot modify this site because another operation is in progress. Details: Id: 1, OperationName: Update"),
    (
        429,
        {"Code": "429", "Message": "Cannot acquire exclusive lock to create, update or delete this site. Retry later."},
    ),
    (409, {"Code": "Conflict", "Details": [{"ErrorEntity": {"ExtendedCode": "59203", "Message": "x"}}]}),
    (429, {"Code": "TooManyRequests", "Details": [{"ErrorEntity": {"ExtendedCode": "59207"}}]}),
    (409, {"error": {"code": "ContainerAppOperationInProgress", "message": "Cannot modify a container app"}}),
]


@pytest.mark.parametrize(("status", "body"), BUSY)
def test_a_lock_is_told_as_one_and_was_not_begun(status: int, body: object) -> None:
    answer = answered(status, body)
    assert says_busy(answer)
    told = failing(DOING, answer, 5)
    assert told.code == refusal(DOING, answer).code == "azure-busy"
    assert not told.leaves_open


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (409, {"error": {"code": "Conflict", "message": "The name is taken"}}),
        (429, {"error": {"code": "TooManyRequests", "message": "x"}}),
        (500, "another operation is in progress"),
    ],
)
def test_what_is_no_lock_is_not_told_as_one(status: int, body: object) -> None:
    assert not says_busy(answered(status, body))


@pytest.mark.parametrize(
    ("status", "fix"), [(429, "fewer pipelines"), (503, "azure.status.microsoft"), (504, "run again")]
)
def test_an_outage_is_told_apart_from_a_limit(status: int, fix: str) -> None:
    told = failing(DOING, answered(status, IIS), 5)
    assert isinstance(told, AzureFailing)
    assert told.detail == "502 - Web server received an invalid response."
    assert fix in told.tell(told.fix)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["error", "code", "message", "Code", "Message", "value", "details", "info"]), inner
        )
    ),
)


@given(st.sampled_from([400, 403, 409, 429, 500]), JSON | st.text())
def test_no_body_is_too_much_for_it(status: int, body: object) -> None:
    for told in (refusal(DOING, answered(status, body)), failing(DOING, answered(status, body), 1)):
        assert len(render(told)) < 6_000


@given(
    st.text(), st.sampled_from(["RequestDisallowedByPolicy", "AuthorizationFailed", "MissingSubscriptionRegistration"])
)
def test_no_message_is_too_much_for_it(message: str, code: str) -> None:
    assert len(render(refused(403, code, f"Policy identifiers: '{message}"))) < 6_000
    assert len(render(refused(403, code, f"perform action '{message} over scope '{message}"))) < 6_000


@pytest.mark.parametrize("piece", ["perform action '", "<", "[", '{"a":', "linked scope(s) '", "2020-01-01 "])
def test_reading_grows_with_the_body_and_no_faster(piece: str) -> None:
    assert grows_linearly(lambda times: refused(403, "AuthorizationFailed", piece * times))
    assert grows_linearly(lambda times: refusal(DOING, answered(409, piece * times)))
