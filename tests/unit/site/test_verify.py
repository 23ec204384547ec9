"""Whether an app runs the new image, from answers as Azure gives them, on a clock that nobody waits for."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import ServiceResponseError

from pytask.cloud.poll import NotAllowed, NotYet, Seen
from pytask.errors.start import (
    ContainerExits,
    ContainerSilent,
    HostError,
    ImageNotSet,
    NoFunctions,
    NotUpInTime,
    OldImageStarted,
    PullUnauthorized,
    SmokeTestFailed,
    StorageBroken,
)
from pytask.model import IndexDigest, SmokeTest
from pytask.model.evidence import Verdict
from pytask.targets.site.checks import FUNCTIONS, HOST, IMAGE, SMOKE_TEST
from pytask.targets.site.observed import Question
from tests.platform_lines import classic, classic_start, start_of_2025, until
from tests.scripted import OURS, REFERENCE, THEIRS, Answer, ScriptedApp, an_update, found_site, verdict_of

if TYPE_CHECKING:
    from pytask.cloud.poll import Reading
    from pytask.model import Digest, Verification
    from pytask.targets.site.site import Site

OWN, COPY = "GET hostruntime/admin/host/status", "GET host/default/properties/status"
LOG, LIST, SYNC = "POST containerlogs", "GET functions", "POST syncfunctiontriggers"
PINNED = f"contoso.azurecr.io/shop@{OURS}"
HTML = "<!DOCTYPE html><html><head><title>503 Service Unavailable</title></head></html>"
TEST = SmokeTest(path="/api/hello", statuses=("2xx",))


def a_function(name: str = "hello", *, level: str = "anonymous") -> dict[str, Any]:
    trigger = {"type": "httpTrigger", "authLevel": level, "direction": "in"}
    url = f"https://shop.azurewebsites.net/api/{name}"
    properties = {"name": name, "config": {"bindings": [trigger]}, "invoke_url_template": url, "isDisabled": False}
    return {"name": f"shop/{name}", "properties": properties}


def a_status(started: float, at: float, **changes: object) -> dict[str, Any]:
    """Return what a host says at a time that was started at another; both in seconds after the update."""
    own = {
        "id": "0",
        "state": "Running",
        "version": "4.1046.100.25616",
        "platformVersion": "",
        "instanceId": "1--0000",
        "computerName": "",
        "processUptime": int((at - started) * 1000),
    }
    return {name: value for name, value in {**own, **changes}.items() if value is not None}


def an_app(*, log: str | None = None, starts: float = 3, answers: float = 4) -> ScriptedApp:
    """Return an app that comes up: its old host answers until the new one does."""
    app = ScriptedApp()
    text = classic_start(by=PINNED) if log is None else log
    fx = {"properties": {"linuxFxVersion": f"DOCKER|{REFERENCE}"}}
    app.answers("GET config/web", Answer(body=fx))
    app.answers(LOG, lambda at: Answer(body=until(text, at)))
    app.answers(OWN, lambda at: Answer(body=a_status(starts if at >= answers else -900, at)))
    app.answers("GET instances", Answer(body={"value": [{"name": "a"}]}))
    app.answers(SYNC, Answer(204))
    app.answers(LIST, Answer(body={"value": [a_function()]}))
    app.answers("GET api/hello", Answer(body="Hello"))
    return app


def verified(
    app: ScriptedApp,
    *,
    seconds: float = 600,
    smoke: SmokeTest | None = None,
    rolls_back: bool = False,
    site: Site | None = None,
    **changes: object,
) -> Verification:
    update = an_update(app=site or found_site(), **changes)
    question = Question(update=update, smoke_test=smoke, seconds=seconds, settings={}, rolls_back=rolls_back)
    return verdict_of(app, question)


def reasons(verification: Verification) -> dict[str, str]:
    return dict(verification.unavailable)


# --- what is evidence of the image ------------------------------------------------------------------------------------


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


# --- what the host says -----------------------------------------------------------------------------------------------


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


def test_every_instance_has_to_answer_with_a_new_process() -> None:
    app, turns = an_app(), iter(range(10_000))
    app.answers("GET instances", Answer(body={"value": [{"name": "a"}, {"name": "b"}]}))

    def status(at: float) -> Answer:
        old = next(turns) % 2 and at < 40
        return Answer(body=a_status(-900 if old else 3, at, instanceId="b" if old else f"{int(at) % 2}"))

    app.answers(OWN, status)
    found = verified(app, instances=2)
    assert found.verdict is Verdict.VERIFIED
    assert "on 2 of 2 instances" in dict(found.passed)[HOST]
    assert app.clock.monotonic() - 1000 >= 40


def test_an_instance_that_joined_meanwhile_may_still_serve_the_previous_image() -> None:
    app, turns = an_app(), iter(range(10_000))
    app.answers("GET instances", Answer(body={"value": [{"name": "a"}, {"name": "b"}]}))
    app.answers(OWN, lambda at: Answer(body=a_status(3 if at >= 4 else -900, at, instanceId=f"{next(turns) % 2}")))
    assert verified(app, instances=1).verdict is Verdict.VERIFIED
    assert app.clock.monotonic() - 1000 >= 30


def test_instances_nobody_may_count_leave_it_unverified() -> None:
    app = an_app()
    app.answers("GET instances", Answer(403))
    assert "the number of instances" in reasons(verified(app))[HOST]


def test_the_host_is_asked_once_the_platform_says_started_and_not_too_often() -> None:
    app = an_app(
        log=classic(-3600, "Starting container for site") + classic_start(at=60, by=PINNED, ready=120),
        starts=100,
        answers=120,
    )
    verified(app)
    asked = app.asked(OWN)
    assert asked[0] >= 21
    pauses = [later - earlier for earlier, later in pairwise(asked) if later > earlier and later < 59]
    assert min(pauses) >= 5


def test_an_error_of_the_new_host_fails() -> None:
    app = an_app()
    errors = ["The binding type(s) 'queueTrigger' are not registered."]
    app.answers(OWN, lambda at: Answer(body=a_status(3, at, state="Error", errors=errors)))
    with pytest.raises(HostError):
        verified(app)


def test_an_error_of_the_storage_is_named() -> None:
    app = an_app()
    app.answers(OWN, lambda at: Answer(body=a_status(3, at, state="Error", errors=["Storage account is unreachable"])))
    with pytest.raises(StorageBroken):
        verified(app)


def test_an_error_of_the_old_host_is_none_of_the_new_image() -> None:
    app = an_app()
    old = {"state": "Error", "errors": ["old trouble"]}
    app.answers(OWN, lambda at: Answer(body=a_status(3, at) if at > 60 else a_status(-900, at, **old)))
    assert verified(app).verdict is Verdict.VERIFIED


# --- failures, and time -----------------------------------------------------------------------------------------------


def test_a_start_that_failed_is_a_failure_once_it_has_stood() -> None:
    log = classic_start(by=PINNED, ready=None) + classic(
        6, "Container shop_1_0a1b2c3d for site shop has exited, failing site start", "ERROR"
    )
    app = an_app(log=log, answers=10_000)
    with pytest.raises(ContainerExits):
        verified(app)
    assert 36 <= app.clock.monotonic() - 1000 < 50


def test_a_second_attempt_that_comes_up_is_no_failure() -> None:
    failed = classic_start(by=PINNED, ready=None) + classic(
        6, "Container shop_1_0a1b2c3d for site shop has exited, failing site start", "ERROR"
    )
    app = an_app(log=failed + classic_start(at=20, by=PINNED, ready=25), starts=22, answers=25)
    assert verified(app).verdict is Verdict.VERIFIED


def test_a_start_that_the_platform_calls_unfinished_at_the_deadline_is_a_failure() -> None:
    with pytest.raises(NotUpInTime):
        verified(an_app(log=classic_start(by=PINNED, ready=None), answers=10_000), seconds=60)


def test_at_the_deadline_the_start_that_failed_tells_more_than_the_one_that_is_tried_again() -> None:
    silent = classic_start(by=PINNED, ready=None) + classic(
        240, "Container shop_1_0a1b2c3d didn't respond to HTTP pings on port: 80, failing site start.", "ERROR"
    )
    app = an_app(log=silent + classic_start(at=245, by=PINNED, ready=None), answers=10_000)
    with pytest.raises(ContainerSilent):
        verified(app, seconds=300)


@pytest.mark.parametrize("log", [Answer(204), Answer(403), Answer(500), Answer(429), Answer(200, HTML)])
def test_where_the_platform_says_nothing_it_is_unverified_and_no_failure(log: Answer) -> None:
    app = an_app()
    app.answers(LOG, log)
    found = verified(app)
    assert found.verdict is Verdict.UNVERIFIED
    assert IMAGE in reasons(found)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("route", ["GET config/web", LOG, OWN, "GET instances", LIST, SYNC])
def test_an_azure_that_is_busy_is_waited_for(route: str, status: int) -> None:
    app = an_app()
    usual = app.routes[route]
    app.answers(route, lambda at: usual(at) if at >= 45 else Answer(status, HTML))
    assert verified(app).verdict is Verdict.VERIFIED


def test_without_log_and_host_nothing_tells_which_image_answers() -> None:
    app = an_app()
    app.answers(LOG, Answer(403))
    app.answers(OWN, Answer(403))
    app.answers(COPY, Answer(403))
    found = verified(app, smoke=TEST)
    assert set(reasons(found)) == {IMAGE, HOST, FUNCTIONS, SMOKE_TEST}
    assert app.asked("GET api/hello") == []


def test_a_configuration_that_names_another_image_fails_at_once() -> None:
    app = an_app()
    app.answers("GET config/web", Answer(body={"properties": {"linuxFxVersion": "DOCKER|other:1"}}))
    with pytest.raises(ImageNotSet):
        verified(app)


def test_a_stopped_app_is_unverified_at_once() -> None:
    app = an_app()
    found = verified(app, site=found_site(stopped=True), smoke=TEST)
    assert set(reasons(found)) == {IMAGE, HOST, FUNCTIONS, SMOKE_TEST}
    assert {call for _, call in app.calls} == {"GET config/web"}


# --- functions and smoke test -----------------------------------------------------------------------------------------


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
