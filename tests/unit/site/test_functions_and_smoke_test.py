"""The list of functions and the smoke test: when they count, and what they fail with."""

from __future__ import annotations

import pytest

from pytask.errors.start import NoFunctions, SmokeTestFailed
from pytask.model.evidence import Verdict
from pytask.targets.site.checks import FUNCTIONS, SMOKE_TEST
from tests.scripted import Answer
from tests.unit.site.verifying import HTML, LIST, SYNC, TEST, a_function, an_app, reasons, verified


def test_the_list_of_functions_counts_only_after_the_new_host_was_synced() -> None:
    app, synced = an_app(), list[float]()

    def sync(at: float) -> Answer:
        synced.append(at)
        return Answer(204)

    app.answers(SYNC, sync)
    app.answers(LIST, lambda _: Answer(body={"value": [a_function("new" if synced else "old")]}))
    assert [one.name for one in verified(app).functions] == ["new"]
    assert synced[0] >= 4


def test_where_the_triggers_may_not_be_synced_the_cache_is_waited_out() -> None:
    app = an_app()
    app.answers(SYNC, Answer(403))
    app.answers(LIST, lambda at: Answer(body={"value": [a_function("new" if at >= 60 else "old")]}))
    assert [one.name for one in verified(app).functions] == ["new"]


def test_a_new_host_without_functions_fails_at_the_deadline() -> None:
    app = an_app()
    app.answers(LIST, Answer(body={"value": []}))
    with pytest.raises(NoFunctions):
        verified(app, seconds=60)


@pytest.mark.parametrize("answer", [Answer(body=HTML), Answer(body={"value": None}), Answer(body={}), Answer(204)])
def test_a_list_that_cannot_be_read_is_unverified_and_no_failure(answer: Answer) -> None:
    app = an_app()
    app.answers(LIST, answer)
    assert FUNCTIONS in reasons(verified(app, seconds=60))


def test_the_smoke_test_is_tried_again_until_the_app_answers_as_expected() -> None:
    app = an_app()
    app.answers("GET api/hello", lambda at: Answer(503 if at < 30 else 200, "Hello"))
    assert verified(app, smoke=TEST).verdict is Verdict.VERIFIED


def test_a_smoke_test_that_fails_until_the_deadline_fails() -> None:
    app = an_app()
    app.answers("GET api/hello", Answer(500, "boom"))
    with pytest.raises(SmokeTestFailed, match="smoke-test-failed"):
        verified(app, smoke=TEST, seconds=60)


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (Answer(403, "Ip Forbidden", {"x-ms-forbidden-ip": "1.2.3.4"}), "network"),
        (Answer(302, "", {"Location": "https://login.microsoftonline.com/x/oauth2/authorize?a=b"}), "sign-in"),
        (Answer(401), "credentials"),
    ],
)
def test_a_refused_call_is_no_answer_of_the_app(answer: Answer, word: str) -> None:
    app = an_app()
    app.answers("GET api/hello", answer)
    assert word in reasons(verified(app, smoke=TEST))[SMOKE_TEST]


def test_a_smoke_test_without_the_key_that_only_the_list_of_functions_would_name_is_given_up_at_once() -> None:
    app = an_app()
    app.answers(LIST, Answer(403))
    app.answers("GET api/hello", Answer(401))
    told = reasons(verified(app, smoke=TEST))[SMOKE_TEST]
    assert "credentials" in told
    assert "Azure returned 403 for 'list the functions'" in told
    assert [call for _, call in app.calls].count("GET api/hello") == 1


def test_a_smoke_test_uses_the_functions_own_key() -> None:
    app = an_app()
    app.answers(LIST, Answer(body={"value": [a_function(level="function")]}))
    app.answers("POST functions/hello/listkeys", Answer(body={"default": "key"}))
    assert verified(app, smoke=TEST).verdict is Verdict.VERIFIED
