"""The product against the real world, as far as it was kept: platform logs and error outputs that people published."""

from __future__ import annotations

import json
import re

import pytest

from tests.corpus.__main__ import OWN
from tests.corpus.cases import Broken, cases_in
from tests.corpus.judging import OUR_BUG, Verdict, judge
from tests.corpus.not_yet import FACTS_NOT_SHOWN, WRONG

CASES = {case.name: case for case in cases_in([OWN])}


@pytest.mark.parametrize("name", CASES)
def test_a_case_is_right_unless_it_is_listed_and_then_it_is_not(name: str) -> None:
    judgment = judge(CASES[name])
    assert OUR_BUG not in judgment.told
    assert (judgment.verdict is Verdict.FAILED) == (name in WRONG), judgment.told
    assert set(judgment.missing) == FACTS_NOT_SHOWN.get(name, frozenset()), "facts that are not shown"


def test_all_that_is_listed_is_a_case_that_can_be_read() -> None:
    assert WRONG | FACTS_NOT_SHOWN.keys() <= CASES.keys()
    assert [case for case in CASES.values() if isinstance(case, Broken)] == []


def test_each_case_says_where_it_comes_from_and_what_is_right_and_why() -> None:
    for path in [*OWN.glob("errors/*.json"), *OWN.glob("platform-logs/*/expect.json")]:
        fields = json.loads(path.read_text(encoding="utf-8"))
        assert all(fields[name].strip() for name in ("source", "why")), path


def test_no_number_is_given_twice() -> None:
    for names in ([path.name for path in (OWN / kind).iterdir()] for kind in ("errors", "platform-logs")):
        numbers = [name.partition("-")[0] for name in names]
        assert len(set(numbers)) == len(numbers)


def test_one_module_alone_knows_the_product() -> None:
    knows = re.compile(r"^\s*(from|import) pytask\b", re.MULTILINE)
    assert [path.name for path in OWN.glob("*.py") if knows.search(path.read_text())] == ["adapter.py"]
