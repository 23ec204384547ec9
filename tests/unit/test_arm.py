"""Reading one JSON object from Resource Manager: it is there, it is not visible, or the answer is a failure."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest

from pytask.errors.azure import AzureFailing, AzureRefused, Forbidden
from pytask.errors.foreign import beginning
from tests.scripted import PATH, Answer, ScriptedApp

if TYPE_CHECKING:
    from pytask.errors import TaskFailure

DOING = "read the app"
PAGE = "<!DOCTYPE html><html><title>Azure</title><body>x</body></html>"
NESTED = "[" * 100_000
REFUSED = {"error": {"code": "AuthorizationFailed", "message": "no"}}


def an_app(answer: Answer) -> ScriptedApp:
    app = ScriptedApp()
    app.answers("GET ", answer)
    return app


def test_the_object_is_returned() -> None:
    arm = an_app(Answer(200, {"name": "shop"})).azure().arm
    assert arm.get(PATH, doing=DOING) == arm.find(PATH, doing=DOING) == {"name": "shop"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (PAGE, "it is not JSON"),
        (NESTED, "it is nested too deeply"),
        ("[]", "it is not a JSON object"),
        ("null", "it is not a JSON object"),
        ("", "it is empty"),
    ],
)
def test_an_answer_that_is_no_object_is_a_failure_of_the_catalogue(body: str, reason: str) -> None:
    arm = an_app(Answer(200, body)).azure().arm
    for read in (arm.get, arm.find):
        with pytest.raises(AzureFailing, match="read the app") as failure:
            read(PATH, doing=DOING)
        assert failure.value.detail == f"the response cannot be read ({reason}): {beginning(body, 300)}"


def test_an_answer_without_content_is_a_failure_of_the_catalogue() -> None:
    arm = an_app(Answer(204, "")).azure().arm
    for read in (arm.get, arm.find):
        with pytest.raises(AzureFailing):
            read(PATH, doing=DOING)


@pytest.mark.parametrize(("status", "failure"), [(403, Forbidden), (404, AzureRefused)])
def test_what_is_not_visible_is_a_refusal_to_who_needs_it_and_none_to_who_looks_for_it(
    status: int, failure: type[TaskFailure]
) -> None:
    arm = an_app(Answer(status, REFUSED if status == 403 else {})).azure().arm
    with pytest.raises(failure):
        arm.get(PATH, doing=DOING)
    assert arm.find(PATH, doing=DOING) is None


def test_other_statuses_are_none_only_where_the_caller_says_so() -> None:
    arm = an_app(Answer(401, {})).azure().arm
    assert arm.find(PATH, doing=DOING, none_for={HTTPStatus.UNAUTHORIZED}) is None
    with pytest.raises(AzureRefused):
        arm.find(PATH, doing=DOING)
