"""The text around: tabs, line ends, byte order marks, and what is no YAML."""

from __future__ import annotations

from textwrap import indent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dev.mover.source import Unreadable
from tests.unit.moving.old_steps import BUILD, DEPLOY, PUSH, job, move, tasks


def test_tabs_that_only_separate_stay_and_tabs_that_indent_are_no_yaml() -> None:
    text = job(DEPLOY).replace("a: contoso", "a:\tcontoso").replace("hello-function", "hello-function\t# here") + "\t\n"
    moved, _ = move(text)
    assert tasks(moved.replace("\t", " ")) == ["deploy"]
    assert moved.count("\t") == text.count("\t")
    with pytest.raises(Unreadable):
        move(job(DEPLOY).replace("    appName", "\tappName"))


def test_text_that_looks_like_steps_is_none() -> None:
    text = job("\n- script: |\n    cat <<END\n    steps:" + indent(BUILD + PUSH + DEPLOY, "    ") + "    END\n")
    assert move(text) == (text, "")


def test_line_ends_and_a_missing_last_one_stay() -> None:
    text = ("\ufeff# ä\n" + job(BUILD, PUSH, DEPLOY)).rstrip().replace("\n", "\r\n")
    moved, _ = move(text + "\r\n- script: echo")
    assert moved.startswith("\ufeff# ä\r\n")
    assert moved.endswith("\r\n- script: echo")
    assert moved.count("\n") == moved.count("\r\n")
    assert not move(text)[0].endswith("\n")


@pytest.mark.parametrize("text", ["a: [", "steps:\n\t- task: a\n", "a: b: c\n", "- a\nb: c\n", "[" * 200])
def test_what_is_no_yaml_is_said_to_be_none(text: str) -> None:
    with pytest.raises(Unreadable):
        move(text)


@settings(max_examples=25)
@given(st.text(alphabet="-: #|>'\"{}[]&*!$()ab\n\r\t\ufeff", max_size=200))
def test_any_text_at_all_comes_out_as_it_was_or_is_said_to_be_no_yaml(text: str) -> None:
    try:
        assert move(text) == (text, "")
    except Unreadable:
        return
