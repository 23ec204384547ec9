"""Which files of a context an ignore file keeps out of the build."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytask.builders.context import can_be_copied
from pytask.builders.ignore import Ignored, is_ignored, read_patterns
from pytask.errors.acr_context import IgnorePatternInvalid

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("path", "patterns"),
    [
        (".npmrc", ".npmrc"),
        (".npmrc", "/.npmrc"),
        (".npmrc", "./.npmrc "),
        ("app/.npmrc", "**/.npmrc"),
        (".npmrc", "**/.npmrc"),
        ("a/b/c.pem", "**/*.pem"),
        ("secure/npmrc", "secure"),
        ("secure/a/npmrc", "secure/"),
        ("secure/npmrc", "*/npmrc"),
        ("secure/npmrc", "sec?re/**"),
        ("a1", "a[0-9]"),
        ("a*", r"a\*"),
        ("a", "*\n!b"),
        ("b", "!b\n*"),
        ("a", "# a comment\n\na"),
    ],
)
def test_a_file_that_is_named_is_ignored(path: str, patterns: str) -> None:
    assert is_ignored(path, patterns)


@pytest.mark.parametrize(
    ("path", "patterns"),
    [
        (".npmrc", ""),
        ("app/.npmrc", ".npmrc"),
        ("app/.npmrc", "*.npmrc"),
        (".npmrc", "*\n!.npmrc"),
        (".npmrc", "# .npmrc"),
        ("npmrc2", "npmrc"),
        ("xnpmrc", "?npmrc?"),
        ("a/b/c", "a/*/d"),
        ("ab", r"a\*"),
    ],
)
def test_another_is_not(path: str, patterns: str) -> None:
    assert not is_ignored(path, patterns)


@given(st.text(st.characters(exclude_characters="/"), min_size=1, max_size=20), st.text(max_size=40))
def test_any_text_can_be_an_ignore_file_or_is_refused_as_docker_refuses_it(path: str, patterns: str) -> None:
    with suppress(IgnorePatternInvalid):
        assert is_ignored(path, f"{patterns}\n**")
        assert not is_ignored(path, f"{patterns}\n!**")


@pytest.mark.parametrize("pattern", ["[", r"\1", "[a-*]", "a[^", "\\"])
def test_what_docker_refuses_is_refused(pattern: str) -> None:
    with pytest.raises(IgnorePatternInvalid):
        is_ignored("a", pattern)


@given(
    st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=4).map("/".join),
    st.lists(st.text(st.sampled_from("ab*?/!"), max_size=6), max_size=4).map("\n".join),
)
def test_a_file_by_itself_is_judged_as_on_the_way_through_its_folders(path: str, text: str) -> None:
    with suppress(IgnorePatternInvalid):
        ignored, matched, excluded, names = Ignored(read_patterns(text)), list[bool](), False, path.split("/")
        for depth in range(1, len(names) + 1):
            place = "/".join(names[:depth])
            excluded, matched = ignored.excludes(place, matched)
            if excluded and not ignored.may_keep_below(place):
                break
        assert is_ignored(path, text) is excluded


def test_a_file_can_be_copied_when_it_lies_in_the_context_and_nothing_keeps_it_out(tmp_path: Path) -> None:
    context, dockerfile = tmp_path / "app", tmp_path / "app" / "Dockerfile"
    context.mkdir()
    (context / ".npmrc").touch()
    (tmp_path / "link").symlink_to(context)
    assert can_be_copied(context / ".npmrc", context=context, dockerfile=dockerfile)
    assert can_be_copied(tmp_path / "link" / ".npmrc", context=context, dockerfile=dockerfile)
    assert not can_be_copied(tmp_path / "secure", context=context, dockerfile=dockerfile)
    (context / ".dockerignore").write_text("\ufeff.npmrc\n")
    assert not can_be_copied(context / ".npmrc", context=context, dockerfile=dockerfile)
    (context / "Dockerfile.dockerignore").write_text("nothing of the kind\n")
    assert can_be_copied(context / ".npmrc", context=context, dockerfile=dockerfile)
    (context / "Dockerfile.dockerignore").write_text("[\n.npmrc\n")
    assert can_be_copied(context / ".npmrc", context=context, dockerfile=dockerfile)
