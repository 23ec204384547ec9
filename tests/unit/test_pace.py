"""Calls keep to the buckets that Resource Manager counts them in, on a clock that nobody waits for."""

from __future__ import annotations

import pytest

from pytask.network.pace import Bucket, Pace
from tests.scripted import SENT_AT, ScriptedClock


@pytest.fixture
def clock() -> ScriptedClock:
    return ScriptedClock()


@pytest.fixture
def pace(clock: ScriptedClock) -> Pace:
    return Pace(clock=clock, reads=Bucket(10, 2.0), writes=Bucket(4, 1.0))


def passed(clock: ScriptedClock) -> float:
    return clock.monotonic() - SENT_AT


def test_a_run_with_few_calls_never_waits(clock: ScriptedClock) -> None:
    pace = Pace(clock=clock)
    for method in ["GET"] * 200 + ["POST"] * 150:
        pace.wait(method)
    assert passed(clock) == 0


def test_beyond_a_full_bucket_calls_go_as_fast_as_it_refills(pace: Pace, clock: ScriptedClock) -> None:
    for _ in range(10):
        pace.wait("GET")
    assert passed(clock) == 0
    for _ in range(8):
        pace.wait("HEAD")
    assert passed(clock) == pytest.approx(4.0, abs=0.01)


def test_writes_have_a_bucket_of_their_own(pace: Pace, clock: ScriptedClock) -> None:
    for _ in range(10):
        pace.wait("GET")
    for method in ("PATCH", "POST", "PUT", "DELETE"):
        pace.wait(method)
    assert passed(clock) == 0
    pace.wait("POST")
    assert passed(clock) == pytest.approx(1.0, abs=0.01)


def test_a_bucket_fills_up_again_but_not_beyond_its_brim(pace: Pace, clock: ScriptedClock) -> None:
    for _ in range(10):
        pace.wait("GET")
    clock.sleep(1000)
    for _ in range(10):
        pace.wait("GET")
    assert passed(clock) == pytest.approx(1000, abs=0.01)
    pace.wait("GET")
    assert passed(clock) == pytest.approx(1000.5, abs=0.01)


def test_when_azure_finds_it_empty_all_wait_as_asked_and_then_go_one_by_one(pace: Pace, clock: ScriptedClock) -> None:
    pace.wait("GET")
    pace.hold("GET", 20.0)
    pace.wait("POST")
    assert passed(clock) == 0
    for number in range(3):
        pace.wait("GET")
        assert passed(clock) == pytest.approx(20.5 + number / 2, abs=0.01)


def test_a_shorter_wait_does_not_shorten_a_longer_one(pace: Pace, clock: ScriptedClock) -> None:
    pace.hold("GET", 20.0)
    pace.hold("GET", 1.0)
    pace.wait("GET")
    assert passed(clock) >= 20
