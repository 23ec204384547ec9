"""Whether an app runs the new image: what the platform's log and the registry are evidence of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import ServiceResponseError

from pytask.cloud.poll import NotAllowed, NotYet, Seen
from pytask.errors.start import OldImageStarted, PullUnauthorized
from pytask.model import IndexDigest
from pytask.model.evidence import Verdict
from pytask.targets.site.checks import FUNCTIONS, HOST, IMAGE
from tests.platform_lines import classic, classic_start, start_of_2025
from tests.scripted import OURS, REFERENCE, THEIRS, Answer
from tests.unit.site.verifying import COPY, HTML, OWN, TEST, a_status, an_app, reasons, verified

if TYPE_CHECKING:
    from pytask.cloud.poll import Reading
    from pytask.model import Digest


def test_a_start_by_digest_is_verified_and_what_it_rests_on_is_told() -> None:
    found = verified(an_app(), smoke=TEST)
    assert found.verdict is Verdict.VERIFIED
    assert dict(found.passed)[IMAGE] == f"this start pulled {OURS}"
    assert [function.name for function in found.functions] == ["hello"]
    assert found.answer == '200 "Hello"'


def test_a_start_by_tag_is_verified_by_the_digest_of_its_own_pull() -> None:
    assert verified(an_app(log=classic_start())).verdict is Verdict.VERIFIED


def test_a_tag_that_did_not_exist_before_this_run_is_evidence_even_from_a_cached_copy() -> None:
    found = verified(an_app(log=start_of_2025(pulled=False)), fresh_tag=True)
    assert found.verdict is Verdict.VERIFIED


def test_an_older_tag_is_evidence_when_it_was_pulled_and_the_registry_gives_our_digest_afterwards_too() -> None:
    app = an_app(log=start_of_2025())
    assert verified(app).verdict is Verdict.VERIFIED


@pytest.mark.parametrize(
    ("pulled", "stands_for", "word"),
    [
        (False, Seen(OURS), "copy"),
        (True, Seen(THEIRS), "moved"),
        (True, NotAllowed("the connection cannot read it"), "cannot read"),
        (True, NotYet("the registry does not tell it"), "does not tell"),
    ],
)
def test_an_older_tag_alone_is_no_evidence(pulled: bool, stands_for: Reading[Digest], word: str) -> None:
    app = an_app(log=start_of_2025(pulled=pulled))
    app.registry = lambda _: stands_for
    found = verified(app)
    assert found.verdict is Verdict.UNVERIFIED
    assert word in reasons(found)[IMAGE]
    assert HOST in dict(found.passed)


def test_a_tag_that_the_registry_did_not_tell_at_first_is_asked_for_again() -> None:
    app = an_app(log=start_of_2025())
    told: list[Reading[Digest]] = [NotYet("429"), NotYet("no answer"), Seen(OURS)]
    app.registry = lambda _: told.pop(0)
    assert verified(app).verdict is Verdict.VERIFIED
    assert told == []


def test_a_digest_nobody_may_read_is_no_evidence() -> None:
    found = verified(an_app(log=classic_start()), digest=None)
    assert IMAGE in reasons(found)


def test_another_digest_is_another_image() -> None:
    with pytest.raises(OldImageStarted):
        verified(an_app(log=classic_start(digest=str(THEIRS))))


def test_another_digest_than_that_of_an_index_may_be_the_manifest_of_one_platform() -> None:
    found = verified(an_app(log=classic_start(digest=str(THEIRS))), digest=IndexDigest(str(OURS)))
    assert "index" in reasons(found)[IMAGE]


def test_the_digest_of_an_index_is_compared_as_it_is() -> None:
    assert verified(an_app(log=classic_start()), digest=IndexDigest(str(OURS))).verdict is Verdict.VERIFIED


def a_copy_after_a_refused_pull() -> str:
    refused = classic(1, f"Pulling image: {REFERENCE}") + classic(
        2,
        'DockerApiException: Docker API responded with status code=Unauthorized, response={"message":"unauthorized"}',
        "ERROR",
    )
    of_the_pull = ("Pull", "Digest", "Status")
    lines = classic_start().splitlines(keepends=True)
    copy = (line for line in lines if not any(word in line for word in of_the_pull))
    return refused + classic(2, "Image pull failed. Defaulting to local copy if present.", "WARN ") + "".join(copy)


def test_a_copy_that_was_started_after_a_refused_pull_is_not_the_new_image() -> None:
    with pytest.raises(PullUnauthorized):
        verified(an_app(log=a_copy_after_a_refused_pull()))


def test_a_copy_that_was_started_after_a_refused_pull_may_be_the_previous_image() -> None:
    found = verified(an_app(log=a_copy_after_a_refused_pull()), rolls_back=True)
    assert found.verdict is Verdict.UNVERIFIED
    assert "copy" in reasons(found)[IMAGE]


def test_another_tag_is_another_image() -> None:
    with pytest.raises(OldImageStarted):
        verified(an_app(log=start_of_2025(reference="contoso.azurecr.io/shop:6")))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(body=a_status(3, 60, processUptime=None)), id="without uptime"),
        pytest.param(Answer(body=a_status(3, 60, instanceId=None)), id="without instance"),
        pytest.param(Answer(body=a_status(3, 60, processUptime=True)), id="uptime is true"),
        pytest.param(Answer(body=a_status(3, 60, processUptime="857491")), id="uptime is a text"),
        pytest.param(Answer(body=a_status(3, 60, processUptime=-5)), id="uptime is negative"),
        pytest.param(Answer(body='{"state":"Running","instanceId":"a","processUptime":NaN}'), id="uptime is NaN"),
        pytest.param(Answer(body='{"state":"Running","instanceId":"a","processUptime":1e308}'), id="uptime is huge"),
        pytest.param(Answer(body={"properties": a_status(3, 60)}), id="nested once"),
        pytest.param(Answer(body='{"state":' * 2000), id="cut"),
        pytest.param(Answer(body="[" * 100_000), id="nested without end"),
        pytest.param(Answer(body={"state": {"state": "Running"}}), id="nested state"),
        pytest.param(Answer(body=[a_status(3, 60)]), id="a list"),
        pytest.param(Answer(body="null"), id="null"),
        pytest.param(Answer(body={}), id="empty object"),
        pytest.param(Answer(body=HTML), id="HTML on 200"),
        pytest.param(Answer(503, HTML), id="HTML on 503"),
        pytest.param(Answer(204), id="204"),
        pytest.param(Answer(200), id="nothing on 200"),
        pytest.param(Answer(body=b"\xff\xfe\x00"), id="no text"),
        pytest.param(Answer(400, {"Code": "BadRequest", "Message": "host runtime"}), id="400"),
        pytest.param(Answer(401), id="401"),
        pytest.param(Answer(408), id="408"),
        pytest.param(Answer(409, {"Message": "another operation is in progress"}), id="409 busy"),
        pytest.param(Answer(429, headers={"Retry-After": "5"}), id="429"),
        pytest.param(Answer(500), id="500"),
        pytest.param(ServiceResponseError("the connection was cut"), id="never"),
    ],
)
def test_a_status_that_says_too_little_neither_verifies_nor_fails(answer: Answer) -> None:
    app = an_app()
    app.answers(OWN, lambda _: answer)
    app.answers(COPY, lambda _: answer)
    found = verified(app)
    assert found.verdict is Verdict.UNVERIFIED
    assert HOST in reasons(found)
    assert IMAGE in dict(found.passed)


def test_the_typed_copy_is_asked_where_the_hosts_own_answer_may_not_be() -> None:
    app = an_app()
    app.answers(OWN, Answer(403))
    app.answers(COPY, lambda at: Answer(body={"properties": a_status(3, at)}))
    assert verified(app).verdict is Verdict.VERIFIED


def test_a_typed_copy_without_uptime_is_no_evidence_of_a_new_process() -> None:
    app = an_app()
    app.answers(OWN, Answer(403))
    copy = {"id": "shop", "state": "Running", "version": "4.1046.100.25616", "versionDetails": "4.1046.100+0"}
    app.answers(COPY, Answer(body={"properties": copy}))
    found = verified(app)
    assert "how long" in reasons(found)[HOST]
    assert FUNCTIONS in dict(found.passed), "the platform's own word tells which image answers"


def test_the_process_of_before_is_not_the_new_one() -> None:
    app = an_app(answers=10_000)
    found = verified(app)
    assert "since the update" in reasons(found)[HOST]
