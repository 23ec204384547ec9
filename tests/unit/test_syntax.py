"""A Dockerfile is read as BuildKit reads it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.builders.docker.syntax import arguments_of, expanded, parse_dockerfile, words

TEXTS = st.text(alphabet=st.sampled_from("AaB1_$ {}:-+\\`'\"#=<\t\r\nRUNFROM"), max_size=200)


def instructions(text: str) -> list[tuple[str, str]]:
    return [(one.name, one.text) for one in parse_dockerfile(text).instructions]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FROM a\nRUN b", [("FROM", "a"), ("RUN", "b")]),
        ("\ufefffrom a\r\nrun b\r\n", [("FROM", "a"), ("RUN", "b")]),
        ("FROM a\nRUN b \\\n  && c \\  \n  && d", [("FROM", "a"), ("RUN", "b   && c   && d")]),
        ("RUN a \\\n# a comment\n\n  b", [("RUN", "a   b")]),
        ("RUN a \\\\\nUSER b", [("RUN", "a \\\\"), ("USER", "b")]),
        ("# escape=`\nCOPY a `\n  C:\\\nUSER b", [("COPY", "a   C:\\"), ("USER", "b")]),
        ("# no directive\n# escape=`\nRUN a `\nUSER b", [("RUN", "a `"), ("USER", "b")]),
        ("# just words\n\tFROM\ta", [("FROM", "a")]),
        ("RUN <<EOF\nFROM no\nEOF\nUSER b", [("RUN", "<<EOF"), ("USER", "b")]),
        ("COPY <<A <<'B' /x/\n1\nA\n2\nB\nUSER b", [("COPY", "<<A <<'B' /x/"), ("USER", "b")]),
        ("RUN <<-EOF sh\n\tFROM no\n\tEOF\nUSER b", [("RUN", "<<-EOF sh"), ("USER", "b")]),
        ("RUN cat <<<EOF\nUSER b\nEOF", [("RUN", "cat <<<EOF"), ("USER", "b"), ("EOF", "")]),
        ("RUN <<EOF\nUSER b", [("RUN", "<<EOF"), ("USER", "b")]),
        ("", []),
        ("# only a comment", []),
        ("RUN \\", [("RUN", "")]),
    ],
)
def test_lines_become_instructions(text: str, found: list[tuple[str, str]]) -> None:
    assert instructions(text) == found


@pytest.mark.parametrize(
    ("text", "directives"),
    [
        ("# syntax=docker/dockerfile:1\n# escape = `\nFROM a", {"syntax": "docker/dockerfile:1", "escape": "`"}),
        ("\ufeff#Syntax=a\r\nFROM a", {"syntax": "a"}),
        ("#!/usr/bin/env docker\n# check=skip=all\nFROM a", {"check": "skip=all"}),
        ("\n# syntax=late\nFROM a", {}),
        ("FROM a\n# syntax=late", {}),
        ("# syntax=a\n# syntax=b", {"syntax": "a"}),
    ],
)
def test_the_parsers_directives_stand_at_the_top(text: str, directives: dict[str, str]) -> None:
    assert parse_dockerfile(text).directives == directives


def test_words_keep_their_quotes_and_what_is_between_them() -> None:
    assert list(words("""a="b c"d 'e f'\\ g h\\"i""")) == ['a="b c"d', "'e f'\\ g", 'h\\"i']
    assert list(arguments_of("A B= C='x y'")) == [("A", None), ("B", ""), ("C", "'x y'")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$A/b", "x/b"),
        ("${A}b", "xb"),
        ("$Ab", "$Ab"),
        ("${EMPTY:-$A}", "x"),
        ("${EMPTY:+$A}", ""),
        ("${A:+${A}y}", "xy"),
        ("${NONE-${NO:-z}}", "z"),
        ("${NONE}", "${NONE}"),
        ("'$A'\"$A\"", "$Ax"),
        ("$", "$"),
        ("${A", "${A"),
    ],
)
def test_variables_are_replaced(text: str, value: str) -> None:
    assert expanded(text, {"A": "x", "EMPTY": ""}) == value


@given(TEXTS, st.dictionaries(st.sampled_from("ABa"), TEXTS))
def test_any_text_comes_to_an_end_and_stays_within_its_limit(text: str, values: dict[str, str]) -> None:
    for one in parse_dockerfile(text).instructions:
        assert one.name == one.name.upper() != ""
        assert "\n" not in one.name + one.text
        assert len(expanded(one.text, values)) <= 4096


@given(st.lists(st.sampled_from(["FROM a", "RUN b c", "COPY --from=x . .", "USER d"]), min_size=1), st.booleans())
def test_line_ends_marks_and_comments_change_nothing(lines: list[str], windows: bool) -> None:
    plain = instructions("\n".join(lines))
    end = "\r\n" if windows else "\n"
    commented = "".join(f"# about{end}{line}{end}" for line in lines)
    broken = end.join(line.replace(" ", f" \\{end}", 1) for line in lines)
    assert instructions(f"\ufeff# x{end}{commented}") == plain
    assert instructions(broken) == plain
