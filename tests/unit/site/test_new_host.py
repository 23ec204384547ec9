"""What the new host and its instances say, and when it is asked."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pytask.errors.start import HostError, StorageBroken
from pytask.model.evidence import Verdict
from pytask.targets.site.checks import HOST
from tests.platform_lines import classic, classic_start
from tests.scripted import Answer
from tests.unit.site.verifying import OWN, PINNED, a_status, an_app, reasons, verified


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
