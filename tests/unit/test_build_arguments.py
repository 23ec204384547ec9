"""Build arguments and pasted `docker build` flags."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.errors.build_inputs import ArgumentRefused, ArgumentsUnreadable, BuildArgumentInvalid
from pytask.image.arguments import parse_build_arguments, parse_flags
from pytask.model import BuildArgument

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,9}", fullmatch=True)
VALUES = st.text(alphabet=st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=4))
def test_a_value_is_taken_as_it_stands_behind_the_first_equals_sign(pairs: list[tuple[str, str]]) -> None:
    text = "\n".join(f"{name}={value}" for name, value in pairs)
    expected = tuple(BuildArgument(name=name, value=value) for name, value in pairs)
    assert parse_build_arguments(text, input_name="buildArgs") == expected


def test_empty_lines_and_windows_line_ends_are_no_matter() -> None:
    assert parse_build_arguments("\nA=1\r\n\n B =2 3\r\n", input_name="buildArgs") == (
        BuildArgument(name="A", value="1"),
        BuildArgument(name="B", value="2 3"),
    )


@pytest.mark.parametrize("line", ["A", "=1", "1A=x", "A B=1", "A: 1"])
def test_a_line_that_is_no_build_argument_is_refused_without_showing_a_value(line: str) -> None:
    with pytest.raises(BuildArgumentInvalid) as caught:
        parse_build_arguments(f"{line}", input_name="buildArgs")
    assert "=" not in caught.value.line


@given(st.lists(VALUES, max_size=4))
def test_words_are_split_as_a_shell_splits_them(values: list[str]) -> None:
    words = [word for value in values for word in ("--label", f"x={value}")]
    assert parse_flags(shlex.join(words), input_name="arguments") == (tuple(words), ())


def test_lines_of_flags_are_one_command_line() -> None:
    flags, arguments = parse_flags('--network host\n  --add-host "a:1.2.3.4"\n--no-cache', input_name="arguments")
    assert flags == ("--network", "host", "--add-host", "a:1.2.3.4", "--no-cache")
    assert arguments == ()


def test_build_arguments_among_the_flags_leave_the_command_line() -> None:
    flags, arguments = parse_flags(
        "--build-arg A='1 2' --pull --build-arg=B=x=y --build-arg HOME", input_name="arguments"
    )
    assert flags == ("--pull",)
    assert arguments == (
        BuildArgument(name="A", value="1 2"),
        BuildArgument(name="B", value="x=y"),
        BuildArgument(name="HOME", value=None),
    )


@pytest.mark.parametrize(
    "text",
    ["-t x", "-tx", "--tag=x", "-f Dockerfile", "--file x", "-o out", "--output=type=local", "--push", "--load",
     "--secret id=a", "--platform linux/arm64", "--progress=tty", "--iidfile x", "--metadata-file=x", "."],
)  # fmt: skip
def test_a_flag_that_is_the_tasks_own_is_refused_with_what_to_use_instead(text: str) -> None:
    with pytest.raises(ArgumentRefused) as caught:
        parse_flags(f"--no-cache {text}", input_name="arguments")
    assert caught.value.instead


def test_a_quote_that_does_not_close_is_told() -> None:
    with pytest.raises(ArgumentsUnreadable):
        parse_flags("--label 'x", input_name="arguments")


def test_a_build_argument_without_a_name_is_told() -> None:
    with pytest.raises(BuildArgumentInvalid):
        parse_flags("--no-cache --build-arg", input_name="arguments")
