"""Why Azure DevOps gives no token for a service connection, in its own words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.agent.oidc import oidc_refusal
from pytask.errors import render
from pytask.errors.federation import OidcCause

NOT_REFERENCED = {
    "count": 151,
    "value": "There is no explicit reference to service connection 0000\n    from current stage Build.Job.__default.",
}


def exception(message: str) -> str:
    return json.dumps({"$id": "1", "innerException": None, "message": message, "typeKey": "X", "errorCode": 0})


@pytest.mark.parametrize(
    ("status", "text", "cause", "final"),
    [
        (400, json.dumps(NOT_REFERENCED), OidcCause.NOT_REFERENCED, True),
        (401, exception("TF400813: The user is not authorized to access this."), OidcCause.NOT_PERMITTED, True),
        (403, exception("Access denied"), OidcCause.NOT_PERMITTED, True),
        (401, "", OidcCause.NOT_PERMITTED, True),
        (404, exception("Service connection 1 could not be found."), OidcCause.NOT_FOUND, True),
        (400, exception("The service connection x is disabled."), OidcCause.NOT_FOUND, True),
        (400, exception("something new"), OidcCause.OTHER, True),
        (429, "", OidcCause.OTHER, False),
        (503, "<html><title>Service unavailable</title></html>", OidcCause.OTHER, False),
        (0, "connection broken", OidcCause.OTHER, False),
        (302, "<html><head><title>Object moved</title></head><body>here</body></html>", OidcCause.SIGN_IN, True),
    ],
)  # fmt: skip
def test_a_refusal_is_told_by_its_cause(status: int, text: str, cause: OidcCause, *, final: bool) -> None:
    told = oidc_refusal("azure", text, status)
    assert (told.known, told.final) == (cause, final)


def test_a_connection_that_the_stage_does_not_name_is_told_with_azures_words() -> None:
    """Source: https://github.com/dotnet/docker-tools/issues/2012."""
    told = render(oidc_refusal("azure", json.dumps(NOT_REFERENCED), 400))
    assert "There is no explicit reference to service connection" in told
    assert "from current stage Build.Job.__default." in told
    assert "name the service connection in this stage" in told


@given(st.integers(0, 599), st.text())
def test_no_words_are_too_much_for_it(status: int, text: str) -> None:
    assert len(render(oidc_refusal("azure", text, status))) < 3_000
