"""The rounds of a verification: what ends them, and with which verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytask.clock import Timeouts
from pytask.errors.start import NoFunctions, StartFailure
from pytask.model.evidence import Failed, Passed, Pending, Unavailable, Verdict
from pytask.verification import Check, verify
from tests.scripted import SENT_AT, ScriptedClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytask.model.evidence import Evidence, Verification

FAILURE = NoFunctions(app="shop", reference="shop:7")
PASSED, OPEN, CANNOT = Passed("seen"), Pending(reason="waiting"), Unavailable("no right")


class Rounds:
    """Checks whose evidence is a function of the seconds since the start."""

    def __init__(self, **evidence: Callable[[float], Evidence]) -> None:
        self.clock, self.said = ScriptedClock(), list[str]()
        self.checks = [a_check(name, one) for name, one in evidence.items()]

    @property
    def seconds(self) -> float:
        """The seconds since the start."""
        return self.clock.monotonic() - SENT_AT

    def verify(self, seconds: float = 600) -> Verification:
        """Verify for so long at the most."""
        return verify(
            lambda: self.seconds,
            self.checks,
            clock=self.clock,
            timeouts=Timeouts(),
            seconds=seconds,
            say=self.said.append,
        )


def a_check(name: str, evidence: Callable[[float], Evidence]) -> Check[float]:
    return Check(name=name, judge=lambda at, _: evidence(at))


def always(evidence: Evidence) -> Callable[[float], Evidence]:
    return lambda _: evidence


def after(seconds: float, evidence: Evidence, before: Evidence = OPEN) -> Callable[[float], Evidence]:
    return lambda at: evidence if at >= seconds else before


def test_it_is_verified_when_every_check_has_passed() -> None:
    rounds = Rounds(one=after(5, PASSED), other=after(20, PASSED))
    found = rounds.verify()
    assert found.verdict is Verdict.VERIFIED
    assert found.passed == (("one", "seen"), ("other", "seen"))
    assert 20 <= rounds.seconds <= 21


@pytest.mark.parametrize("at", [0.3, 20, 90, 500])
def test_a_verdict_follows_what_is_observed_within_a_second_however_long_that_took(at: float) -> None:
    rounds = Rounds(one=after(at, PASSED))
    rounds.verify()
    assert at <= rounds.seconds <= at + 1


def test_a_check_that_cannot_be_made_leaves_it_unverified_with_the_reason() -> None:
    found = Rounds(one=always(PASSED), other=after(3, CANNOT)).verify()
    assert found.verdict is Verdict.UNVERIFIED
    assert found.unavailable == (("other", "no right"),)


def test_what_is_only_unknown_at_the_deadline_is_unverified_and_no_failure() -> None:
    rounds = Rounds(one=always(OPEN))
    assert rounds.verify(60).unavailable == (("one", "waiting"),)
    assert 60 <= rounds.seconds < 62


def test_what_the_platform_calls_unfinished_at_the_deadline_is_a_failure() -> None:
    rounds = Rounds(one=always(Pending(reason="pulling", at_deadline=FAILURE)))
    with pytest.raises(NoFunctions):
        rounds.verify(60)


def test_a_verdict_at_the_deadline_rests_on_what_was_observed_then_however_long_the_round_before_took() -> None:
    rounds = Rounds(one=after(60, PASSED, before=Pending(reason="starting", at_deadline=FAILURE)))

    def observed() -> float:
        at = rounds.seconds
        if 40 <= at < 60:
            rounds.clock.sleep(120)  # somebody asked to be left alone for so long
        return at

    found = verify(observed, rounds.checks, clock=rounds.clock, timeouts=Timeouts(), seconds=60, say=rounds.said.append)
    assert found.verdict is Verdict.VERIFIED


def test_a_failure_counts_once_it_has_stood() -> None:
    rounds = Rounds(one=after(10, Failed(failure=FAILURE, stands_for=30)))
    with pytest.raises(StartFailure):
        rounds.verify()
    assert 40 <= rounds.seconds < 42


def test_a_failure_that_passes_within_its_time_is_none() -> None:
    rounds = Rounds(one=lambda at: Failed(failure=FAILURE, stands_for=30) if at < 20 else PASSED)
    assert rounds.verify().verdict is Verdict.VERIFIED


def test_a_failure_that_shows_at_the_deadline_counts_at_once() -> None:
    rounds = Rounds(one=after(50, Failed(failure=FAILURE, stands_for=30)))
    with pytest.raises(StartFailure):
        rounds.verify(60)


def test_a_failure_is_not_hidden_by_checks_that_passed() -> None:
    rounds = Rounds(one=always(PASSED), other=always(Failed(failure=FAILURE, stands_for=30)))
    with pytest.raises(StartFailure):
        rounds.verify()


def test_a_check_that_is_only_late_is_given_up_after_a_while_when_it_is_the_last() -> None:
    rounds = Rounds(one=after(10, PASSED), log=always(Pending(reason="silent", alone_for=30)))
    assert rounds.verify().unavailable == (("log", "silent"),)
    assert 40 <= rounds.seconds < 42


def test_a_check_that_is_only_late_is_waited_for_while_others_are_open() -> None:
    rounds = Rounds(one=after(100, PASSED), log=after(90, PASSED, Pending(reason="silent", alone_for=30)))
    assert rounds.verify().verdict is Verdict.VERIFIED


def test_news_are_told_when_they_come_and_the_wait_now_and_then() -> None:
    rounds = Rounds(one=after(40, PASSED, Pending(reason="pulling the image")))
    rounds.verify()
    assert rounds.said[0] == "  0:00   pulling the image"
    assert "still waiting: pulling the image" in rounds.said[1]
    assert rounds.said[-1].endswith("seen")
    assert len(rounds.said) <= 5


def test_a_check_sees_the_evidence_of_those_before_it() -> None:
    seen: list[dict[str, Evidence]] = []

    def look(_: float, earlier: Mapping[str, Evidence]) -> Evidence:
        seen.append(dict(earlier))
        return PASSED

    rounds = Rounds(first=always(PASSED))
    rounds.checks.append(Check(name="second", judge=look))
    rounds.verify()
    assert seen == [{"first": PASSED}]
