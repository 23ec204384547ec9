"""Logging commands are escaped as the agent unescapes them, and foreign text can never be one."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytask.agent import commands
from pytask.agent.commands import command, disarm, escape_message, escape_property

MARKERS = st.sampled_from(
    ["##vso[", "##VSO[", "##[", "#", "##", "vso[", "[", "\r", "\n", "\x1b[31m", "\u200b", "\x00", "]"]
)
HOSTILE = st.lists(st.one_of(MARKERS, st.text(max_size=3)), max_size=12).map("".join)


def agent_unescapes(text: str) -> str:
    """As CommandStringConvertor.cs does: the percent sign last."""
    for escaped, plain in (("%3B", ";"), ("%5D", "]"), ("%0A", "\n"), ("%0D", "\r"), ("%AZP25", "%")):
        text = text.replace(escaped, plain)
    return text


@given(st.text())
def test_a_message_arrives_as_it_was_sent(text: str) -> None:
    escaped = escape_message(text)
    assert "\n" not in escaped
    assert "\r" not in escaped
    assert agent_unescapes(escaped) == text


@given(st.text())
def test_a_property_arrives_as_it_was_sent_and_cannot_end_the_command(text: str) -> None:
    escaped = escape_property(text)
    assert not set(escaped) & set("\r\n];")
    assert agent_unescapes(escaped) == text


def test_a_command_has_the_agents_form() -> None:
    made = command("task.logissue", {"type": "error", "code": "a;b]"}, "100 %\nsure")
    assert made == "##vso[task.logissue type=error;code=a%3Bb%5D]100 %AZP25%0Asure"
    assert command("task.complete", {}, "") == "##vso[task.complete]"


@given(HOSTILE)
@example("#\t##vso[")
def test_no_foreign_line_holds_a_command_once_it_is_disarmed(text: str) -> None:
    shown = disarm(text)
    seen_by_the_agent = "".join(c for c in shown if unicodedata.category(c) not in {"Cc", "Cf"}).lower()
    assert "##vso[" not in seen_by_the_agent
    assert "##[" not in seen_by_the_agent
    assert not re.search("[\r\n]", shown)


@given(st.text(alphabet=st.characters(exclude_characters="#\r\n\v\f\x85\u2028\u2029")))
def test_harmless_text_is_left_alone(text: str) -> None:
    assert disarm(text) == text


@pytest.mark.parametrize("text", ["#5 [2/3] RUN true", "# heading", "## not a command", "a ##vso b"])
def test_what_only_looks_alike_is_left_alone(text: str) -> None:
    assert disarm(text) == text


def test_every_character_that_shows_nothing_counts_as_unseen() -> None:
    rule = re.compile(commands._UNSEEN)
    invisible = [chr(point) for point in range(0x10000) if unicodedata.category(chr(point)) in {"Cc", "Cf"}]
    assert [c for c in invisible if c != "\t" and not rule.fullmatch(c)] == []
    assert not rule.fullmatch("a")
