"""Foreign text in the summary is text: no image, no link, no HTML, and no secret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.agent.redactor import Redactor
from pytask.journal import Journal
from pytask.model import Function, Verification
from pytask.report.markdown import block, cell, code, escaped
from pytask.report.summary import summary

if TYPE_CHECKING:
    from collections.abc import Callable

HOSTILE = [
    "![x](https://evil.com/x.png)",
    "[click](https://evil.com)",
    "<img src=https://evil.com/x.png>",
    "` ![x](https://evil.com/x.png) `",
    "``` ``` <script>",
    "a | b | c",
    "\n# heading\n",
    "&lt;b&gt;",
]


def outside_of_code(markdown: str) -> str:
    """Return what a renderer takes for Markdown: without code spans and what is escaped."""
    spans = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
    return re.sub(r"\\[^\w\s]", "", spans.sub("", markdown))


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("shown", [code, escaped])
def test_no_sign_of_markdown_survives(text: str, shown: Callable[[str], str]) -> None:
    assert not re.search(r"[\[\]<>|]|^#|&\w", outside_of_code(cell(shown(text))).replace("\\|", ""))


@given(st.text())
def test_a_code_span_is_one_line_that_nothing_in_it_ends(text: str) -> None:
    shown = code(text)
    assert "\n" not in shown
    assert outside_of_code(shown).strip() == ""


@given(st.text())
def test_a_block_is_ended_by_nothing_in_it(text: str) -> None:
    fence, *_ = block(text).partition("text\n")
    assert block(text).count(fence) == 2 or fence not in text


@pytest.mark.parametrize("text", HOSTILE)
def test_what_an_app_says_stands_in_the_summary_as_it_is(text: str) -> None:
    journal = Journal(lambda _: None)
    function = Function(name=text, trigger=text)
    journal.add(Verification(passed=(("functions", text),), functions=(function,), answer=text))
    journal.add(Verification(passed=(), unavailable=(("smoke test", text),), functions=(function,), answer=text))
    told = summary(journal, (f"happened {text}",))
    for line in told.splitlines():
        if line.startswith("| "):
            assert len(re.findall(r"(?<!\\)\|", line)) == 3
            assert not re.search(r"!\[|<img|<script", outside_of_code(line))


def test_of_many_functions_the_first_are_told() -> None:
    journal = Journal(lambda _: None)
    functions = tuple(Function(name=f"f{number}", trigger="httpTrigger") for number in range(10_000))
    journal.add(Verification(passed=(), functions=functions))
    assert "and 9950 more" in summary(journal)
    assert len(summary(journal)) < 5000


def test_of_two_secrets_the_longer_is_taken_out_first() -> None:
    redactor = Redactor()
    redactor.add("pass")
    redactor.add("password-of-contoso")
    assert redactor.redact("it is password-of-contoso") == "it is ***"


def test_a_line_of_a_secret_that_is_too_short_blots_out_nothing() -> None:
    redactor = Redactor()
    assert redactor.add('{\n"key": "value-1"\n}') == ['"key": "value-1"']
    assert redactor.redact('{ "key": "value-1" }') == "{ *** }"
