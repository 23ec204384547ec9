"""What Entra ID says becomes what a person can do."""

from __future__ import annotations

import pytest

from pytask.cloud.credentials import _entra_refusal
from pytask.model import Cloud, FederatedIdentity, ServiceConnection

CONNECTION = ServiceConnection(
    id="id",
    tenant_id="the-tenant",
    subscription_id="sub",
    subscription_name="Contoso",
    cloud=Cloud(arm_url="https://arm", authority_url="https://entra", arm_scope="https://arm/.default"),
    identity=FederatedIdentity(client_id="the-client", issuer="https://issuer", subject="sc://a/b/c"),
)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("7000215", "secret-wrong"),
        ("7000222", "secret-expired"),
        ("700016", "client-unknown"),
        ("90002", "tenant-unknown"),
        ("700211", "federation-mismatch"),
        ("700213", "federation-mismatch"),
        ("70021", "federation-mismatch"),
        ("53003", "sign-in-refused"),
    ],
)
def test_each_code_has_its_failure_with_the_line_and_the_correlation_id(code: str, expected: str) -> None:
    text = (
        f"Authentication failed: AADSTS{code}: something. Trace ID: x "
        "Correlation ID: 0a1b2c3d-0000-4000-8000-00000000abcd Timestamp: now\nTo mitigate, read on."
    )
    failure = _entra_refusal(text, CONNECTION)
    assert failure.code == expected
    assert f"AADSTS{code}" in failure.tell("{detail}")
    assert failure.tell("{correlation_id}") == "0a1b2c3d-0000-4000-8000-00000000abcd"


def test_a_mismatch_names_what_to_enter() -> None:
    failure = _entra_refusal("AADSTS700213: no match", CONNECTION)
    assert "issuer https://issuer and subject sc://a/b/c" in failure.tell(failure.mend)
