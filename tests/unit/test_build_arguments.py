"""Build arguments and pasted `docker build` flags."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.builders.docker.arguments import flag_names, parse_build_arguments, parse_flags
from pytask.builders.docker.shell_words import split_words
from pytask.errors import render
from pytask.errors.build_arguments import (
    ArgumentNotAFlag,
    ArgumentRefused,
    ArgumentsUnreadable,
    ArgumentWithoutValue,
    BuildArgumentInvalid,
)
from pytask.errors.inputs import InputMistake
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


@pytest.mark.parametrize("line", ["s3cret", "=s3cret", "1A=s3cret", "A s3cret=1", "A: s3cret"])
def test_a_line_that_is_no_build_argument_is_refused_without_showing_it(line: str) -> None:
    with pytest.raises(BuildArgumentInvalid) as caught:
        parse_build_arguments(f"GOOD=1\n{line}", input_name="buildArgs")
    assert "line 2 of buildArgs" in render(caught.value)
    assert "s3cret" not in render(caught.value)


@given(st.lists(VALUES, max_size=4))
def test_words_are_split_as_a_shell_splits_them(values: list[str]) -> None:
    assert split_words(shlex.join(values)) == values


@given(st.text(alphabet=st.sampled_from("ab\\'\" \n=-:,"), max_size=30))
def test_what_a_shell_understands_is_understood_alike(text: str) -> None:
    """But for what joins lines, and for drives."""
    try:
        words = shlex.split(text)
    except ValueError:
        words = None
    if words is not None and "\\\n" not in text and "\\ " not in text and ":\\" not in text:
        assert split_words(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("--a \\\n--b", ["--a", "--b"]),
        ("--a \\\r\n  --b", ["--a", "--b"]),
        ("--a \\ \n--b", ["--a", "--b"]),
        ("--a \\ --b \\", ["--a", "--b"]),  # YAML's > makes this of it
        ("--a `\r\n--b", ["--a", "--b"]),
        ("--a ^\n--b", ["--a", "--b"]),
        ("--a='\\' '`' '^'", ["--a=\\", "`", "^"]),
        ('"a\\\nb"', ["ab"]),
        (r"--build-context x=C:\agent\_work\1\s y", ["--build-context", r"x=C:\agent\_work\1\s", "y"]),
        (r'"C:\Program Files\x"', [r"C:\Program Files\x"]),
        (r"id=a,src=D:\x", [r"id=a,src=D:\x"]),
        (r"a\ b c\d", ["a b", "cd"]),
        ("''", [""]),
    ],
)
def test_lines_are_joined_and_windows_paths_kept(text: str, words: list[str]) -> None:
    assert split_words(text) == words


@given(st.lists(VALUES, max_size=4))
def test_values_of_flags_stay_whole(values: list[str]) -> None:
    words = [word for value in values for word in ("--label", f"x={value}")]
    given_flags = parse_flags(shlex.join(words), input_name="arguments")
    assert given_flags.words == tuple(f"--label=x={value}" for value in values)
    assert flag_names(given_flags.words) == (("--label",) if values else ())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '--network host\n  --add-host "a:1.2.3.4"\n--no-cache',
            ("--network=host", "--add-host=a:1.2.3.4", "--no-cache"),
        ),
        ("--network=host\r\n--pull\r\n", ("--network=host", "--pull")),
        ("--pull=false --memory-swap -1 -c 512", ("--pull=false", "--memory-swap=-1", "--cpu-shares=512")),
        ("-m2g -m=2g -Dm 2g", ("--memory=2g", "--memory=2g", "--debug", "--memory=2g")),
        ("--provenance=false", ("--provenance=false",)),
        (
            "--new-switch --new value --new=value -x value",
            ("--new-switch", "--new", "value", "--new=value", "-x", "value"),
        ),
        ("", ()),
    ],
)
def test_lines_of_flags_are_one_command_line(text: str, words: tuple[str, ...]) -> None:
    assert parse_flags(text, input_name="arguments").words == words


def test_build_arguments_among_the_flags_leave_the_command_line() -> None:
    given_flags = parse_flags(
        "--build-arg A='1 2' --pull --build-arg=B=x=y \\\n  --build-arg HOME", input_name="arguments"
    )
    assert given_flags.words == ("--pull",)
    assert given_flags.arguments == (
        BuildArgument(name="A", value="1 2"),
        BuildArgument(name="B", value="x=y"),
        BuildArgument(name="HOME", value=None),
    )


@pytest.mark.parametrize("text", ["--load", "--load=true", "-q", "--quiet", "-q --load"])
def test_a_flag_that_changes_nothing_is_left_out_with_a_note(text: str) -> None:
    given_flags = parse_flags(f"{text} --pull", input_name="arguments")
    assert given_flags.words == ("--pull",)
    assert len(given_flags.notes) == len(text.split())


@pytest.mark.parametrize(
    "text",
    ["-t x", "-tx", "-qt x", "--tag=x", "-f Dockerfile", "--file x", "-o out", "--output=type=local", "--push",
     "--secret id=a", "--platform linux/arm64", "--progress=tty", "--iidfile x", "--metadata-file=x", "--builder mine",
     "--builder=mine", "--check", "--call=check", "."],
)  # fmt: skip
def test_a_flag_that_is_the_tasks_own_is_refused_with_what_to_use_instead(text: str) -> None:
    with pytest.raises(ArgumentRefused) as caught:
        parse_flags(f"--no-cache {text}", input_name="arguments")
    assert caught.value.instead


@pytest.mark.parametrize(
    ("text", "number", "after"),
    [
        ("USERNAME=a\nPASSWORD=s3cret", 1, ""),
        ("--no-cache ./s3cret", 2, ", after --no-cache,"),
        ('--build-arg X={"a": ["s3cret"]}', 3, ", after --build-arg,"),
        ("--build-arg A=1 B=s3cret", 3, ", after --build-arg,"),
        ("--label a=b s3cret --pull", 3, ", after --label,"),
        ("--unknown=s3cret s3cret", 2, ", after --unknown,"),
        ("docker build -t s3cret .", 1, ""),
        ("--no-cache true", 2, ", after --no-cache,"),
        ("\u2013-build-arg A=s3cret", 1, ""),
        ("--no-cache -- s3cret", 2, ", after --no-cache,"),
    ],
)
def test_a_word_that_is_no_flag_is_told_by_its_place_and_not_shown(text: str, number: int, after: str) -> None:
    """azure-pipelines-tasks#9720, #14262, #15319; Azure/azure-cli#8305."""
    with pytest.raises(ArgumentNotAFlag) as caught:
        parse_flags(text, input_name="arguments")
    assert (caught.value.number, caught.value.after) == (number, after)
    assert "s3cret" not in render(caught.value)


@pytest.mark.parametrize("text", ["--pull --network", "--network --no-cache", "--target --build-arg=A=1", "-m"])
def test_a_flag_whose_value_is_missing_is_told(text: str) -> None:
    with pytest.raises(ArgumentWithoutValue):
        parse_flags(text, input_name="arguments")


@pytest.mark.parametrize(
    ("text", "noted"),
    [
        ('--build-arg FEEDS={"endpoint":"https://x"}', True),
        ('--build-arg FEEDS=\'{"endpoint":"https://x"}\'', False),
        ("--build-arg LIST=[1,2]", False),
        ("--build-arg A=b", False),
    ],
)
def test_json_that_lost_its_quotes_is_noted(text: str, *, noted: bool) -> None:
    """azure-pipelines-tasks#19784."""
    notes = parse_flags(text, input_name="arguments").notes
    assert bool(notes) is noted
    assert "https" not in "".join(notes)


def test_a_quote_that_does_not_close_is_told() -> None:
    with pytest.raises(ArgumentsUnreadable):
        parse_flags("--label 'x", input_name="arguments")


@pytest.mark.parametrize("text", ["--no-cache --build-arg '=s3cret'", "--build-arg 's3cret words'"])
def test_a_build_argument_without_a_name_is_told(text: str) -> None:
    with pytest.raises(BuildArgumentInvalid) as caught:
        parse_flags(text, input_name="arguments")
    assert "s3cret" not in render(caught.value)


@given(st.text(max_size=60))
def test_any_text_gives_flags_or_a_mistake_of_the_catalogue(text: str) -> None:
    try:
        words = parse_flags(text, input_name="arguments").words
    except InputMistake:
        return
    assert all(name.startswith("-") for name in flag_names(words))
