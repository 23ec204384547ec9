"""Which failures count at once, which at the deadline, and which never."""

from __future__ import annotations

import pytest

from pytask.errors.start import ContainerExits, ContainerSilent, ImageNotSet, NotUpInTime
from pytask.model.evidence import Verdict
from pytask.targets.site.checks import FUNCTIONS, HOST, IMAGE, SMOKE_TEST
from tests.platform_lines import classic, classic_start
from tests.scripted import Answer, found_site
from tests.unit.site.verifying import COPY, HTML, LIST, LOG, OWN, PINNED, SYNC, TEST, an_app, reasons, verified


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
