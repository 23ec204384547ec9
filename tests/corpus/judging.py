"""What a case is worth: what was wanted, what came, and whether that is right."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from tests.corpus.adapter import provoke, read_log, replay
from tests.corpus.cases import Broken, ErrorOutput, PlatformLog, RecordedRun

if TYPE_CHECKING:
    from tests.corpus.adapter import LogReading, Shown
    from tests.corpus.cases import Case

OUR_BUG = "our-bug"
"""The code of an error that nobody foresaw."""
NO_FAILURE = "ok"
PARTS = ("started", "ready", "failure")
"""What is judged of a platform log."""


class Verdict(Enum):
    """What a case came to."""

    PASSED = "passed"
    FAILED = "failed"
    APART = "no code fits"
    """The case asks for a code that is missing; it is neither passed nor failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgment:
    """One case, judged."""

    case: Case
    verdict: Verdict
    told: str
    """What was wanted and what came; empty when all is right."""
    proves: str = ""
    """Of a platform log: what it alone proves."""
    right: frozenset[str] = frozenset()
    """Of a platform log: which of `PARTS` are right."""
    shown: tuple[str, ...] = ()
    """The facts that the error shown holds."""
    missing: tuple[str, ...] = ()
    """The facts that it does not hold."""


def judge(case: Case) -> Judgment:
    """Return the judgment of a case; whatever the product raises is part of it."""
    match case:
        case PlatformLog():
            return _judge_log(case)
        case ErrorOutput():
            return _judge_error(case)
        case RecordedRun():
            return _judge_run(case)
        case Broken():
            return Judgment(case=case, verdict=Verdict.FAILED, told=f"cannot be read: {case.reason}")


def _judge_log(case: PlatformLog) -> Judgment:
    try:
        reading = read_log(case)
    except Exception as error:  # noqa: BLE001 - a log must not end the command
        return Judgment(case=case, verdict=Verdict.FAILED, told=_broke(error))
    wrong = _wrong(case, reading)
    apart = case.none_fits and "failure" in wrong
    verdict = Verdict.APART if apart else Verdict.FAILED if wrong else Verdict.PASSED
    right = frozenset(PARTS) - wrong.keys()
    return Judgment(case=case, verdict=verdict, told="; ".join(wrong.values()), right=right, proves=_proves(reading))


def _judge_run(case: RecordedRun) -> Judgment:
    try:
        ended = replay(case)
    except Exception as error:  # noqa: BLE001 - a recording must not end the command
        return Judgment(case=case, verdict=Verdict.FAILED, told=_broke(error))
    wanted = (case.code or NO_FAILURE, case.verification)
    told = (
        ""
        if (ended.code or NO_FAILURE, ended.verification) == wanted
        else (f"wanted {' '.join(wanted)}, came {ended.code or NO_FAILURE} {ended.verification}")
    )
    told += f"; asked for what is not recorded: {', '.join(ended.not_recorded)}" if ended.not_recorded else ""
    return Judgment(case=case, verdict=Verdict.FAILED if told else Verdict.PASSED, told=told.removeprefix("; "))


def _wrong(case: PlatformLog, reading: LogReading) -> dict[str, str]:
    """Return what is not right, by what it is about."""
    pairs = {
        "started": (case.started, reading.started, _is_same_image(case.started, reading.started)),
        "ready": ((_yes(case.ready),), _yes(reading.ready), case.ready == reading.ready),
        "failure": (case.failures, reading.failure, reading.failure in case.failures),
    }
    return {
        name: f"{name}: wanted {_either(wanted) or case.none_fits}, came {came or 'none'}"
        for name, (wanted, came, is_right) in pairs.items()
        if not is_right
    }


def _is_same_image(right: tuple[str, ...], started: str) -> bool:
    """Tell whether a reading names a right image; `repository@digest` says as much as the digest alone."""
    return started in right or ("@" in started and started.partition("@")[2] in right)


def _proves(reading: LogReading) -> str:
    return f"image {reading.started or 'unknown'}, digest {reading.digest or 'unknown'}, ready {_yes(reading.ready)}"


def _judge_error(case: ErrorOutput) -> Judgment:
    try:
        shown = provoke(case)
    except Exception as error:  # noqa: BLE001 - an output must not end the command
        return _judged(case, OUR_BUG, "", _broke(error))
    return _judged(case, shown.code, shown.text, _title(shown)) if shown else _judged(case, NO_FAILURE, "", "")


def _judged(case: ErrorOutput, code: str, text: str, title: str) -> Judgment:
    is_right = code in case.codes
    apart = case.none_fits and not is_right
    verdict = Verdict.PASSED if is_right else Verdict.APART if apart else Verdict.FAILED
    told = "" if is_right else f"wanted {_either(case.codes) or case.none_fits}, came {title or code}"
    facts = {fact: holds(text, fact) for fact in case.must_name}
    return Judgment(
        case=case,
        verdict=verdict,
        told=told,
        shown=tuple(fact for fact, is_there in facts.items() if is_there),
        missing=tuple(fact for fact, is_there in facts.items() if not is_there),
    )


def holds(text: str, fact: str) -> bool:
    """Tell whether a text names a fact: letters' case and the width of space are of no account, `a|b` is either."""
    whole = _plain(text)
    return any(_plain(one) in whole for one in fact.split("|"))


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _title(shown: Shown) -> str:
    """Return the first line of an error, which is its code and title."""
    return shown.text.partition("\n")[0]


def _broke(error: Exception) -> str:
    return f"{OUR_BUG}: {type(error).__name__}: {' '.join(str(error).split())[:200]}"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _either(values: tuple[str, ...]) -> str:
    return " or ".join(value or "none" for value in values)
