"""What Entra ID says becomes what a person can do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from azure.core.exceptions import HttpResponseError

from pytask.cloud.sign_in import entra_failure, sign_in_failure
from pytask.model import Cloud, FederatedIdentity, ManagedIdentity, ServiceConnection

CONNECTION = ServiceConnection(
    id="id",
    input="azureSubscription",
    page="https://the.page",
    tenant_id="the-tenant",
    subscription_id="sub",
    subscription_name="Contoso",
    cloud=Cloud(arm_url="https://arm", authority_url="https://entra", arm_scope="https://arm/.default"),
    identity=FederatedIdentity(client_id="the-client", issuer="https://issuer", subject="sc://a/b/c"),
)


MANAGED = replace(CONNECTION, identity=ManagedIdentity(client_id=""))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("7000215", "secret-wrong"),
        ("7000222", "secret-expired"),
        ("700027", "certificate-refused"),
        ("700016", "client-unknown"),
        ("7000229", "client-unknown"),
        ("7000112", "client-disabled"),
        ("90002", "tenant-unknown"),
        ("900023", "tenant-unknown"),
        ("900382", "tenant-unknown"),
        ("700211", "federation-mismatch"),
        ("700213", "federation-mismatch"),
        ("70021", "federation-mismatch"),
        ("700024", "assertion-out-of-time"),
        ("500011", "audience-unknown"),
        ("50001", "audience-unknown"),
        ("650057", "audience-unknown"),
        ("53003", "conditional-access-blocks"),
        ("50034", "sign-in-refused"),
    ],
)
def test_each_code_has_its_failure_with_the_line_and_the_correlation_id(code: str, expected: str) -> None:
    text = (
        f"Authentication failed: AADSTS{code}: something. Trace ID: x "
        "Correlation ID: 0a1b2c3d-0000-4000-8000-00000000abcd Timestamp: now\nTo mitigate, read on."
    )
    failure = entra_failure(text, CONNECTION)
    assert failure.code == expected
    assert f"AADSTS{code}" in failure.tell("{detail}")
    assert failure.tell("{correlation_id}") == "0a1b2c3d-0000-4000-8000-00000000abcd"


def test_a_mismatch_names_what_to_enter_and_where_to_copy_it_from() -> None:
    failure = entra_failure("AADSTS700213: no match", CONNECTION)
    assert "issuer https://issuer and subject sc://a/b/c" in failure.tell(failure.mend)
    assert "copy them from the connection's page: https://the.page" in failure.tell(failure.mend)


def test_an_unknown_audience_is_named() -> None:
    text = "AADSTS500011: The resource principal named https://management.azure.com was not found in the tenant"
    failure = entra_failure(text, CONNECTION)
    assert failure.tell(failure.title).endswith("does not know https://management.azure.com")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Identity not found", "managed-identity-missing"),
        ("No User Assigned or Delegated Managed Identity found for specified ClientId", "managed-identity-missing"),
        ("Multiple user assigned identities exist, please specify the clientId", "managed-identity-missing"),
        ("connecting to 169.254.169.254 timed out", "managed-identity-unreachable"),
        ("AADSTS500011: The resource principal named https://x was not found", "audience-unknown"),
    ],
)
def test_what_a_machine_says_is_told_apart(text: str, expected: str) -> None:
    assert sign_in_failure(HttpResponseError(text), MANAGED, attempts=1).code == expected
