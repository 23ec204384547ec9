"""What Entra ID says becomes what a person can do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from azure.core.exceptions import HttpResponseError
from hypothesis import given
from hypothesis import strategies as st

from pytask.cloud.sign_in import entra_failure, sign_in_failure
from pytask.model import Cloud, FederatedIdentity, KeyIdentity, ManagedIdentity, Secret, ServiceConnection
from tests.unit.growth import grows_linearly

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


KEY = KeyIdentity(client_id="the-client", secret=Secret("s"))
MANAGED = replace(CONNECTION, identity=ManagedIdentity(client_id=""))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("7000215", "secret-wrong"),
        ("7000222", "secret-expired"),
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
        ("530035", "conditional-access-blocks"),
        ("70025", "federation-mismatch"),
        ("700212", "federation-mismatch"),
        ("700223", "federation-not-allowed"),
        ("700238", "federation-not-allowed"),
        ("7002381", "federation-not-allowed"),
        ("50166", "issuer-unreachable"),
        ("501661", "issuer-unreachable"),
        ("90061", "issuer-unreachable"),
        ("5000225", "tenant-blocked"),
        ("7000218", "secret-wrong"),
        ("50059", "tenant-unknown"),
        ("650052", "audience-unknown"),
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
    assert "issuer https://issuer and subject sc://a/b/c" in failure.tell(failure.fix)
    assert "copy them from the connection's page: https://the.page" in failure.tell(failure.fix)


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "AADSTS700027: Client assertion contains an invalid signature. [Reason - The key was not found.]",
            "certificate-refused",
        ),
        ("AADSTS50012: Invalid client secret is provided.", "secret-wrong"),
        ("AADSTS70002: Error validating credentials. AADSTS50012: Invalid client secret is provided.", "secret-wrong"),
        ("AADSTS70001: Application with identifier 'x' was not found in the directory y", "client-unknown"),
        ("AADSTS70001: The application is disabled.", "client-disabled"),
        ("AADSTS99999: something new. AADSTS700016: not found", "client-unknown"),
        ("AADSTS: nothing", "sign-in-refused"),
    ],
)
def test_a_code_is_read_with_the_words_beside_it(text: str, expected: str) -> None:
    assert entra_failure(text, replace(CONNECTION, identity=KEY)).code == expected


def test_a_pipelines_token_has_no_certificate_to_put_right() -> None:
    text = "AADSTS700027: Client assertion contains an invalid signature."
    assert entra_failure(text, CONNECTION).code == "sign-in-refused"


def test_another_identity_provider_is_not_told_as_entra_id() -> None:
    told = entra_failure("MSIS9605: The client is not allowed to access the requested resource.", CONNECTION)
    assert told.code == "sign-in-refused"
    assert "AADSTS" not in told.tell(told.cause) + told.tell(told.fix)


@pytest.mark.parametrize("code", ["90033", "90055", "50196"])
def test_what_entra_id_answers_400_to_although_it_passes_is_told_as_passing(code: str) -> None:
    refusal = HttpResponseError(message=f"AADSTS{code}: a transient error has occurred")
    assert sign_in_failure(refusal, CONNECTION, attempts=5).code == "azure-failing"


@given(st.text(max_size=400))
def test_no_words_of_others_are_too_much_for_it(text: str) -> None:
    for words in (text, f"AADSTS{text}", f"AADSTS500011: The resource principal named {text}"):
        failure = entra_failure(words, CONNECTION)
        assert len(failure.tell(failure.happened)) < 1_000


@pytest.mark.parametrize(
    "piece", ["AADSTS7", "no managed identity ", "resource principal named ", "<", "Correlation ID: "]
)
def test_reading_grows_with_the_text_and_no_faster(piece: str) -> None:
    assert grows_linearly(lambda times: entra_failure(piece * times, CONNECTION))
    assert grows_linearly(lambda times: sign_in_failure(HttpResponseError(message=piece * times), MANAGED, attempts=1))
