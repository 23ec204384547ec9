"""A few seconds of `npm run fuzz`: every parser takes a little random foreign text."""

from __future__ import annotations

import re

import pytest

from tests.fuzz.parsers import PARSERS
from tests.fuzz.searching import Find, crashes, slowness

_EXAMPLES, _SLOW_EXAMPLES = 8, 1


@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_takes_random_text_without_a_failure_of_its_own(name: str) -> None:
    assert crashes(name, PARSERS[name], _EXAMPLES) is None
    assert slowness(name, PARSERS[name], _SLOW_EXAMPLES) is None


def test_the_search_finds_what_a_parser_does_not_take() -> None:
    from hypothesis import strategies as st  # noqa: PLC0415 - for this parser only

    from tests.fuzz.parsers import Parser  # noqa: PLC0415

    texts = st.sampled_from(["a", "b"])
    found = crashes("a parser", Parser(lambda text: {"a": 1}[text], texts), 20)
    assert isinstance(found, Find)
    assert (found.given, found.went.partition(":")[0]) == ("'b'", "KeyError")
    assert crashes("a parser", Parser(lambda text: {"a": 1}[text], texts, (KeyError,)), 20) is None
    assert slowness("a parser", Parser(lambda text: re.findall("[ab]+c", text), texts), 3) is not None
